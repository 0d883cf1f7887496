# SPDX-License-Identifier: BSD-3-Clause
"""Words of the figures of a map."""

from __future__ import annotations

import xarray as xr

from strain2dos._plotting.labels import feature_label
from strain2dos._plotting.maps import unit_sign

_SHORT = {
    "gap": "Band gap",
    "gap_direct": "Direct gap at K",
    "vbm": "Valence band maximum",
    "cbm": "Conduction band minimum",
}


def quantity_label(values: xr.DataArray, *, unit: bool = True) -> str:
    """Label of a quantity: "Band gap, PBE (eV)" where its attributes name the functional.

    Examples
    --------
    >>> import xarray as xr
    >>> from strain2dos.mapping._displays.words import quantity_label
    >>> quantity_label(
    ...     xr.DataArray(1.6, name="gap", attrs={"units": "eV", "functional": "PBE"})
    ... )
    'Band gap, PBE (eV)'
    """
    name = str(values.name or "value")
    if "feature" in values.coords and values["feature"].ndim == 0:
        return feature_label(str(values["feature"].item()), unit=unit)
    base = name.removesuffix("_std")
    # formulas follow the name after a comma
    words = _SHORT.get(base) or str(values.attrs.get("long_name", base)).split(",")[0]
    if name != base:
        words = f"Error of {_lower(_SHORT.get(base, base.replace('_', ' ')))}"
    parts = [words[:1].upper() + words[1:]]
    if "energy" in values.coords and values["energy"].ndim == 0:
        parts.append(f"at {float(values['energy']):.2f} eV")
    label = " ".join(parts)
    if functional := values.attrs.get("functional"):
        label += f", {functional}"
    sign = unit_sign(values.attrs.get("units", ""))
    return f"{label} ({sign})" if sign and unit else label


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
