# SPDX-License-Identifier: BSD-3-Clause
"""How the numbers of a text file are laid out, from its first lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

from strain2dos.io._text.kinds import check_columns, check_image, matrix_words
from strain2dos.io._text.lines import Source, is_number
from strain2dos.io._text.long import SPECTRAL
from strain2dos.io._text.sites import are_sites

_KNOWN = (
    "known layouts are two columns (axis, intensity), tables with the axis in the first row (positions in "
    "the first columns) or in the first column (a spectrum in each of the others), rows of x, y, shift, "
    "intensity, and the text of LabSpec, WiRE, WITec, Andor Solis, Ocean Optics, JASCO and B&W Tek"
)
_INTENSITY = {"intensity", "counts", "intens", "signal"}
# A column of energies without a unit is not a Raman shift, and could be in eV or meV.
_UNSTATED = {"wavelength": "nm", "lambda": "nm", "energy": "energy without a unit"}
_MOST_POSITIONS = 8
#: Names of a first column that holds the axis of the spectra beside it.
_AXIS_NAMES = SPECTRAL | {"x-axis", "x axis", "raman shift/cm-1", "wavenumbers"}
_IN_BRACKETS = re.compile(r"\s*[\[(].*?[\])]\s*$")


@dataclass
class Form:
    """Where the numbers of a file start and how they are laid out."""

    layout: str
    skip: int
    width: int
    leading: int = 0
    names: tuple[str, ...] = ()


def form_of(source: Source, head: list[tuple[int, str]]) -> Form:
    """Recognize the layout from the first lines.

    Parameters
    ----------
    source : Source
        The file; its delimiter, and units and names that the lines state, are set.
    head : list of (int, str)
        Number and text of its first lines that are neither blank nor remarks.

    Returns
    -------
    Form

    Raises
    ------
    ValueError
        When the layout is unknown, or the file is a table without spectra.
    """
    skip = 0
    if len(head) > 1 and not re.search(r"[\t;,]", head[0][1]) and not _like_number(head[0][1].split()[0]):
        words = head[0][1].split()
        if not (set(_plain(words)) & SPECTRAL and len(words) == len(head[1][1].split())):
            source.header["title"] = head[0][1].strip()
            skip, head = 1, head[1:]
    source.delimiter = _delimiter(head[min(1, len(head) - 1)][1])
    head = _without_index(source, head)
    first = _cells(source, head[0][1])
    leading = next((i for i, cell in enumerate(first) if _like_number(cell)), len(first))
    number, labels = head[0][0], []
    if leading == len(first):
        if len(head) == 1:
            raise ValueError(f"{source.path}, line {number}: no numbers; {_KNOWN}.")
        labels = [cell.strip(" #\"'") for cell in first]
        source.names = [label.lower() for label in labels]
        skip, head = skip + 1, head[1:]
        first = _cells(source, head[0][1])
        leading = 0 if first and _like_number(first[0]) else len(first)
    where = f"{source.path}, line {number}"
    rows = [_cells(source, line) for _, line in head]
    if leading == 0 and len(source.names) == len(first):
        check_columns(_plain(source.names), where)
    _state_units(source, first[:leading] if leading else source.names * (len(source.names) == len(first)))
    found = _columns(source, skip, rows, labels) if leading == 0 else _row(source, skip, rows, leading, where)
    if found is None:
        raise ValueError(
            f"{where}: {len(first)} columns, {leading} of them before the first number; "
            f"{_KNOWN}.{matrix_words(rows)}"
        )
    return found


def _columns(source: Source, skip: int, rows: list[list[str]], labels: list[str]) -> Form | None:
    """Layouts whose rows are all numbers: axis and intensities in columns, points, or sites."""
    width, names = len(rows[0]), _plain(source.names)
    if width == len(names) > 2 and set(names) & SPECTRAL and set(names) & _INTENSITY:
        return Form("long", skip, width, names=tuple(names))
    if _repeats(rows):
        return Form("long", skip, 4, names=("x", "y", "shift", "intensity"))
    if are_sites(rows, names):
        return Form("sites", skip, width)
    if width == 2:
        return Form("columns", skip, 2)
    if width > 2 and (found := _labels(source, labels, skip, width)) is not None:
        return Form("wide", skip, width, names=tuple(found))
    return None


def _row(source: Source, skip: int, rows: list[list[str]], leading: int, where: str) -> Form | None:
    """Layouts with numbers in the first row, behind names or gaps."""
    first = rows[0]
    if leading == 1 and len(first) == 2 and not first[0].strip(" \"'"):
        # a pandas series: no name above its index, and a number above its values
        return Form("columns", skip + 1, 2)
    if leading == 1 and _plain(first[:1])[0] in _AXIS_NAMES:
        return Form("wide", skip + 1, len(first), names=tuple(first[1:]))
    if leading == 1 and len(first) > 2:
        check_image(source, rows, where)
    if leading <= _MOST_POSITIONS and len(first) - leading >= 2:
        return Form("table", skip, len(first), leading)
    return None


def _labels(source: Source, labels: list[str], skip: int, width: int) -> list[str] | None:
    """Names of columns with spectra; empty where none are written, None where these are no spectra."""
    names = labels or source.names
    if len(names) == width and (_plain(names[:1])[0] in _AXIS_NAMES or source.wrote or not names[0]):
        return names[1:]
    if source.wrote:
        return []
    before = len(source.header)
    trailing = len(names) != width
    for _, line in source.lines(skip, "looking through"):
        trailing = trailing and line.rstrip(" ").endswith(source.delimiter or "\n")
    if trailing or len(source.header) > before:
        source.wrote = "columns without names, as Andor Solis writes them"
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


def _repeats(rows: list[list[str]]) -> bool:
    """Whether rows of four columns repeat their position while the third column moves on."""
    same = len(rows) > 1 and rows[0][:2] == rows[1][:2]
    return same and all(len(row) == 4 for row in rows[:2]) and rows[0][2] != rows[1][2]


def _like_number(cell: str) -> bool:
    return is_number(cell.replace(",", ".", 1))
