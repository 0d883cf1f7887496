# SPDX-License-Identifier: BSD-3-Clause
"""What the figures of this package share: colors, axes, and reasons in words."""

from types import ModuleType
from typing import TYPE_CHECKING

from strain2dos.raman._fitting.status import FitStatus

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito, Color Universal Design (2008).
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
BLUE, VERMILION, GREEN, PINK, ORANGE, SKY_BLUE = COLORS
GRAY = "#666666"


def pyplot() -> ModuleType:
    """matplotlib.pyplot, imported only when something is drawn."""
    import matplotlib.pyplot as plt

    return plt


def new_axes(ax: "Axes | None", figsize: tuple[float, float] = (5.2, 4.0)) -> "Axes":
    """Return the axes given, or those of a new figure."""
    return pyplot().subplots(figsize=figsize, layout="constrained")[1] if ax is None else ax


def status_words(code: int) -> str:
    """Status of a fit as a reader wants it: ``"all points are equal (FLAT)"``.

    Examples
    --------
    >>> from strain2dos._plotting.axes import status_words
    >>> status_words(4)
    'all points are equal (FLAT)'
    """
    status = FitStatus(code)
    return f"{status.words} ({status.name})"
