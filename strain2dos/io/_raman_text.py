# SPDX-License-Identifier: BSD-3-Clause
"""Text layouts: two columns, LabSpec exports, tables with positions."""

from __future__ import annotations

import gzip
import re
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos.io._raman_array import spectra_array

_KNOWN = (
    "known layouts are two columns (axis, intensity), LabSpec text exports, and tables with the axis in the "
    "first row and positions in the first columns"
)
_HEADER = re.compile(r"#\s*([^=]+?)\s*=\s*(.*?)\s*$")


@dataclass
class _Text:
    """Lines of numbers with their line numbers, and the header above them."""

    path: Path
    lines: list[tuple[int, str]]
    header: dict[str, str]
    delimiter: str | None

    def cells(self, index: int) -> list[str]:
        """Split a line at the delimiter."""
        line = self.lines[index][1]
        return [cell.strip() for cell in line.split(self.delimiter)]

    def numbers(self, index: int, skip: int = 0) -> NDArray[np.float64]:
        """Read the numbers of a line after its first cells, or say which of them is none."""
        cells = self.cells(index)[skip:]
        try:
            return np.array(cells, dtype=np.float64)
        except ValueError:
            column = next(i for i, cell in enumerate(cells) if not _is_number(cell))
        comma = ", write decimal points instead of commas" if "," in cells[column] else ""
        raise ValueError(
            f"{self.path}, line {self.lines[index][0]}, column {skip + column + 1}: {cells[column][:40]!r} "
            f"is not a number; correct it there{comma}."
        )


def read_text(path: Path, *, compressed: bool = False) -> xr.DataArray:
    """Read a text file in any of the known layouts.

    Parameters
    ----------
    path : Path
        The file.
    compressed : bool, default=False
        Whether it is gzip-compressed.

    Raises
    ------
    ValueError
        When the layout is unknown or the content faulty.
    """
    text = _split(path, _decode(path, compressed=compressed))
    first = text.cells(0)
    leading = next((i for i, cell in enumerate(first) if _is_number(cell)), len(first))
    if leading == len(first):
        if len(text.lines) == 1:
            raise ValueError(f"{path}, line {text.lines[0][0]}: no numbers; {_KNOWN}.")
        if len(first) == 2 or text.delimiter is None:
            text.lines.pop(0)
            first, leading = text.cells(0), 0
    if len(first) == 2 and leading == 0:
        return _two_columns(text)
    if 1 <= leading <= 3 and len(first) - leading >= 2:
        return _table(text, leading)
    raise ValueError(
        f"{path}, line {text.lines[0][0]}: {len(first)} columns, {leading} of them before the first number; "
        f"{_KNOWN}."
    )


def _decode(path: Path, *, compressed: bool) -> str:
    raw = path.read_bytes()
    if compressed:
        try:
            raw = gzip.decompress(raw)
        except (EOFError, OSError, zlib.error) as error:
            raise ValueError(f"{path}: gzip stops with '{error}'; copy the file again.") from error
    if b"\x00" in raw[:4096]:
        raise ValueError(
            f"{path} is a binary file of unknown format; text, NetCDF, Zarr, .wdf, .xml and .spc are read. "
            f"Export it as text from the instrument's software."
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # LabSpec writes degree and micro signs in Latin-1
        return raw.decode("latin-1")


def _split(path: Path, content: str) -> _Text:
    header: dict[str, str] = {}
    lines: list[tuple[int, str]] = []
    for number, line in enumerate(content.split("\n"), 1):
        bare = line.rstrip("\r")
        if bare.lstrip().startswith("#"):
            found = _HEADER.match(bare.strip())
            if found:
                header[found[1]] = found[2]
        elif bare.strip(" \t;,"):
            lines.append((number, bare))
    if not lines:
        raise ValueError(f"{path} holds no spectrum: no line of numbers; export it again.")
    if len(lines) > 1 and not re.search(r"[\t;,]", lines[0][1]) and not _is_number(lines[0][1].split()[0]):
        header["title"] = lines.pop(0)[1].strip()
    sample = lines[min(1, len(lines) - 1)][1]
    delimiter = next((d for d in "\t;," if d in sample), None)
    if delimiter is None:
        lines = [(number, line.strip()) for number, line in lines]
    return _Text(path, lines, header, delimiter)


def _two_columns(text: _Text) -> xr.DataArray:
    rows = []
    for i, (number, _) in enumerate(text.lines):
        row = text.numbers(i)
        if row.size != 2:
            hint = "the file was cut off" if i == len(text.lines) - 1 and row.size < 2 else "repair that line"
            raise ValueError(f"{text.path}, line {number}: {row.size} columns instead of 2; {hint}.")
        rows.append(row)
    if len(rows) < 2:
        raise ValueError(f"{text.path}: a spectrum of one point; was the file cut off?")
    shift, intensity = np.array(rows).T
    return spectra_array(text.path, shift, intensity[None, :], units=_units(text.header), header=text.header)


def _table(text: _Text, leading: int) -> xr.DataArray:
    first = text.cells(0)
    # some mappers end every line with a delimiter
    closed = first[-1] == ""
    width = len(first) - closed
    shift = _slice(text, 0, leading, width)
    if len(text.lines) < 2:
        raise ValueError(f"{text.path}: an axis but no spectrum below it; was the file cut off?")
    values = np.empty((len(text.lines) - 1, width))
    for i in range(1, len(text.lines)):
        found = len(text.cells(i)) - (closed and text.cells(i)[-1] == "")
        if found != width:
            hint = (
                "the file was cut off" if i == len(text.lines) - 1 and found < width else "repair that line"
            )
            raise ValueError(
                f"{text.path}, line {text.lines[i][0]}: {found} cells, but the axis line has {width}; {hint}."
            )
        values[i - 1] = _slice(text, i, 0, width)
    names = _position_names([cell.strip("#\"' ").lower() for cell in first[:leading]], text.header)
    positions = {name: values[:, k] for k, name in enumerate(names) if name != "n"}
    units = _units(text.header)
    return spectra_array(text.path, shift, values[:, leading:], positions, units=units, header=text.header)


def _slice(text: _Text, index: int, start: int, stop: int) -> NDArray[np.float64]:
    row = text.lines[index]
    if len(text.cells(index)) != stop:
        clipped = text.delimiter.join(text.cells(index)[:stop]) if text.delimiter else row[1]
        text.lines[index] = (row[0], clipped)
    return text.numbers(index, skip=start)


def _position_names(written: list[str], header: dict[str, str]) -> list[str]:
    """Names of the leading columns: as written, else LabSpec's axes from the slowest to the fastest."""
    if all(written):
        return written
    axes = [header[key].lower() for key in sorted(header) if re.fullmatch(r"AxisType\[[2-9]\]", key)]
    if len(axes) == len(written):
        return axes[::-1]
    return {1: ["y"], 2: ["y", "x"]}.get(len(written), [f"axis_{k}" for k in range(len(written))])


def _units(header: dict[str, str]) -> dict[str, str]:
    """Units that a LabSpec header states for intensity, spectral axis and positions."""
    names = {"Intens": "intensity", "Spectr": "shift"}
    units = {}
    for key, value in header.items():
        found = re.fullmatch(r"AxisType\[(\d)\]", key)
        unit = header.get(f"AxisUnit[{found[1]}]") if found else None
        if unit:
            units[names.get(value, value.lower())] = unit
    return units


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
