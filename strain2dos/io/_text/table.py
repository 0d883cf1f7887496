# SPDX-License-Identifier: BSD-3-Clause
"""Text layouts: two columns, LabSpec exports, tables with positions, one row per point."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

import xarray as xr

from strain2dos.io._common.memory import say
from strain2dos.io._text.bwtek import columns_of, read_bwtek
from strain2dos.io._text.jcamp import is_jcamp, read_jcamp
from strain2dos.io._text.kinds import check_columns, check_image, matrix_words
from strain2dos.io._text.lines import Source, is_number
from strain2dos.io._text.long import SPECTRAL, read_long
from strain2dos.io._text.preamble import opening, skip_preamble
from strain2dos.io._text.rows import read_columns, read_table
from strain2dos.io._text.sites import are_sites, read_sites
from strain2dos.io._text.truematch import is_truematch, read_truematch
from strain2dos.io._text.wide import read_wide

_KNOWN = (
    "known layouts are two columns (axis, intensity), LabSpec text exports, tables with the axis in "
    "the first "
    "row and positions in the first columns, and rows of x, y, shift, intensity"
)
_INTENSITY = {"intensity", "counts", "intens", "signal"}
# A column of energies without a unit is no Raman shift; which energies they are, nobody knows.
_UNSTATED = {"wavelength": "nm", "lambda": "nm", "energy": "energy without a unit"}
_MOST_POSITIONS = 8
#: Names of a first column that holds the axis of the spectra beside it.
_AXIS_NAMES = SPECTRAL | {"x-axis", "x axis", "raman shift/cm-1", "wavenumbers"}
#: Where instruments state the number of points of a spectrum.
_SIZES = {"NPOINTS", "SizeGraph", "Number of Pixels in Spectrum", "Number of Pixels in Processed Spectrum"}
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
    array = _read(source, limit)
    if source.missing:
        say(f"{path.name}: {source.missing} intensities are missing (NA) and NaN.")
    return array


def _read(source: Source, limit: int) -> xr.DataArray:
    """Read by the first layout that the first lines show."""
    lines = opening(source)
    first = next((line for _, line in lines if line.strip()), "")
    if is_jcamp(first):
        return read_jcamp(source, limit)
    if is_truematch(first):
        return read_truematch(source, limit)
    if (named := columns_of(lines)) is not None:
        return read_bwtek(source, lines, named, limit)
    source.wrote = skip_preamble(source, lines)
    array = _by_form(source, limit)
    _check_size(source, array)
    return array


def _by_form(source: Source, limit: int) -> xr.DataArray:
    """Read numbers by the rows and columns that they stand in."""
    path = source.path
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
    if form.layout == "sites":
        return read_sites(source, form.skip, form.width, limit)
    if form.layout == "wide":
        layout = source.layout("axis in the first column, one spectrum in each of the others")
        return read_wide(source, form.skip, form.width, list(form.names), limit, layout)
    return read_table(source, form.skip, form.leading, form.width, limit)


def _check_size(source: Source, array: xr.DataArray) -> None:
    """Refuse a spectrum that is shorter or longer than the instrument's header states."""
    if not source.wrote:
        return
    for key, stated in source.header.items():
        if key in _SIZES and stated.isdecimal() and int(stated) != array.sizes["shift"]:
            raise ValueError(
                f"{source.path} holds {array.sizes['shift']} of its {stated} points; was it cut off? Copy it "
                "again."
            )


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
    head = _without_index(source, head)
    first = _cells(source, head[0][1])
    leading = next((i for i, cell in enumerate(first) if _like_number(cell)), len(first))
    number, labels = head[0][0], []
    where = f"{source.path}, line {number}"
    if leading == len(first):
        if len(head) == 1:
            raise ValueError(f"{source.path}, line {number}: no numbers; {_KNOWN}.")
        labels = [cell.strip(" #\"'") for cell in first]
        source.names = [label.lower() for label in labels]
        skip, head = skip + 1, head[1:]
        first = _cells(source, head[0][1])
        leading = 0 if first and _like_number(first[0]) else len(first)
    names = _plain(source.names)
    if leading == 0 and len(names) == len(first):
        check_columns(source, names, where)
    _state_units(source, first[:leading] if leading else source.names * (len(names) == len(first)))
    rows = [_cells(source, line) for _, line in head]
    if leading == 0 and len(first) == len(names) > 2 and set(names) & SPECTRAL and set(names) & _INTENSITY:
        return _Form("long", skip, len(first), names=tuple(names))
    if leading == 0 and len(first) == 4 and _repeats(source, head):
        return _Form("long", skip, 4, names=("x", "y", "shift", "intensity"))
    if leading == 0 and are_sites(rows, names):
        return _Form("sites", skip, len(first))
    if leading == 0 and len(first) == 2:
        return _Form("columns", skip, 2)
    if leading == 1 and len(first) == 2 and not first[0].strip(" \"'"):
        # a pandas series: no name above its index, and a number above its values
        return _Form("columns", skip + 1, 2)
    if leading == 1 and len(first) > 2:
        if _plain(first[:1])[0] in _AXIS_NAMES:
            return _Form("wide", skip + 1, len(first), names=tuple(first[1:]))
        check_image(source, rows, where)
    if leading == 0 and len(first) > 2 and (found := _labels(source, labels, head, len(first))) is not None:
        return _Form("wide", skip, len(first), names=tuple(found))
    if 1 <= leading <= _MOST_POSITIONS and len(first) - leading >= 2:
        return _Form("table", skip, len(first), leading)
    raise ValueError(
        f"{source.path}, line {number}: {len(first)} columns, {leading} of them before the first number; "
        f"{_KNOWN}.{matrix_words(source, rows)}"
    )


def _labels(source: Source, labels: list[str], head: list[tuple[int, str]], width: int) -> list[str] | None:
    """Names of columns with spectra; empty where none are written, None where these are no spectra."""
    names = labels or source.names
    if len(names) == width and (_plain(names[:1])[0] in _AXIS_NAMES or source.wrote or not names[0]):
        return names[1:]
    if source.wrote:
        return []
    if not names and all(line.rstrip().endswith(source.delimiter or "\n") for _, line in head):
        source.wrote = "columns without names, as Andor Solis writes them"
        return []
    before = len(source.header)
    for _ in source.lines(0, "looking through"):
        pass
    if len(source.header) > before:
        source.wrote = "columns above the settings, as Andor Solis writes them"
        return []
    return None


def _without_index(source: Source, head: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Drop the running number that pandas writes as a first column without a name, where names follow it."""
    corner = head[0][1].split(",")[:2]
    if source.delimiter != "," or len(head) < 2 or len(corner) < 2 or _like_number(corner[1]):
        return head
    found = [line.split(",", 1)[0].strip() for _, line in head]
    if found[0].strip("\"'").lower() not in ("", "unnamed: 0") or found[1:] != list("012")[: len(found) - 1]:
        return head
    source.indexed = True
    return [(number, line.partition(",")[2]) for number, line in head]


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
