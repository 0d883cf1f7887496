# SPDX-License-Identifier: BSD-3-Clause
"""The error of a typical point as an ellipse of one standard deviation."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import Ellipse

Floats = NDArray[np.float64]

# In fractions of the axes: an ellipse smaller than this is drawn ten times larger, and again until it is not.
_SMALLEST = 0.008
# In fractions of the axes: the corners in which it may stand.
_CORNERS = np.array([[x, y] for x in (0.12, 0.88) for y in (0.12, 0.88)])


def draw_ellipse(ax: "Axes", covariance: Floats, points: Floats) -> "tuple[Ellipse | None, int]":
    """Draw the median covariance in the corner that is farthest from all points.

    Parameters
    ----------
    ax : matplotlib Axes
    covariance : (n, 2, 2) ndarray
        Of the points; those that are not finite are left out.
    points : (m, 2) ndarray
        What the ellipse keeps away from.

    Returns
    -------
    ellipse : matplotlib Ellipse or None
        None without a finite covariance.
    magnification : int
        By how much it is drawn too large, a power of ten.
    """
    from matplotlib.patches import Ellipse

    covariance = covariance[np.isfinite(covariance).all(axis=(1, 2))]
    if not len(covariance):
        return None, 1
    typical = np.median(covariance, axis=0)
    magnification = _magnification(ax, typical)
    variances, axes = np.linalg.eigh(typical)
    width, height = 2.0 * magnification * np.sqrt(np.maximum(variances[::-1], 0.0))
    words = rf", drawn $\times${magnification}" if magnification > 1 else ""
    x, y = _emptiest_corner(ax, points)
    ellipse = Ellipse(
        (float(x), float(y)),
        width,
        height,
        angle=float(np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))),
        facecolor="0.85",
        edgecolor="black",
        lw=1,
        zorder=4,
        label=rf"1$\sigma$ error of a typical point{words}",
    )
    ax.add_patch(ellipse)
    return ellipse, magnification


def _magnification(ax: "Axes", covariance: Floats) -> int:
    spans = np.array([np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())])
    largest = float((np.sqrt(np.maximum(np.diag(covariance), 0.0)) / spans).max())
    times = 1
    while 0.0 < largest * times < _SMALLEST:
        times *= 10
    return times


def _emptiest_corner(ax: "Axes", points: Floats) -> Floats:
    """The corner of the axes (a little inside) from which the next point is farthest."""
    low = np.array([ax.get_xlim()[0], ax.get_ylim()[0]])
    span = np.array([ax.get_xlim()[1], ax.get_ylim()[1]]) - low
    distance = [np.linalg.norm((points - low) / span - corner, axis=1).min() for corner in _CORNERS]
    return low + span * _CORNERS[int(np.argmax(distance))]
