# SPDX-License-Identifier: BSD-3-Clause
"""From recorded positions to the grid that was scanned."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strain2dos.io._common.memory import warn_caller

Floats = NDArray[np.float64]

#: A map with fewer of its grid positions is a list of sites.
_GRID_SHARE = 0.5
#: Steps by which a recorded position may miss its grid point: half way to where it would be ambiguous.
_STRAY = 0.25
#: Chance puts a few sites near a grid, so positions move only onto grids of that many points ...
_FEWEST = 9
#: ... of which that share is filled; the 0.5 from above counts from 25 points on.
_FILLED, _MANY = 0.9, 25
#: Steps: rounding of the positions, not worth a word.
_ROUNDING = 1e-5
#: Share of the spectra that may stand on a point that is taken.
_DOUBLED = 0.01


@dataclass(frozen=True)
class Grid:
    """Axes of a map, and the flat index of each spectrum; -1 for one that is left out."""

    y: Floats
    x: Floats
    index: NDArray[np.intp]


def grid_of(path: Path, places: Mapping[str, Floats]) -> Grid | None:
    """Find the (nearly) full grid that positions fill; None for a list of sites.

    Positions that lie on a grid as they stand are kept. Others move onto an even grid where each is within a
    quarter of a step of one of its points; one spectrum per hundred (at least one) may stand on a point that
    another one took: it goes to the point that is missing beside its neighbors in the scan, or is left out.

    Parameters
    ----------
    path : Path
        The file, for messages.
    places : mapping of str to ndarray of shape (n,)
        Positions; x and y are looked at.

    Warns
    -----
    UserWarning
        When positions are missing from the grid, moved, or doubled, with their number.
    """
    if not {"x", "y"} <= set(places) or not np.isfinite([places["x"], places["y"]]).all():
        return None
    exact = _exact(places["y"], places["x"])
    n = places["x"].size
    if exact is not None and exact.y.size * exact.x.size == n:
        return exact
    moved = _snapped(path, places["y"], places["x"], exact)
    if moved is not None:
        return moved
    if exact is not None:
        warn_caller(
            f"{path.name} holds {n} of the {exact.y.size} x {exact.x.size} positions of its map; the others "
            "are NaN. Was the scan stopped, or the file cut off?"
        )
    return exact


def _exact(y: Floats, x: Floats) -> Grid | None:
    (rows, row), (columns, column) = (np.unique(place, return_inverse=True) for place in (y, x))
    index = row * columns.size + column
    if y.size < _GRID_SHARE * rows.size * columns.size or _distinct(index) < y.size:
        return None
    return Grid(rows, columns, index)


def _snapped(path: Path, y: Floats, x: Floats, exact: Grid | None) -> Grid | None:
    """Positions on the even grid that they are near to, if it is better filled than the one as written."""
    n = y.size
    down, along = _even_lines(y), _even_lines(x)
    if down is None or along is None:
        return None
    (rows, row, off_y), (columns, column, off_x) = down, along
    full = rows.size * columns.size
    off = np.maximum(off_y, off_x)
    index = row * columns.size + column
    if full < _FEWEST or n < _GRID_SHARE * full:
        return None
    distinct = _distinct(index)
    share = distinct / full
    if share < (_FILLED if full < _MANY else _GRID_SHARE):
        return None
    if n - distinct > max(1, int(_DOUBLED * n)):
        return None
    if exact is not None and share <= n / (exact.y.size * exact.x.size):
        return None
    astray = np.flatnonzero(off > _STRAY)
    if astray.size:
        if astray.size <= max(1, int(_DOUBLED * n)):
            i = int(astray[0])
            rest = "the spectra stay a list" if exact is None else "it makes a line of its own"
            warn_caller(
                f"{path.name}: spectrum {i + 1} at x = {x[i]:g}, y = {y[i]:g} lies {off[i]:.2f} steps off "
                f"the grid of {rows.size} x {columns.size} positions, more than {_STRAY}, so {rest}; correct "
                "that position."
            )
        return None
    index, words = _undoubled(index, full, columns.size)
    strayed = int((off > _ROUNDING).sum())
    if strayed:
        words = [
            f"{strayed} of {n} positions miss it by up to {off.max():.2g} of a step and were moved onto it "
            f"(tolerance {_STRAY})",
            *words,
        ]
    if missing := full - _distinct(index[index >= 0]):
        words.append(f"{missing} positions are missing and NaN")
    if words:
        warn_caller(
            f"{path.name}: on the grid of {rows.size} x {columns.size} positions, {'; '.join(words)}."
        )
    return Grid(rows, columns, index)


def _distinct(index: NDArray[np.intp]) -> int:
    """Count the points taken; numpy's unique takes seconds for a million."""
    return int(np.count_nonzero(np.bincount(index)))


