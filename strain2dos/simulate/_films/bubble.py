# SPDX-License-Identifier: BSD-3-Clause
"""Strain of a membrane that a bubble of gas or liquid lifts off its substrate."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

#: Poisson ratio of monolayer MoS2 as used by Sah et al., arXiv:2406.06020 (2024). C12 / C11 from the total
#: energies of the bundled first-principles records gives 0.24 to 0.29, by the range of strain taken.
POISSON_MOS2 = 0.25


def bubble_strain(
    x: ArrayLike,
    y: ArrayLike,
    *,
    height: float,
    radius: float,
    center: tuple[float, float] = (0.0, 0.0),
    poisson: float = POISSON_MOS2,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Profile and strain tensor of a circular bubble under a membrane that is clamped at its rim.

    The profile is ``h = height (1 - r^2 / radius^2)``. The displacement in the plane obeys the membrane
    equilibrium ``d(r N_r)/dr = N_t`` with ``e_r = u' + h'^2 / 2`` and ``e_t = u / r``, which for this profile
    reads ``u'' + u'/r - u/r^2 = -2 (3 - poisson) (height / radius^2)^2 r``. With ``u = 0`` in the center and
    at the rim its solution is ``u = (3 - poisson) / 4 (height / radius)^2 r (1 - r^2 / radius^2)``, and

    - ``e_r = (height / radius)^2 / 4 (3 - poisson - (1 - 3 poisson) r^2 / radius^2)``,
    - ``e_t = (height / radius)^2 / 4 (3 - poisson) (1 - r^2 / radius^2)``.

    So the strain is biaxial at the apex, ``(3 - poisson) / 4 (height / radius)^2``, and uniaxial along the
    radius at the rim, ``(1 + poisson) / 2 (height / radius)^2``. Outside it is zero: the film neither slides
    nor bends, and the bending stiffness, which would round the rim, is left out.

    Parameters
    ----------
    x, y : array-like, broadcastable
        Positions, in any one length unit.
    height, radius : float
        Height of the apex and radius of the rim, in the unit of x and y.
    center : tuple of float, default=(0.0, 0.0)
        Position of the apex.
    poisson : float, default=0.25
        Poisson ratio of the membrane; the default is for MoS2 (Sah et al., arXiv:2406.06020 (2024)).

    Returns
    -------
    h : ndarray
        Out-of-plane position.
    strain : ndarray of shape (..., 3)
        [exx, eyy, exy] as fractions.

    Raises
    ------
    ValueError
        When ``radius`` is not positive or ``poisson`` is not between -1 and 1.

    References
    ----------
    K. Yue, W. Gao, R. Huang, K. M. Liechti, J. Appl. Phys. 112, 083512 (2012): membrane analysis of bubbles.
    Z. Dai et al., Phys. Rev. Lett. 121, 266101 (2018): bubbles with a clamped and with a sliding rim.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.simulate import bubble_strain
    >>> h, strain = bubble_strain(np.array([0.0, 0.5, 1.0]), 0.0, height=0.17, radius=1.0)
    >>> strain.round(4)
    array([[0.0199, 0.0199, 0.    ],
           [0.0194, 0.0149, 0.    ],
           [0.0181, 0.    , 0.    ]])
    """
    if radius <= 0 or not -1 < poisson < 1:
        raise ValueError(
            f"radius must be positive and poisson between -1 and 1, but are {radius} and {poisson}."
        )
    dx, dy = np.broadcast_arrays(
        np.asarray(x, dtype=np.float64) - center[0], np.asarray(y, dtype=np.float64) - center[1]
    )
    u, v = dx / radius, dy / radius
    square = u * u + v * v
    inside = square <= 1.0
    h = np.where(inside, height * (1.0 - square), 0.0)
    size = 0.25 * (height / radius) ** 2
    hoop = size * (3.0 - poisson) * (1.0 - square)
    # e_r - e_t over (r / radius)^2: a constant, so that the apex needs no limit of 0 / 0
    excess = 2.0 * size * (1.0 + poisson)
    tensor = np.stack([hoop + excess * u * u, hoop + excess * v * v, excess * u * v], axis=-1)
    return h, np.where(inside[..., None], tensor, 0.0)
