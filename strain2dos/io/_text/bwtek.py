# SPDX-License-Identifier: BSD-3-Clause
"""B&W Tek (BWSpec, i-Raman) and alike: settings, then a table of pixels with axis and intensity."""

from __future__ import annotations

import re

import numpy as np
import xarray as xr

from strain2dos.io._common.array import SpectraBuilder
from strain2dos.io._text.lines import Source
from strain2dos.io._text.logs import entries
from strain2dos.io._text.preamble import Opening

#: What is measured, best first: the dark current is taken off, or not.
_MEASURED = ("dark subtracted", "processed data", "raw data")
_LASER = re.compile(r"laser.?wavelength|wl", re.IGNORECASE)
_NUMBER = re.compile(r"\d+(\.\d*)?")


def columns_of(lines: Opening) -> int | None:
    """Index of the line that names the columns; None where the file is of another kind."""
    for i, (_, line) in enumerate(lines):
        words = _plain(re.split(r"[;,\t]", line))
        if words[0] in ("pixel", "pixels") and any(word.startswith(_MEASURED) for word in words):
            return i
    return None


def read_bwtek(source: Source, lines: Opening, named: int, limit: int) -> xr.DataArray:
    """Read the Raman shift, or the wavelength without one, and what is measured without the dark current.

    Parameters
    ----------
    source : Source
        The file.
    lines : list of (int, str)
        Its first lines.
    named : int
        Which of them names the columns.
    limit : int
        Bytes of spectra that may be held in memory.

    Raises
    ------
    ValueError
        When a line is short, or a cell is no number.

    Notes
    -----
    Rows without a Raman shift (the laser line and beyond) or without an intensity lie above and below the
    spectrum and are left out.
    """
    line = lines[named][1]
    source.delimiter = max(";,\t", key=line.count)
    names = [name.strip() for name in line.split(source.delimiter)]
    source.header |= entries([text for _, text in lines[:named]])
    source.begin = lines[named][0]
    plain = _plain(names)
    measured = next(
        found for word in _MEASURED if (found := [i for i, name in enumerate(plain) if name.startswith(word)])
    )
    axis, unit = _axis(source, plain)
    rows = []
    if source.delimiter == ";":
        source.decimal = "," if any("," in text for _, text in lines[named + 1 :]) else "."
    for number, text in source.lines(0, "reading"):
        cells = text.split(source.delimiter)
        wanted = [cells[i].strip() if i < len(cells) else "" for i in (axis, *measured)]
        if any(cell for cell in wanted) and len(cells) <= max(axis, *measured):
            raise ValueError(f"{source.path}, line {number}: {len(cells)} columns; was the file cut off?")
        if all(wanted):
            rows.append(source.numbers(number, text, wanted))
    if len(rows) < 2:
        raise ValueError(
            f"{source.path}: {len(rows)} rows with {names[axis]} and {names[measured[0]]}; export it again."
        )
    points = np.array(rows)
    header = {key: value for key, value in source.header.items() if not key.startswith("units[")}
    wrote = "B&W Tek csv" if plain[0] == "pixel" else "table of pixels"
    layout = f"{wrote}: {names[axis]} and {'; '.join(names[i] for i in measured)}"
    units = {"shift": unit, "intensity": "counts"}
    builder = SpectraBuilder(
        source.path, points[:, 0], len(measured), limit, units=units, header=header, layout=layout
    )
    builder.add(slice(None), points[:, 1:].T)
    return builder.result()


def _plain(names: list[str]) -> list[str]:
    return [name.strip().lower().replace("_", " ") for name in names]


def _axis(source: Source, plain: list[str]) -> tuple[int, str]:
    """Column of the axis: the Raman shift, if the file states its laser."""
    laser = next((value for key, value in source.header.items() if _LASER.fullmatch(key)), "0")
    number = _NUMBER.match(laser.replace(",", "."))
    if "raman shift" in plain and number and float(number[0]) > 0:
        return plain.index("raman shift"), "cm-1"
    if "wavelength" in plain:
        return plain.index("wavelength"), "nm"
    raise ValueError(
        f"{source.path} is a table of pixels without a laser line or a column Wavelength; export it with one."
    )
