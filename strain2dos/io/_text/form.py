# SPDX-License-Identifier: BSD-3-Clause
"""How the numbers of a text file are laid out, from its first lines."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from strain2dos.io._text.kinds import check_columns, check_image, matrix_words
from strain2dos.io._text.lines import Source, is_number
from strain2dos.io._text.long import SPECTRAL
from strain2dos.io._text.names import (
    INTENSITY,
    cells_of,
    like_number,
    plain_names,
    state_units,
    without_index,
    without_units,
)
from strain2dos.io._text.sites import are_sites

_KNOWN = (
    "known layouts are two columns (axis, intensity), tables with the axis in the first row (positions in "
    "the first columns) or in the first column (a spectrum in each of the others), rows of x, y, shift, "
    "intensity, and the text of LabSpec, WiRE, WITec, Andor Solis, Ocean Optics, JASCO and B&W Tek"
)
_MOST_POSITIONS = 8
#: A column of so many numbers does not rise throughout by chance: one of 16! does.
_FEWEST_POINTS = 16
#: Names of a first column that holds the axis of the spectra beside it.
_AXIS_NAMES = SPECTRAL | {"x-axis", "x axis", "raman shift/cm-1", "wavenumbers"}


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
    if len(head) > 1 and not re.search(r"[\t;,]", head[0][1]) and not like_number(head[0][1].split()[0]):
        words = head[0][1].split()
        if not (set(plain_names(words)) & SPECTRAL and len(words) == len(head[1][1].split())):
            source.header["title"] = head[0][1].strip()
            skip, head = 1, head[1:]
    source.delimiter = _delimiter(head[min(1, len(head) - 1)][1])
    head = without_index(source, head)
    first = cells_of(source, head[0][1])
    leading = next((i for i, cell in enumerate(first) if like_number(cell)), len(first))
    number, labels = head[0][0], []
    if leading == len(first):
        if len(head) == 1:
            raise ValueError(f"{source.path}, line {number}: no numbers; {_KNOWN}.")
        labels = [cell.strip(" #\"'") for cell in first]
        source.names = [label.lower() for label in labels]
        skip, head = skip + 1, head[1:]
        head, skip = without_units(source, head, skip)
        labels = labels if any(source.names) else []
        first = cells_of(source, head[0][1])
        leading = 0 if first and like_number(first[0]) else len(first)
    where = f"{source.path}, line {number}"
    rows = [cells_of(source, line) for _, line in head]
    if leading == 0 and len(source.names) == len(first):
        check_columns(plain_names(source.names), where)
    state_units(source, first[:leading] if leading else source.names * (len(source.names) == len(first)))
    found = _columns(source, skip, rows, labels) if leading == 0 else _row(source, skip, rows, leading, where)
    if found is None:
        raise ValueError(
            f"{where}: {len(first)} columns, {leading} of them before the first number; "
            f"{_KNOWN}.{matrix_words(rows)}"
        )
    return found


def _columns(source: Source, skip: int, rows: list[list[str]], labels: list[str]) -> Form | None:
    """Layouts whose rows are all numbers: axis and intensities in columns, points, or sites."""
    width, names = len(rows[0]), plain_names(source.names)
    if width == len(names) > 2 and set(names) & SPECTRAL and set(names) & INTENSITY:
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
    if leading == 1 and plain_names(first[:1])[0] in _AXIS_NAMES:
        return Form("wide", skip + 1, len(first), names=tuple(first[1:]))
    if leading == 1 and len(first) > 2:
        check_image(source, rows, where)
    if leading <= _MOST_POSITIONS and len(first) - leading >= 2:
        return Form("table", skip, len(first), leading)
    return None


def _labels(source: Source, labels: list[str], skip: int, width: int) -> list[str] | None:
    """Names of columns with spectra; empty where none are written, None where these are no spectra."""
    names = labels or source.names
    if len(names) == width and (plain_names(names[:1])[0] in _AXIS_NAMES or source.wrote or not names[0]):
        return names[1:] if any(names) else []
    if source.wrote:
        return []
    before = len(source.header)
    trailing, ends = len(names) != width, []
    for _, line in source.lines(skip, "looking through"):
        trailing = trailing and line.rstrip(" ").endswith(source.delimiter or "\n")
        cells = cells_of(source, line)
        ends.append((cells[0], cells[1 % len(cells)], cells[-1]))
    if trailing or len(source.header) > before:
        source.wrote = "columns without names, as Andor Solis writes them"
        return []
    if _has_axis(ends):
        source.wrote = "columns without names, the first of which alone rises or falls throughout"
        return []
    return None


def _has_axis(ends: list[tuple[str, str, str]]) -> bool:
    """Whether the first column of numbers rises or falls throughout, and neither the second nor the last."""
    rows = [[cell.replace(",", ".", 1) for cell in cells] for cells in ends]
    if len(rows) < _FEWEST_POINTS or not all(is_number(cell) for row in rows for cell in row):
        return False
    steps = np.diff(np.array(rows, dtype=np.float64).T, axis=1)
    axis, *others = ((row > 0).all() or (row < 0).all() for row in steps)
    return bool(axis) and not any(others)


def _delimiter(sample: str) -> str | None:
    for candidate in "\t;":
        if candidate in sample:
            return candidate
    if "," not in sample:
        return None
    if all(not cell.strip() or is_number(cell) for cell in sample.split(",")):
        return ","
    words = sample.split()
    return None if len(words) > 1 and all(like_number(word) for word in words) else ","


def _repeats(rows: list[list[str]]) -> bool:
    """Whether rows of four columns repeat their position while the third column moves on."""
    same = len(rows) > 1 and rows[0][:2] == rows[1][:2]
    return same and all(len(row) == 4 for row in rows[:2]) and rows[0][2] != rows[1][2]
