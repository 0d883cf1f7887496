# SPDX-License-Identifier: BSD-3-Clause
"""The range that is fitted, and what is hidden from the search for lines, against masks of numpy."""

from typing import NamedTuple

import numpy as np
import pytest

from strain2dos._compiled import njit
from strain2dos.raman._fitting._lines import window
from strain2dos.raman._fitting.records import CHOSEN2, SCALED, SIGNAL

# compiled by themselves: elsewhere they are parts of the fit
ALONE = window.OPTIONS | {"part": False, "cache": False}
cut = njit(**ALONE)(window._cut.py_func)
hide = njit(**ALONE)(window._hide.py_func)
are_apart = njit(**ALONE)(window._are_apart.py_func)
X = np.arange(360.0, 430.0, 0.7)


class Problem(NamedTuple):
    x: np.ndarray
    bins: np.ndarray
    margin: float


class Scratch(NamedTuple):
    points: np.ndarray


PROBLEM = Problem(X, X, 20.0)


@pytest.mark.parametrize(("first", "last"), [(384.6, 402.7), (360.0, 402.7), (384.6, 429.0), (395.0, 395.0)])
def test_the_range_reaches_the_margin_beyond_both_lines(first, last):
    k0, n = cut(PROBLEM, first, last)
    inside = np.flatnonzero((first - 20.0 <= X) & (last + 20.0 >= X))
    assert (k0, n) == (inside[0], inside.size)


@pytest.mark.parametrize("line", [300.0, 500.0])
def test_a_range_beyond_the_axis_keeps_one_point(line):
    assert cut(PROBLEM, line, line) == (0 if line < 400 else X.size - 1, 1)


@pytest.mark.parametrize("place", [361.0, 395.3, 429.0])
def test_a_line_is_hidden_down_to_its_feet(place):
    """Everything from the valley below the line to the one above it; the other lines stay."""
    signal = sum(
        h / (1 + ((X - c) / 1.5) ** 4) for c, h in ((place, 7.0), (place - 14, 3.0), (place + 14, 4.0))
    )
    s = Scratch(np.zeros((SIGNAL + 1, X.size)))
    s.points[SIGNAL] = signal
    assert hide(PROBLEM, place, s) == signal[np.abs(X - place) < window.KNOWN_REACH].max()
    steps = np.sign(np.diff(signal))
    valleys = 1 + np.flatnonzero((steps[:-1] < 0) & (steps[1:] > 0))
    below, above = valleys[X[valleys] < place], valleys[X[valleys] > place]
    first, last = below[-1] if below.size else 0, above[0] if above.size else X.size - 1
    wanted = signal.copy()
    wanted[first : last + 1] = 0.0
    np.testing.assert_array_equal(s.points[SIGNAL], wanted)


def test_beside_the_axis_nothing_is_hidden():
    s = Scratch(np.ones((SIGNAL + 1, X.size)))
    assert hide(PROBLEM, 500.0, s) == 0.0
    assert (s.points == 1.0).all()


class Doublet(NamedTuple):
    bins: np.ndarray
    taps: np.ndarray
    pair: int


class Maxima(NamedTuple):
    points: np.ndarray
    ints: np.ndarray


@pytest.mark.parametrize(
    ("low", "high", "dip", "certain"),
    [
        (6.0, 9.0, 2.0, True),
        (5.1, 5.1, 4.0, True),
        (4.9, 4.9, 3.0, False),  # less than five times the noise
        (8.0, 19.0, 2.0, False),  # less than 0.3 of both
        (8.3, 19.0, 2.0, True),
        (6.0, 6.0, 5.1, False),  # no dip that the noise could not make
        (6.0, 6.0, 4.9, True),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_branches_are_certain_where_two_maxima_are_alike_and_apart(low, high, dip, certain, order):
    """In units of the noise, which steps between neighbors of the unsmoothed spectrum give."""
    noise = np.where(np.arange(X.size) % 2, 1.0, -1.0) / np.sqrt(2.0) * np.sqrt(X.size / (X.size - 1))
    made = Maxima(np.zeros((SIGNAL + 6, X.size)), np.zeros((CHOSEN2 + 1, 4), dtype=np.int64))
    made.points[SCALED] = noise  # steps of root 2: as neighbors of unit noise have
    first, last = 20, 32
    made.points[SIGNAL, first : last + 1] = dip
    made.points[SIGNAL, [first, last]] = (low, high)[::order]
    made.ints[CHOSEN2, 1:3] = first, last
    assert are_apart(Doublet(X, np.ones(1), 1), made) == certain
