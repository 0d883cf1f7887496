# SPDX-License-Identifier: BSD-3-Clause
"""Text with one point per row (a spectrum) or one spectrum per row (a map), parsed in two passes."""

from __future__ import annotations

import re
from array import array

import numpy as np
import xarray as xr

from strain2dos.io._common.array import SpectraBuilder
from strain2dos.io._common.memory import warn_caller
from strain2dos.io._text.commas import Commas
from strain2dos.io._text.lines import Source


def read_columns(source: Source, skip: int, limit: int) -> xr.DataArray:
    """Read two columns, axis and intensity.

    Parameters
    ----------
    source : Source
        The file and its delimiter.
    skip : int
        Lines above the first numbers.
    limit : int
        Bytes of spectra that may be held in memory.

    Raises
    ------
    ValueError
        When a line has not two numbers.
    """
    commas = Commas(source)
    count = 0
    for number, line in source.lines(skip, "looking through"):
        commas.see(number, line)
        count += 1
    commas.decide()
    points = np.empty((count, 2))
    k = -1
    for k, (number, line) in enumerate(source.lines(skip, "reading")):
        cells = source.cells(line, 2)
        if len(cells) != 2:
            hint = "the file was cut off" if k == count - 1 and len(cells) < 2 else "repair that line"
            raise ValueError(f"{source.path}, line {number}: {len(cells)} columns instead of 2; {hint}.")
        points[_within(source, k, count)] = source.numbers(number, line, cells)
    _whole(source, k + 1, count)
    if count < 2:
        raise ValueError(f"{source.path}: a spectrum of one point; was the file cut off?")
    units, header = units_of(source.header), bare_header(source.header)
    layout = source.layout("two columns, axis and intensity")
    builder = SpectraBuilder(source.path, points[:, 0], 1, limit, units=units, header=header, layout=layout)
    builder.add(0, points[:, 1])
    return builder.result()


def read_table(source: Source, skip: int, leading: int, width: int, limit: int) -> xr.DataArray:
    """Read a table with the axis in its first row and positions in its first columns.

    Parameters
    ----------
    source : Source
        The file and its delimiter.
    skip : int
        Lines above the axis.
    leading : int
        Number of columns with positions.
    width : int
        Number of columns.
    limit : int
        Bytes of spectra that may be held in memory.

    Raises
    ------
    ValueError
        When a row but the last has too few cells, or any too many or a cell that is no number.

    Warns
    -----
    UserWarning
        When the last row is cut off.
    """
    names, places, axis_line, cut = _survey(source, skip, leading, width)
    count = len(places[0])
    axis = source.numbers(*axis_line, source.cells(axis_line[1], width), leading)
    positions = {name: np.array(place) for name, place in zip(names, places, strict=True) if name != "n"}
    units, header = units_of(source.header), bare_header(source.header)
    layout = source.layout(f"axis in the first row, {', '.join(names)} in the first columns")
    builder = SpectraBuilder(source.path, axis, count, limit, positions, units, header, layout)
    k = -1
    for k, (number, line) in enumerate(source.lines(skip + 1, "reading")):
        cells = source.cells(line, width)
        short = len(cells) < width
        if number == cut or (short and k == count - 1 > 0):
            _warn_of_cut(source, number, known=k < count)
            if k < count:
                builder.add(k, np.full(axis.size, np.nan))
            break
        if len(cells) != width:
            _refuse(source, (number, line), width, last=k == count - 1)
        builder.add(_within(source, k, count), source.numbers(number, line, cells, leading))
    _whole(source, max(k + 1, count if cut else 0), count)
    return builder.result()


