# SPDX-License-Identifier: BSD-3-Clause
"""Text with the axis in the first column and one spectrum in each of the others."""

from __future__ import annotations

import re
from array import array

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos.io._common.array import SpectraBuilder
from strain2dos.io._text.commas import Commas
from strain2dos.io._text.lines import Source
from strain2dos.io._text.rows import bare_header, units_of

Floats = NDArray[np.float64]

#: WITec numbers the pixels of a map in the names of its columns: (column/line).
_PIXEL = re.compile(r"\((\d+)\s*/\s*(\d+)\)\s*$")
#: Numbers that are held until they are written into their columns.
_HELD = 2**20


def read_wide(
    source: Source, skip: int, width: int, labels: list[str], limit: int, layout: str
) -> xr.DataArray:
    """Read spectra that stand in columns.

    Parameters
    ----------
    source : Source
        The file and its delimiter.
    skip : int
        Lines above the numbers.
    width : int
        Number of columns.
    labels : list of str
        Names of the columns with spectra; none, or `width` - 1.
    limit : int
        Bytes of spectra that may be held in memory.
    layout : str
        What the file was taken for.

    Raises
    ------
    ValueError
        When a line has another number of columns, or a cell is no number.
    """
    axis, last = _axis_of(source, skip)
    positions, units, words = _positions(source, labels, width - 1)
    if not source.wrote and "x" in positions:
        layout = f"WITec table: {layout}"
    if words:
        source.header["columns"] = words
    units = units_of(source.header) | units
    builder = SpectraBuilder(
        source.path, axis, width - 1, limit, positions, units, bare_header(source.header), layout
    )
    held: list[Floats] = []
    k = 0
    for k, (number, line) in enumerate(source.lines(skip, "reading"), 1):
        cells = source.cells(line, width)
        if len(cells) != width:
            hint = "the file was cut off" if number == last and len(cells) < width else "repair that line"
            raise ValueError(
                f"{source.path}, line {number}: {len(cells)} columns instead of {width}; {hint}."
            )
        if k > len(axis):
            raise ValueError(f"{source.path} grows while it is read; wait until it is written.")
        held.append(source.numbers(number, line, cells, 1))
        if len(held) * width > _HELD:
            builder.put_points(k - len(held), np.array(held))
            held = []
    if k < len(axis):
        raise ValueError(f"{source.path} shrinks while it is read; wait until it is written.")
    if held:
        builder.put_points(k - len(held), np.array(held))
    return builder.result()


def _axis_of(source: Source, skip: int) -> tuple[Floats, int]:
    """Pass over the rows: the axis, and the number of the last line."""
    commas, axis, number = Commas(source), array("d"), 0
    for number, line in source.lines(skip, "looking through"):
        commas.see(number, line)
        axis.append(source.number(number, line, line.split(source.delimiter, 1), 0))
    commas.decide()
    if len(axis) < 2:
        raise ValueError(f"{source.path}: spectra of one point; was the file cut off?")
    return np.array(axis), number


def _positions(
    source: Source, labels: list[str], count: int
) -> tuple[dict[str, Floats], dict[str, str], str]:
    """Coordinates that names of columns or the header state, their units, and names that are just names."""
    pixels = [_PIXEL.search(label) for label in labels]
    if pixels and all(pixels):
        x, y = (np.array([float(found[k]) for found in pixels if found]) for k in (1, 2))
        return *_in_units(source, x, y), ""
    try:
        size_x, size_y = (int(source.header[key]) for key in ("SizeX", "SizeY"))
    except (KeyError, ValueError):
        size_x = size_y = 0
    if size_x * size_y == count > 1:
        place = np.arange(count)
        return *_in_units(source, (place % size_x).astype(float), (place // size_x).astype(float)), ""
    if labels and all(source.is_number(label) for label in labels):
        return {"label": np.array([float(label.replace(",", ".")) for label in labels])}, {}, ""
    return {}, {}, "; ".join(labels)


def _in_units(source: Source, x: Floats, y: Floats) -> tuple[dict[str, Floats], dict[str, str]]:
    """Positions of pixels in the unit of the scan where the header states its size, else in pixels."""
    header = source.header
    try:
        width, height = float(header["ScanWidth"]), float(header["ScanHeight"])
        x = float(header.get("ScanOriginX", 0)) + x * width / (x.max() + 1)
        y = float(header.get("ScanOriginY", 0)) + y * height / (y.max() + 1)
        unit = header.get("ScanUnit", header.get("PositionUnit", "unknown"))
    except (KeyError, ValueError):
        unit = "pixel"
    return {"x": x, "y": y}, {"x": unit, "y": unit}
