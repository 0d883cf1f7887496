# SPDX-License-Identifier: BSD-3-Clause
"""What stretches a simulated flake: a wrinkle, a bubble or a random strain field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from strain2dos.simulate._films.bubble import POISSON_MOS2, bubble_strain
from strain2dos.simulate._films.wrinkle import random_strain_field, wrinkle_strain

Scene = Literal["wrinkle", "bubble", "random"]
_Axis = NDArray[np.float64]
_Membrane = tuple[NDArray[np.float64], NDArray[np.float64]]


def flake_outline(y: _Axis, x: _Axis) -> NDArray[np.bool_]:
    """A flake of rounded-square outline that leaves a margin of substrate of about one pixel in twelve."""
    v, u = (2 * (axis - axis.mean()) / np.ptp(axis) for axis in (y, x))
    return np.abs(v[:, None]) ** 6 + np.abs(u) ** 6 <= 0.86**6


def stretched_membrane(
    scene: Scene, y: _Axis, x: _Axis, max_strain: float, rng: np.random.RandomState
) -> _Membrane:
    """Height (y, x) and strain (y, x, 3) of a scene; its largest principal strain is ``max_strain``.

    Raises
    ------
    ValueError
        When the scene is unknown.
    """
    if scene not in _SCENES:
        raise ValueError(f"scene must be one of {tuple(_SCENES)}, but is {scene!r}.")
    return _SCENES[scene](y, x, max_strain, rng)


def _wrinkle(y: _Axis, x: _Axis, max_strain: float, rng: np.random.RandomState) -> _Membrane:
    """One wrinkle across the map; its height follows from the largest strain, (height / width)^2 / (2 e)."""
    size = min(np.ptp(y), np.ptp(x))
    width = 0.11 * size
    return wrinkle_strain(
        x[None, :],
        y[:, None],
        height=width * np.sqrt(2 * np.e * max_strain),
        width=width,
        center=(float(x.mean()), float(y.mean())),
        angle=np.deg2rad(20.0),
        bend=0.03 * size,
        period=1.1 * size,
    )


def _bubble(y: _Axis, x: _Axis, max_strain: float, rng: np.random.RandomState) -> _Membrane:
    """One bubble; its height follows from the strain at the apex, (3 - nu) / 4 (height / radius)^2."""
    radius = 0.3 * min(np.ptp(y), np.ptp(x))
    return bubble_strain(
        x[None, :],
        y[:, None],
        height=radius * np.sqrt(4.0 * max_strain / (3.0 - POISSON_MOS2)),
        radius=radius,
        center=(float(x.mean()), float(y.mean())),
    )


def _random(y: _Axis, x: _Axis, max_strain: float, rng: np.random.RandomState) -> _Membrane:
    """A flat film with smooth strain of either sign, smoothed over an eighth of the map."""
    shape = (y.size, x.size)
    field = random_strain_field(shape, amplitude=1.0, correlation=min(shape) / 8.0, random_state=rng)
    exx, eyy, exy = np.moveaxis(field, -1, 0)
    principal = 0.5 * (np.abs(exx + eyy) + np.hypot(exx - eyy, 2 * exy))
    return np.zeros(shape), field * (max_strain / principal[flake_outline(y, x)].max())


_SCENES: dict[str, Callable[[_Axis, _Axis, float, np.random.RandomState], _Membrane]] = {
    "wrinkle": _wrinkle,
    "bubble": _bubble,
    "random": _random,
}