def _survey(
    source: Source, skip: int, leading: int, width: int
) -> tuple[list[str], list[array[float]], tuple[int, str], int | None]:
    """Pass over a table: names and values of the positions, the axis, and the line that is cut off."""
    commas = Commas(source)
    rows = source.lines(skip, "looking through")
    axis_line = next(rows)
    commas.see(*axis_line)
    places: list[array[float]] = [array("d") for _ in range(leading)]
    broken: tuple[int, str] | None = None
    number, whole = axis_line[0], 0
    for number, line in rows:
        if broken is not None:
            break
        commas.see(number, line)
        cells = line.split(source.delimiter, leading)
        # a row has at least one character per cell; shorter ones would claim memory that they do not fill
        if len(cells) <= leading or len(line) < 2 * width - 1:
            broken = (number, line)
        if len(cells) > leading:
            for column, place in enumerate(places):
                place.append(source.number(number, line, cells, column))
            whole += broken is None
    commas.decide()
    if broken is not None and (number != broken[0] or not whole):
        _refuse(source, broken, width, last=number == broken[0])
    if not places[0]:
        raise ValueError(f"{source.path}: an axis but no spectrum below it; was the file cut off?")
    written = [cell.strip("#\"' \t").lower() for cell in source.cells(axis_line[1], width)[:leading]]
    names = _position_names(written, source)
    if written == [""] and source.delimiter == "," and np.array_equal(places[0], np.arange(len(places[0]))):
        # the running number of a pandas table
        names = ["n"]
    return names, places, axis_line, broken and broken[0]


def _refuse(source: Source, line: tuple[int, str], width: int, *, last: bool) -> None:
    cells = source.cells(line[1], width)
    hint = "the file was cut off" if last and len(cells) < width else "repair that line"
    raise ValueError(
        f"{source.path}, line {line[0]}: {len(cells)} cells, but the axis line has {width}; {hint}."
    )


def _warn_of_cut(source: Source, number: int, *, known: bool) -> None:
    what = "its spectrum is NaN" if known else "its spectrum is left out"
    warn_caller(
        f"{source.path.name} ends within line {number}, so 1 spectrum is incomplete and {what}; copy "
        f"it again."
    )


def _whole(source: Source, found: int, count: int) -> None:
    if found < count:
        raise ValueError(f"{source.path} shrinks while it is read; wait until it is written.")


def _within(source: Source, k: int, count: int) -> int:
    if k >= count:
        raise ValueError(f"{source.path} grows while it is read; wait until it is written.")
    return k


def _position_names(written: list[str], source: Source) -> list[str]:
    """Names of the leading columns: as written, else LabSpec's axes from the slowest to the fastest."""
    header = source.header
    bare = [re.sub(r"\s*[\[(].*?[\])]\s*$", "", name) for name in written]
    if all(bare) and len(set(bare)) == len(bare) and "shift" not in bare:
        return bare
    axes = [header[key].lower() for key in sorted(header) if re.fullmatch(r"AxisType\[[2-9]\]", key)]
    if len(axes) == len(written) == len(set(axes)) and not {"", "shift", "n"} & set(axes):
        return axes[::-1]
    return {1: ["y"], 2: ["y", "x"]}.get(len(written), [f"axis_{k}" for k in range(len(written))])


def units_of(header: dict[str, str]) -> dict[str, str]:
    """Units that a header states for intensity, spectral axis and positions.

    ``AxisType[k]`` and ``AxisUnit[k]`` are LabSpec's, ``units[name]`` is written by ``strain2dos convert``.
    """
    names = {"Intens": "intensity", "Spectr": "shift"}
    units = {}
    for key, value in header.items():
        found = re.fullmatch(r"AxisType\[(\d)\]", key)
        unit = header.get(f"AxisUnit[{found[1]}]") if found else None
        if unit:
            units[names.get(value, value.lower())] = unit
    for key, value in header.items():
        # LabSpec states the unit of the axis in the name of its range: #Range (nm)=540...550
        if found := re.fullmatch(r"Range\s*\((.+)\)", key):
            units.setdefault("shift", found[1])
        if found := re.fullmatch(r"units\[(\w+)\]", key):
            units[found[1]] = value
    return units


def bare_header(header: dict[str, str]) -> dict[str, str]:
    """What the instrument wrote: the header without the units that ``strain2dos convert`` adds."""
    return {key: value for key, value in header.items() if not re.fullmatch(r"units\[\w+\]", key)}
