# SPDX-License-Identifier: BSD-3-Clause
"""Column names as a reader of a figure wants them."""

from __future__ import annotations

import re

_QUANTITIES = {
    "center": ("center", "cm⁻¹"),
    "fwhm": ("width", "cm⁻¹"),
    "area": ("area", ""),
    "height": ("height", ""),
}
_STRAINS = {
    "exx": "$\\varepsilon_{xx}$",
    "eyy": "$\\varepsilon_{yy}$",
    "exy": "$\\varepsilon_{xy}$",
    "strain": "Strain",
}


def with_minus(words: str) -> str:
    """Give the negative numbers in a text a minus sign; hyphens within words stay.

    Examples
    --------
    >>> from strain2dos._plotting.labels import with_minus
    >>> with_minus("x -3.5 µm, -1e-05 eV at A1'-E'")
    "x −3.5 µm, −1e−05 eV at A1'-E'"
    """
    return re.sub(r"(?<![\w'])-(?=[\d.]|inf)|(?<=\de)-(?=\d)", "\u2212", words)


def mode_label(mode: str) -> str:
    """Raman mode in its printed form: ``A1'`` becomes A₁′, ``E'-`` becomes E′⁻."""
    digits = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
    match = re.fullmatch(r"([A-Z])(\d*)([a-z]*)('*)([+-]?)", mode)
    if match is None:
        return mode
    letter, number, index, primes, sign = match.groups()
    return (
        letter
        + number.translate(digits)
        + index
        + "\u2032" * len(primes)
        + {"+": "⁺", "-": "⁻", "": ""}[sign]
    )


def feature_label(name: str, *, unit: bool = True) -> str:
    """Label of a feature: ``"E'_center"`` becomes "E′ center (cm⁻¹)"; unknown names stay as they are.

    Examples
    --------
    >>> from strain2dos._plotting.labels import feature_label
    >>> (
    ...     feature_label("E'_center"),
    ...     feature_label("A1'_fwhm", unit=False),
    ...     feature_label("A1'-E'"),
    ... )
    ('E′ center (cm⁻¹)', 'A₁′ width', 'A₁′ − E′ (cm⁻¹)')
    """
    if name in _STRAINS:
        return _STRAINS[name]
    if name == "doping":
        return "Doping (10¹³ e/cm²)" if unit else "Doping"
    mode, _, quantity = name.rpartition("_")
    if mode and quantity in _QUANTITIES:
        word, sign = _QUANTITIES[quantity]
        return f"{mode_label(mode)} {word}" + (f" ({sign})" if unit and sign else "")
    if re.fullmatch(r"[EA][\w']*[+-]?", name):
        return mode_label(name) + (" (cm⁻¹)" if unit else "")
    difference = re.fullmatch(r"([EA]\d*')-([EA]\d*')", name)
    if difference:
        return f"{mode_label(difference[1])} \u2212 {mode_label(difference[2])}" + (" (cm⁻¹)" if unit else "")
    return name
