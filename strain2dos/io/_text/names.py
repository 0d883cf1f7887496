# SPDX-License-Identifier: BSD-3-Clause
"""Names and units above the columns of a text file."""

from __future__ import annotations

import re

from strain2dos.io._text.lines import Source, is_number
from strain2dos.io._text.long import SPECTRAL
from strain2dos.io._text.preamble import AXIS_UNITS

#: Names of what is measured.
INTENSITY = {"intensity", "counts", "intens", "signal"}
# A column of energies without a unit is not a Raman shift, and could be in eV or meV.
_UNSTATED = {"wavelength": "nm", "lambda": "nm", "energy": "energy without a unit"}
_IN_BRACKETS = re.compile(r"\s*[\[(].*?[\])]\s*$")


def without_index(source: Source, head: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Drop the running number that pandas writes as a first column without a name, where names follow it."""
    corner = head[0][1].split(",")[:2]
    if source.delimiter != "," or len(head) < 2 or len(corner) < 2 or like_number(corner[1]):
        return head
    found = [line.split(",", 1)[0].strip() for _, line in head]
    if found[0].strip("\"'").lower() not in ("", "unnamed: 0") or found[1:] != list("012")[: len(found) - 1]:
        return head
    source.indexed = True
    return [(number, line.partition(",")[2]) for number, line in head]


def without_units(
    source: Source, head: list[tuple[int, str]], skip: int
) -> tuple[list[tuple[int, str]], int]:
    """Drop the line of units that WITec and Origin write below the names, or in their place."""
    if source.names[0] in AXIS_UNITS and len(set(source.names[1:])) == 1:
        units, source.names = source.names, [""] * len(source.names)
    else:
        units = [cell.strip().lower() for cell in cells_of(source, head[0][1])]
        if len(head) < 2 or not 1 < len(units) == len(source.names) or any(map(like_number, units)):
            return head, skip
        head, skip = head[1:], skip + 1
    for key, unit in (("shift", AXIS_UNITS.get(units[0], units[0])), ("intensity", units[1])):
        if unit:
            source.header.setdefault(f"units[{key}]", unit)
    return head, skip


def plain_names(names: list[str]) -> list[str]:
    """Names of columns without their units."""
    return [_IN_BRACKETS.sub("", name.strip(" #\"'").lower()) for name in names]


def state_units(source: Source, names: list[str]) -> None:
    """Add units that the names of columns state, as "Wavelength (nm)", to the header."""
    for name, plain in zip(names, plain_names(names), strict=True):
        found = _IN_BRACKETS.search(name)
        unit = found[0].strip(" ()[]") if found else _UNSTATED.get(plain, "")
        key = "shift" if plain in SPECTRAL else "intensity" if plain in INTENSITY else plain
        if unit and key.isidentifier():
            source.header.setdefault(f"units[{key}]", unit)


def cells_of(source: Source, line: str) -> list[str]:
    """Cells of a line without the empty one that some mappers end every line with."""
    cells = line.split(source.delimiter)
    return cells[:-1] if len(cells) > 1 and not cells[-1].strip() else cells


def like_number(cell: str) -> bool:
    """Whether a cell is a number with a decimal point or comma."""
    return is_number(cell.replace(",", ".", 1))
