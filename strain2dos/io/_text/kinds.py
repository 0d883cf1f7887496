# SPDX-License-Identifier: BSD-3-Clause
"""What a table without spectra holds, in words."""

from __future__ import annotations

import numpy as np

from strain2dos.io._text.lines import Source, is_number

_FITTED = ("center", "centre", "fwhm", "height", "amplitude", "area", "peak")
#: No spectral axis in cm-1, nm or eV ends below, but strains do.
_LARGEST_STRAIN = 1.0
#: Micrometers: an image without a header that ends above may be a line scan of spectra.
_LARGEST_IMAGE = 150.0
_NEEDED = "but spectra are needed here, one intensity per point of a spectral axis"


def check_columns(names: list[str], where: str) -> None:
    """Refuse columns whose names are no axis and intensities.

    Raises
    ------
    ValueError
        When they name strains, fitted lines or densities of states.
    """
    listed = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
    if any(name.startswith(("strain", "eps", "exx", "\u03b5")) for name in names):
        raise ValueError(
            f"{where}: this is a table of strains (columns {listed}), {_NEEDED}; use a model that takes "
            "strain, or give the file of the spectra."
        )
    if any(name == "dos" or name.startswith(("dos ", "dos_", "density of states")) for name in names):
        raise ValueError(
            f"{where}: this is a table of densities of states (columns {listed}), {_NEEDED}; "
            "curves by strain train a model (strain2dos.datasets.read_dos_table)."
        )
    if any(word in name for name in names for word in _FITTED):
        raise ValueError(
            f"{where}: this is a table of fitted lines (columns {listed}), {_NEEDED}; give the file that was "
            "fitted."
        )


def check_image(source: Source, rows: list[list[str]], where: str) -> None:
    """Refuse a map of one quantity: x along the top, y down the side.

    Raises
    ------
    ValueError
        When the header names no spectral axis, or the numbers along the top can be none.
    """
    types = {key: value for key, value in source.header.items() if key.startswith("AxisType[")}
    if types and not any(value.lower().startswith("spectr") for value in types.values()):
        raise ValueError(
            f"{where}: this is an image of LabSpec, a map of one quantity ({', '.join(types.values())}), "
            f"{_NEEDED}; in LabSpec, save the map with its spectra."
        )
    try:
        top = np.array([float(cell.replace(",", ".")) for cell in rows[0][1:]])
        side = np.array([float(row[0].replace(",", ".")) for row in rows[1:]])
    except (ValueError, IndexError):
        return
    if top.size < 3 or not np.isfinite(top).all():
        return
    if np.abs(top).max() < _LARGEST_STRAIN:
        raise ValueError(
            f"{where}: the numbers along the top ({top.min():g} to {top.max():g}) are no spectral axis. This "
            f"may be a table of densities of states by strain or an image of one quantity, {_NEEDED}; "
            "the former trains a model (strain2dos.datasets.read_dos_table)."
        )
    steps, down = np.diff(top), np.diff(side)
    if down.size and top.min() <= 0 and top.max() < _LARGEST_IMAGE:
        even = np.allclose(np.append(steps, np.abs(down)), steps[0], rtol=0.01, atol=0)
        if even and steps[0] > 0:
            raise ValueError(
                f"{where}: x from {top[0]:g} along the top and y down the side in equal steps of "
                f"{steps[0]:g} make an image of one quantity, {_NEEDED}; if these are "
                "spectra, name the first column."
            )


def matrix_words(rows: list[list[str]]) -> str:
    """Words for a block of numbers without names."""
    even = len({len(row) for row in rows}) == 1 and all(is_number(cell) for row in rows for cell in row)
    if not even or len(rows) < 2:
        return ""
    return (
        " A block of numbers without an axis is a map of one quantity, such as a strain map "
        "(strain2dos.datasets.read_strain_map), or lacks the names of its columns: write them above."
    )
