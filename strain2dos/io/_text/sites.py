# SPDX-License-Identifier: BSD-3-Clause
"""Wafer maps in which each site has two rows: its axis, and its spectrum, both behind its position."""

from __future__ import annotations

from array import array
from collections.abc import Iterator

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos.io._common.array import SpectraBuilder
from strain2dos.io._common.memory import warn_caller
from strain2dos.io._text.commas import Commas
from strain2dos.io._text.lines import Source
from strain2dos.io._text.rows import bare_header, units_of

Floats = NDArray[np.float64]
Line = tuple[int, str, list[str]]

LAYOUT = "wafer map with an axis for each site"


def are_sites(rows: list[list[str]], names: list[str]) -> bool:
    """Whether two rows of numbers below `names` are axis and spectrum of one site."""
    if len(rows) < 2 or len(rows[0]) < 5 or len(rows[0]) != len(rows[1]) or rows[0][:2] != rows[1][:2]:
        return False
    try:
        axis, spectrum = (np.array([float(cell.replace(",", ".")) for cell in row[2:]]) for row in rows[:2])
    except ValueError:
        return False
    steps = np.diff(axis)
    named = len(names) == 2 and set(names) == {"x", "y"}
    return bool((steps > 0).all() or (steps < 0).all()) and (named or not (np.diff(spectrum) > 0).all())


def read_sites(source: Source, skip: int, width: int, limit: int) -> xr.DataArray:
    """Read sites onto the axis of the first one; other axes are interpolated by a cubic spline.

    Parameters
    ----------
    source : Source
        The file and its delimiter.
    skip : int
        Lines above the first site.
    width : int
        Number of columns.
    limit : int
        Bytes of spectra that may be held in memory.

    Raises
    ------
    ValueError
        When the rows of a site do not belong together, or one has another number of columns.

    Warns
    -----
    UserWarning
        When sites have other axes than the first, with their number; points beyond them are NaN.
    """
    commas = Commas(source)
    for number, line in source.lines(skip, "looking through"):
        commas.see(number, line)
    commas.decide()
    x, y = array("d"), array("d")
    for axis_row, _ in _pairs(source, skip, width):
        x.append(source.number(axis_row[0], axis_row[1], axis_row[2], 0))
        y.append(source.number(axis_row[0], axis_row[1], axis_row[2], 1))
    builder: SpectraBuilder | None = None
    first, moved, furthest = np.empty(0), 0, 0.0
    for k, (axis_row, row) in enumerate(_pairs(source, skip, width)):
        axis, values = source.numbers(*axis_row, 2), source.numbers(*row, 2)
        if builder is None:
            first = axis
            places = {"x": np.array(x), "y": np.array(y)}
            units, header = units_of(source.header), bare_header(source.header)
            builder = SpectraBuilder(source.path, axis, len(x), limit, places, units, header, LAYOUT)
        elif not np.array_equal(axis, first):
            moved, furthest = moved + 1, max(furthest, float(np.abs(axis - first).max()))
            values = _onto(source, axis_row[0], first, axis, values)
        builder.add(k, values)
    if builder is None:
        raise ValueError(f"{source.path} holds no site; export it again.")
    if moved:
        warn_caller(
            f"{source.path.name}: {moved} of {len(x)} sites have another axis than the first (by up to "
            f"{furthest:.3g}); they were interpolated onto it by a cubic spline, and are NaN beyond "
            "their own."
        )
    return builder.result()


def _onto(source: Source, number: int, first: Floats, axis: Floats, values: Floats) -> Floats:
    from scipy.interpolate import CubicSpline

    order = np.argsort(axis)
    whole = np.isfinite(axis).all() and np.isfinite(values).all()
    if not whole or not (np.diff(axis[order]) > 0).all():
        raise ValueError(
            f"{source.path}, line {number}: a site with an axis of its own must have distinct, finite shifts "
            "and no missing value; correct it there."
        )
    return np.asarray(CubicSpline(axis[order], values[order], extrapolate=False)(first))


def _pairs(source: Source, skip: int, width: int) -> Iterator[tuple[Line, Line]]:
    """Rows of axis and spectrum, site by site."""
    axis: Line | None = None
    for number, line in source.lines(skip, "reading"):
        cells = source.cells(line, width)
        if len(cells) != width:
            raise ValueError(
                f"{source.path}, line {number}: {len(cells)} cells, but the first site has {width}; was the "
                "file cut off?"
            )
        if axis is None:
            axis = (number, line, cells)
        elif cells[:2] != axis[2][:2]:
            raise ValueError(
                f"{source.path}, line {number}: position {', '.join(cells[:2])} below the axis of the site "
                f"{', '.join(axis[2][:2])}; each site needs its axis and its spectrum."
            )
        else:
            yield axis, (number, line, cells)
            axis = None
    if axis is not None:
        raise ValueError(f"{source.path}, line {axis[0]}: an axis without a spectrum; was the file cut off?")
