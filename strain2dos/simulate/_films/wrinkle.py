# SPDX-License-Identifier: BSD-3-Clause
"""Strain of a membrane that follows a wrinkle, and a random strain field that a real film could have."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter
from sklearn.utils import check_random_state


def wrinkle_strain(
    x: ArrayLike,
    y: ArrayLike,
    *,
    height: float,
    width: float,
    center: tuple[float, float] = (0.0, 0.0),
    angle: float = 0.0,
    bend: float = 0.0,
    period: float = 20.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Profile and strain tensor of a film that sticks to a ridge-shaped substrate.

    The ridge is ``h = height exp(-s^2 / (2 width^2))`` where s is the distance from a sinuous line. The
    film follows it without sliding in the plane, so its membrane strain is ``eps_ij = (dh/di)(dh/dj) / 2``:
    zero on the crest and largest, ``(height / width)^2 / (2 e)``, on the flanks one ``width`` away.

    Parameters
    ----------
    x, y : array-like, broadcastable
        Positions, in any one length unit.
    height, width : float
        Ridge height and standard deviation, in the unit of x and y.
    center : tuple of float, default=(0.0, 0.0)
        A point on the ridge line.
    angle : float, default=0.0
        Direction across the ridge against the x axis, in radians.
    bend, period : float, default=0.0 and 20.0
        Amplitude and wavelength of the line's sinuosity.

    Returns
    -------
    h : ndarray
        Out-of-plane position.
    strain : ndarray of shape (..., 3)
        [exx, eyy, exy] as fractions.

    Raises
    ------
    ValueError
        When ``width`` or ``period`` is not positive.

    References
    ----------
    L. D. Landau, E. M. Lifshitz, Theory of Elasticity, section 14: membrane strain of a bent plate
    (Foeppl-von Karman).

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.simulate import wrinkle_strain
    >>> h, strain = wrinkle_strain(np.array([0.0, 1.0]), 0.0, height=0.3, width=1.0)
    >>> strain[:, 0].round(4)
    array([0.    , 0.0166])
    """
    if width <= 0 or period <= 0:
        raise ValueError(f"width and period must be positive, but are {width} and {period}.")
    dx = np.asarray(x, dtype=np.float64) - center[0]
    dy = np.asarray(y, dtype=np.float64) - center[1]
    dx, dy = np.broadcast_arrays(dx, dy)
    across, along = dx * np.cos(angle) + dy * np.sin(angle), -dx * np.sin(angle) + dy * np.cos(angle)
    phase = 2 * np.pi * along / period
    s = across - bend * np.sin(phase)
    ds_along = -bend * 2 * np.pi / period * np.cos(phase)
    h = height * np.exp(-(s**2) / (2 * width**2))
    slope = -s / width**2 * h
    hx = slope * (np.cos(angle) - ds_along * np.sin(angle))
    hy = slope * (np.sin(angle) + ds_along * np.cos(angle))
    return h, 0.5 * np.stack([hx * hx, hy * hy, hx * hy], axis=-1)


def random_strain_field(
    shape: tuple[int, int],
    *,
    amplitude: float = 0.001,
    correlation: float = 4.0,
    random_state: int | np.random.RandomState | None = None,
) -> NDArray[np.float64]:
    """Smooth random in-plane strain that derives from a displacement field, as any real strain does.

    Two random displacements, smoothed by a Gaussian, give it: ``eps_ij = (du_i/dj + du_j/di) / 2``.

    Parameters
    ----------
    shape : tuple of int
        Number of pixels (y, x), at least 2 each.
    amplitude : float, default=0.001
        Root mean square of exx + eyy over the map, as a fraction.
    correlation : float, default=4.0
        Smoothing length in pixels.
    random_state : int, RandomState or None, default=None
        Seed.

    Returns
    -------
    ndarray of shape (y, x, 3)
        [exx, eyy, exy] as fractions.

    Raises
    ------
    ValueError
        When the map is smaller than 2 x 2 or ``correlation`` is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.simulate import random_strain_field
    >>> field = random_strain_field((20, 30), amplitude=0.002, random_state=0)
    >>> trace = field[..., 0] + field[..., 1]
    >>> field.shape, float(np.sqrt((trace**2).mean()).round(6))
    ((20, 30, 3), 0.002)
    """
    if min(shape) < 2 or correlation <= 0:
        raise ValueError(
            f"shape must be at least (2, 2) and correlation positive, but are {shape} and {correlation}."
        )
    rng = check_random_state(random_state)
    u, v = (gaussian_filter(rng.normal(size=shape), correlation, mode="reflect") for _ in range(2))
    (uy, ux), (vy, vx) = np.gradient(u), np.gradient(v)
    field = np.stack([ux, vy, 0.5 * (uy + vx)], axis=-1)
    return field * (amplitude / np.sqrt(np.mean((ux + vy) ** 2)))