def _even_lines(place: Floats) -> tuple[Floats, NDArray[np.intp], Floats] | None:
    """Even lines near to all positions along one direction: the lines, which one each is on, steps off it."""
    written = np.unique(place)
    gaps = np.diff(written)
    if gaps.size == 0:
        return written, np.zeros(place.size, dtype=np.intp), np.zeros(place.size)
    first = np.concatenate([[True], gaps > _between(gaps)])
    group = np.cumsum(first) - 1
    member = group[np.searchsorted(written, place)]
    # the median of a line: one position that is far off does not move it
    order = np.lexsort((place, member))
    starts = np.flatnonzero(np.diff(member[order], prepend=-1))
    ends = np.append(starts[1:], place.size)
    middle = place[order][(starts + ends - 1) // 2]
    if middle.size < 2:
        return None
    step = float(np.median(np.diff(middle)))
    number = np.concatenate([[0.0], np.cumsum(np.round(np.diff(middle) / step))]).astype(np.intp)
    line = number[member]
    step, origin = np.polyfit(line, place, 1)
    if step <= 0 or number[-1] >= place.size:
        return None
    lines = origin + step * np.arange(number[-1] + 1)
    # lines that most positions stand on exactly keep the value of the file
    standing = np.bincount(member, place == middle[member])
    exact = np.flatnonzero(standing > 0.5 * np.bincount(line)[number])
    lines[number[exact]] = middle[exact]
    return lines, line, np.abs(place - lines[line]) / step


def _between(gaps: Floats) -> float:
    """Gap above which a new line starts: where the sorted gaps grow most, if some are small at all."""
    ordered = np.sort(gaps)
    if ordered[0] >= ordered[-1] / 3:
        return 0.0
    large = np.flatnonzero(ordered[1:] >= ordered[-1] / 3)
    # places that differ in their last bit only: the growth of their gaps may be beyond all numbers
    with np.errstate(over="ignore"):
        i = int(large[np.argmax(ordered[1:][large] / ordered[:-1][large])])
    return float(ordered[i] + ordered[i + 1]) / 2


def _undoubled(index: NDArray[np.intp], full: int, width: int) -> tuple[NDArray[np.intp], list[str]]:
    """Move spectra from taken points to the missing one between their neighbors, or leave them out."""
    _, first, inverse = np.unique(index, return_index=True, return_inverse=True)
    earlier = first[inverse]
    repeated = np.flatnonzero(earlier != np.arange(index.size))
    index = index.copy()
    vacant = set(np.flatnonzero(np.bincount(index, minlength=full) == 0).tolist())
    moved, left = [], []
    for later in repeated.tolist():
        for k, other in ((later, int(earlier[later])), (int(earlier[later]), later)):
            beside = [int(index[j]) for j in (k - 1, k + 1) if 0 <= j < index.size]
            found = set.intersection(*(_next_to(b, width) for b in beside)) & vacant
            if len(found) == 1:
                index[k] = found.pop()
                vacant.discard(int(index[k]))
                moved.append(f"{k + 1} with {other + 1}")
                break
        else:
            index[later] = -1
            left.append(f"{later + 1} with {int(earlier[later]) + 1}")
    words = []
    for found_words, what in (
        (moved, "put on the missing point between their neighbors in the scan"),
        (left, "left out"),
    ):
        if found_words:
            listed = ", ".join(found_words[:3]) + (", ..." if len(found_words) > 3 else "")
            words.append(f"{len(found_words)} spectra share a point with another ({listed}) and were {what}")
    return index, words


def _next_to(point: int, width: int) -> set[int]:
    """Points beside, above and below a point."""
    sides = {point - 1} if point % width else set()
    return sides | ({point + 1} if (point + 1) % width else set()) | {point - width, point + width}
