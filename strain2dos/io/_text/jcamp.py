# SPDX-License-Identifier: BSD-3-Clause
"""JCAMP-DX spectra: labeled records, the data written out in decimal numbers."""

from __future__ import annotations

import re

import numpy as np
import xarray as xr

from strain2dos.io._common.array import SpectraBuilder
from strain2dos.io._text.lines import Source

_RECORD = re.compile(r"##\s*([^=]*?)\s*=\s*(.*?)\s*(?:\$\$.*)?$")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
# Packed forms write the digits after the first, differences and repeats as letters.
_PACKED = re.compile(r"[@A-DF-Za-df-z%]")
_UNITS = {"1/CM": "cm-1", "NANOMETERS": "nm", "MICROMETERS": "um"}
_POINTS, _ROWS = ("(XY..XY)", "(X++(Y..Y))")


def is_jcamp(line: str) -> bool:
    """Whether a file that starts with this line is JCAMP-DX."""
    return bool(re.match(r"\s*##\s*(TITLE|JCAMP-?DX)\s*=", line, re.IGNORECASE))


def read_jcamp(source: Source, limit: int) -> xr.DataArray:
    """Read one spectrum; factors of both axes and the unit of the first are those of the file.

    Parameters
    ----------
    source : Source
    limit : int
        Bytes of spectra above which they go to a memory-mapped temporary file.

    Raises
    ------
    ValueError
        For several blocks, packed numbers, another form than XYDATA=(X++(Y..Y)) or (XY..XY), or a wrong
        number of points.

    References
    ----------
    R. S. McDonald, P. A. Wilks, Appl. Spectrosc. 42, 151 (1988): JCAMP-DX 4.24.
    """
    header, form, lines = _records(source)
    factor = {axis: _stated(source, header, f"{axis}FACTOR", 1.0) for axis in "XY"}
    if form == _POINTS:
        numbers = np.array([float(cell) for line in lines for cell in _NUMBER.findall(line)])
        if numbers.size % 2:
            raise ValueError(
                f"{source.path}: {numbers.size} numbers are no pairs of x and y; export it again."
            )
        shift, values = numbers[::2] * factor["X"], numbers[1::2] * factor["Y"]
    else:
        rows = [[float(cell) for cell in _NUMBER.findall(line)] for line in lines]
        values = np.array([value for row in rows for value in row[1:]]) * factor["Y"]
        written = rows[0][0] * factor["X"] if rows and rows[0] else 0.0
        first = _stated(source, header, "FIRSTX", written)
        if "LASTX" in header:
            last = _stated(source, header, "LASTX", first)
            shift = np.asarray(np.linspace(first, last, values.size), dtype=np.float64)
        elif "DELTAX" in header:
            shift = first + _stated(source, header, "DELTAX", 1.0) * np.arange(values.size, dtype=np.float64)
        else:
            raise ValueError(f"{source.path} states neither LASTX nor DELTAX; export it as (XY..XY).")
    expected = _stated(source, header, "NPOINTS", float(values.size))
    if not values.size or values.size != expected:
        raise ValueError(f"{source.path} holds {values.size} of its {expected:g} points; copy it again.")
    stated = header.get("XUNITS", "")
    units = {"shift": _UNITS.get(stated.upper(), stated)} if stated else {}
    builder = SpectraBuilder(source.path, shift, 1, limit, units=units, header=header, layout="JCAMP-DX")
    builder.add(0, values)
    return builder.result()


def _stated(source: Source, header: dict[str, str], name: str, default: float) -> float:
    """Return the number that a record states."""
    cell = header.get(name, repr(default))
    if not _NUMBER.fullmatch(cell):
        raise ValueError(f"{source.path}: {name} is {cell[:40]!r}, which is no number; correct it there.")
    return float(cell)


def _records(source: Source) -> tuple[dict[str, str], str, list[str]]:
    header: dict[str, str] = {}
    form, lines = "", []
    for number, text in source.raw_lines():
        line = text.split("$$")[0].strip()
        found = _RECORD.match(line)
        if found:
            name, value = re.sub(r"[\s/_-]", "", found[1]).upper(), found[2]
            if name == "END":
                break
            if name == "NTUPLES" or (name == "BLOCKS" and value.strip() not in ("", "1")):
                raise ValueError(f"{source.path} holds several spectra; split it into one spectrum per file.")
            if name in ("XYDATA", "XYPOINTS", "PEAKTABLE"):
                form = value.replace(" ", "").upper()
            else:
                header[name] = value
        elif form and line:
            if form not in (_POINTS, _ROWS):
                raise ValueError(
                    f"{source.path}: data in the form {form} are not read; export {_ROWS} or {_POINTS}."
                )
            if _PACKED.search(line):
                raise ValueError(
                    f"{source.path}, line {number}: numbers are packed (SQZ, DIF or DUP); export them as "
                    "decimal numbers (AFFN)."
                )
            lines.append(line)
    return header, form, lines
