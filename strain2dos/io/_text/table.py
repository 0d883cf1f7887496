# SPDX-License-Identifier: BSD-3-Clause
"""Text layouts: two columns, LabSpec exports, tables with positions, one row per point."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from strain2dos.io._text.jcamp import is_jcamp, read_jcamp
from strain2dos.io._text.lines import Source, is_number
from strain2dos.io._text.long import SPECTRAL, read_long
from strain2dos.io._text.rows import read_columns, read_table

_KNOWN = (
    "known layouts are two columns (axis, intensity), LabSpec text exports, tables with the axis in "
    "the first "
    "row and positions in the first columns, and rows of x, y, shift, intensity"
)
_INTENSITY = {"intensity", "counts", "intens", "signal"}
# A column of energies without a unit is no Raman shift; which energies they are, nobody knows.
_UNSTATED = {"wavelength": "nm", "lambda": "nm", "energy": "energy without a unit"}
_MOST_POSITIONS = 8
_IN_BRACKETS = re.compile(r"\s*[\[(].*?[\])]\s*$")


@dataclass
class _Form:
    """Where the numbers of a file start and how they are laid out."""

    layout: str
    skip: int
    width: int
    leading: int = 0
    names: tuple[str, ...] = ()


def read_text(path: Path, *, compressed: bool = False, limit: int) -> xr.DataArray:
    """Read a text file in any of the known layouts.

    The file is parsed twice, line by line: first the positions, then each spectrum into its place, so that
    the text is never whole in memory.

    Parameters
    ----------
    path : Path
        The file.
    compressed : bool, default=False
        Whether it is gzip-compressed.
    limit : int
        Bytes of spectra above which they go to a memory-mapped temporary file.

    Raises
    ------
    ValueError
        When the layout is unknown or the content faulty.
    """
    source = Source(path, compressed)
    if is_jcamp(next((line for _, line in source.raw_lines() if line.strip()), "")):
        return read_jcamp(source, limit)
    head = list(itertools.islice(source.lines(), 4))
    if any("\x00" in line for _, line in head):
        raise ValueError(
            f"{path} is a binary file of unknown format, or UTF-16 text; text in UTF-8 or Latin-1, "
            f"NetCDF, Zarr, "
            f".wdf, .xml and .spc are read. Export it as text from the instrument's software."
        )
    if not head:
        raise ValueError(f"{path} holds no spectrum: no line of numbers; export it again.")
    form = _form(source, head)
    if form.layout == "columns":
        return read_columns(source, form.skip, limit)
    if form.layout == "long":
        return read_long(source, form.skip, list(form.names), limit)
    return read_table(source, form.skip, form.leading, form.width, limit)


def _form(source: Source, head: list[tuple[int, str]]) -> _Form:
    """Recognise the layout from the first lines."""
    skip = 0
    if len(head) > 1 and not re.search(r"[\t;,]", head[0][1]) and not _like_number(head[0][1].split()[0]):
        words = head[0][1].split()
        if not (set(_plain(words)) & SPECTRAL and len(words) == len(head[1][1].split())):
            source.header["title"] = head[0][1].strip()
            skip, head = 1, head[1:]
    source.delimiter = _delimiter(head[min(1, len(head) - 1)][1])
    first = _cells(source, head[0][1])
    leading = next((i for i, cell in enumerate(first) if _like_number(cell)), len(first))
    number = head[0][0]
    if leading == len(first):
        if len(head) == 1:
            raise ValueError(f"{source.path}, line {number}: no numbers; {_KNOWN}.")
        source.names = [cell.strip(" #\"'").lower() for cell in first]
        skip, head = skip + 1, head[1:]
        first = _cells(source, head[0][1])
        leading = 0 if first and _like_number(first[0]) else len(first)
    names = _plain(source.names)
    _state_units(source, first[:leading] if leading else source.names * (len(names) == len(first)))
    if leading == 0 and len(first) == len(names) > 2 and set(names) & SPECTRAL and set(names) & _INTENSITY:
        return _Form("long", skip, len(first), names=tuple(names))
    if leading == 0 and len(first) == 4 and _repeats(source, head):
        return _Form("long", skip, 4, names=("x", "y", "shift", "intensity"))
    if leading == 0 and len(first) == 2:
        return _Form("columns", skip, 2)
    if 1 <= leading <= _MOST_POSITIONS and len(first) - leading >= 2:
        return _Form("table", skip, len(first), leading)
    raise ValueError(
        f"{source.path}, line {number}: {len(first)} columns, {leading} of them before the first number; "
        f"{_KNOWN}."
    )


def _plain(names: list[str]) -> list[str]:
    """Names of columns without their units."""
    return [_IN_BRACKETS.sub("", name.strip(" #\"'").lower()) for name in names]


def _state_units(source: Source, names: list[str]) -> None:
    """Add units that the names of columns state, as "Wavelength (nm)", to the header."""
    for name, plain in zip(names, _plain(names), strict=True):
        found = _IN_BRACKETS.search(name)
        unit = found[0].strip(" ()[]") if found else _UNSTATED.get(plain, "")
        key = "shift" if plain in SPECTRAL else "intensity" if plain in _INTENSITY else plain
        if unit and key.isidentifier():
            source.header.setdefault(f"units[{key}]", unit)


def _delimiter(sample: str) -> str | None:
    for candidate in "\t;":
        if candidate in sample:
            return candidate
    if "," not in sample:
        return None
    if all(not cell.strip() or is_number(cell) for cell in sample.split(",")):
        return ","
    words = sample.split()
    return None if len(words) > 1 and all(_like_number(word) for word in words) else ","


def _cells(source: Source, line: str) -> list[str]:
    """Cells of a line without the empty one that some mappers end every line with."""
    cells = line.split(source.delimiter)
    return cells[:-1] if len(cells) > 1 and not cells[-1].strip() else cells


def _repeats(source: Source, head: list[tuple[int, str]]) -> bool:
    """Tell whether rows of four columns repeat their position while the third column moves on."""
    rows = [_cells(source, line) for _, line in head]
    same = len(rows) > 1 and len({tuple(row[:2]) for row in rows[:2]}) == 1
    return same and all(len(row) == 4 for row in rows[:2]) and rows[0][2] != rows[1][2]


def _like_number(cell: str) -> bool:
    return is_number(cell.replace(",", ".", 1))
