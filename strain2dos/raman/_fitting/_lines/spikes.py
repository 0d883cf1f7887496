# SPDX-License-Identifier: BSD-3-Clause
"""Before the fit: cosmic rays and dead pixels, told from lines by how steep they are; compiled."""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._lines.outliers import robust_scale
from strain2dos.raman._fitting._lines.usable import FINITE, OPTIONS, smallest_step, used_range
from strain2dos.raman._fitting._squares.normal_equations import unsigned

# A dead pixel has lost so much of what its sides stand above the lowest point. Between the branches of a line
# that is a half, however narrow and near they are.
HOLE = 0.85
# Values this near to multiples of a unit are counts of it.
ROUNDED = 1e-6
ONE, TWO = np.uint64(1), np.uint64(2)


@njit(**FINITE)
def _count_narrow(y, m, width, least, share):
    """Number of places where ``width`` points rise by ``least`` above sides that hardly rise themselves."""
    n = 0
    middle, last = unsigned(2 + width // 2), unsigned(1 + width)
    for k in range(m - 3 - width):
        i = unsigned(k)
        first, center, end = y[i + TWO], y[i + middle], y[i + last]
        lowest, highest = min(first, center, end), max(first, center, end)
        side = max(y[i + ONE], y[i + last + ONE])
        far = 0.5 * (y[i] + y[i + last + TWO])
        n += 1 if (lowest - side >= least) & (side - far < share * (highest - far)) else 0
    return n


@njit(**FINITE)
def _count_holes(y, m, width, least, low):
    """Number of places where ``width`` points lie as `_mask_holes` asks."""
    n = 0
    for k in range(m - 1 - width):
        i = unsigned(k)
        side = min(y[i], y[i + unsigned(width + 1)])
        inside = max(y[i + ONE], y[i + unsigned(width)])
        n += 1 if (side - inside >= least) & (side - inside >= HOLE * (side - low)) else 0
    return n


@njit(**OPTIONS)
def _bending_noise(y, sw, m, curvature, buffer):
    """Noise of the points, from what stands out of the middle of both neighbors."""
    here, after = y[1:], y[2:]
    for k in range(m - 2):
        curvature[k] = here[k] - 0.5 * (y[k] + after[k])
    return robust_scale(curvature[: m - 2], sw[1 : m - 1], buffer) / 1.2247


@njit(**OPTIONS)
def _line_share(width, narrowest):
    """How much the sides of the narrowest line rise, over its own rise, seen at its ``width`` highest points.

    Lorentzian of full width ``narrowest`` (points): sides and what lies one point further out.
    """
    q = 4.0 / narrowest**2
    top = 1.0 if width % 2 == 1 else 1.0 / (1.0 + 0.25 * q)
    side = 1.0 / (1.0 + q * (0.5 * (width + 1)) ** 2)
    far = 1.0 / (1.0 + q * (0.5 * (width + 3)) ** 2)
    return (side - far) / (top - far)


@njit(**OPTIONS)
def _mask_holes(y, sw, m, low, high, curvature, buffer):
    """Give weight 0 to dead pixels: one to three points that fall from both sides at once to the lowest.

    Between the branches of a line no valley is so deep and so steep. Returns how many.
    """
    n_masked, least = 0, 0.1 * (high - low)
    for width in range(1, 4):
        if _count_holes(y, m, width, least, low) == 0:
            continue
        noise = _bending_noise(y, sw, m, curvature, buffer)
        for k in range(1, m - width):
            side, inside = min(y[k - 1], y[k + width]), y[k]
            for j in range(k + 1, k + width):
                inside = max(inside, y[j])
            deep = side - inside
            if deep < least or deep < HOLE * (side - low) or deep < 8.0 * noise:
                continue
            for j in range(k, k + width):
                n_masked += 1 if sw[j] > 0.0 else 0
                sw[j] = 0.0
                y[j] = 0.5 * (y[k - 1] + y[k + width])
    return n_masked


@njit(**OPTIONS)
def _variance_per_level(y, sw, m, noise, low):
    """By how much the variance grows with the level where values are counts, of which a line has more.

    The unit of values that are multiples of one; else ``noise`` is that of the mean level, from zero counts.
    """
    unit, total, n = smallest_step(y, sw, m), 0.0, 0.0
    whole = unit < np.inf
    for k in range(m):
        if sw[k] > 0.0:
            steps = (y[k] - low) / unit
            whole = whole and abs(steps - np.floor(steps + 0.5)) < ROUNDED
            total, n = total + y[k], n + 1.0
    if whole:
        return unit
    return noise**2 * n / total if low >= 0.0 and total > 0.0 else 0.0


@njit(**OPTIONS)
def mask_spikes(y, sw, m, low, high, narrowest, curvature, buffer):
    """Give weight 0 to cosmic rays: one to three points far above both sides, too steep for a Raman line.

    Dead pixels, which lie as far below, come first.

    Parameters
    ----------
    y, sw : (m,) ndarray
        Spectrum and square root of the weights (changed in place; a hit point takes the value of its sides).
    low, high : float
        Range of the points with a weight.
    narrowest : float
        Full width at half maximum, in points, of the narrowest line that must survive.
    curvature, buffer : (m,) ndarray
        Scratch.

    Returns
    -------
    int
        Number of points masked.

    Notes
    -----
    Points count as hit when the lowest of them stands 8 noise standard deviations above the higher of the two
    sides, by the noise of counts at the level of that side, and when that side rises by less than 0.6 of what
    it would beside the narrowest line (`_line_share`). The charge of a hit spills over: one point on either
    side is masked along.
    """
    n_masked = _mask_holes(y, sw, m, low, high, curvature, buffer)
    # Wide ones first: with part of a hit gone, the rest would stand beside a hole. Singles twice: behind a
    # strong hit its weaker neighbor shows.
    for width, again in ((3, False), (2, False), (1, False), (1, True)):
        if (again and n_masked == 0) or width > narrowest + 1.0:
            continue
        if n_masked > 0:
            low, high = used_range(y, sw, m)
        # Smaller spikes are left to the residuals of the fit (`mask_outliers`).
        least, share = 0.1 * (high - low), 0.6 * _line_share(width, narrowest)
        if not high > low or _count_narrow(y, m, width, least, share) == 0:
            continue
        noise = growth = -1.0  # not known before they are needed: the median costs more than all the rest
        for k in range(2, m - 1 - width):
            last = k + width - 1
            lowest, highest = y[k], y[k]
            for j in range(k + 1, last + 1):
                lowest, highest = min(lowest, y[j]), max(highest, y[j])
            side = max(y[k - 1], y[last + 1])
            if lowest - side < least or sw[k] == 0.0 or sw[last] == 0.0:
                continue
            far = 0.5 * (y[k - 2] + y[last + 2])
            if side - far >= share * (highest - far):
                continue
            if noise < 0.0:
                noise = _bending_noise(y, sw, m, curvature, buffer)
                growth = _variance_per_level(y, sw, m, noise, low)
            if lowest - side < 8.0 * np.sqrt(noise**2 + growth * max(side - low, 0.0)):
                continue
            for j in range(k - 1, last + 2):
                n_masked += 1 if sw[j] > 0.0 else 0
                sw[j] = 0.0
            for j in range(k, last + 1):
                # Not used by the fit; it keeps the point from hiding its neighbors here.
                y[j] = 0.5 * (y[k - 1] + y[last + 1])
    return n_masked
