# SPDX-License-Identifier: BSD-3-Clause
"""How strongly each line scatters for given polarizations of the incident and the scattered light."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos._renamed import renamed_parameters
from strain2dos.simulate._strain_symmetry import as_tensors


@renamed_parameters(polarisation="polarization")
def polarized_intensities(strain: ArrayLike, polarization: ArrayLike) -> NDArray[np.float64]:
    r"""Share of the lines E'-, E'+ and A1' that polarized backscattering shows.

    A monolayer of 2H type (point group D3h) has a mirror plane that holds the armchair direction. An E' mode
    that moves along armchair (y) is even under it and has the Raman tensor [[1, 0], [0, -1]]; one along
    zigzag (x) is odd and has [[0, 1], [1, 0]]; the threefold axis gives them equal size and these signs. A
    mode that moves at the angle alpha against zigzag therefore scatters with the intensity
    ``sin^2(alpha + theta_i + theta_s)``. Strain fixes alpha: the secular equation puts the lower branch
    along the larger principal strain (angle phi), the upper one across. So

    - ``I(E'-) = sin^2(phi + theta_i + theta_s)`` and ``I(E'+) = cos^2(phi + theta_i + theta_s)``,
    - ``I(A1') = cos^2(theta_i - theta_s)``.

    With polarizations counted from the strain axis instead of zigzag the first two read
    ``sin^2(theta_i + theta_s + 3 phi)`` and ``cos^2(theta_i + theta_s + 3 phi)``, the published form. Raman
    tensors are those of the unstrained crystal; their change with strain is of first order in the strain and
    is left out.

    Parameters
    ----------
    strain : array-like of shape (n, 3)
        Tensors [exx, eyy, exy] as fractions, x along zigzag and y along armchair. Without a deviator both
        branches coincide, and only their sum has a meaning.
    polarization : array-like of shape (2,) or (n, 2)
        Angles (theta_i, theta_s) of incident and scattered electric field against x, in radians.

    Returns
    -------
    ndarray of shape (n, 3)
        Intensity of [E'-, E'+, A1']. The two E' branches sum to 1; A1' is 1 for parallel polarizations.

    Raises
    ------
    ValueError
        When a shape is wrong.

    References
    ----------
    R. Loudon, Adv. Phys. 13, 423 (1964): Raman tensors of the crystal classes.
    T. M. G. Mohiuddin et al., Phys. Rev. B 79, 205433 (2009): the doublet of graphene under uniaxial strain.
    Y. Wang et al., Small 9, 2857 (2013): the same for monolayer MoS2.
    D. Doratotaj, J. R. Simpson, J.-A. Yan, Phys. Rev. B 93, 075401 (2016): in MoS2 the branch that moves
    along the strain softens under tension.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.simulate import polarized_intensities
    >>> stretched_along_zigzag = [[0.01, 0.0, 0.0]]
    >>> polarized_intensities(stretched_along_zigzag, (0.0, 0.0))
    array([[0., 1., 1.]])
    >>> polarized_intensities(stretched_along_zigzag, (0.0, np.pi / 2)).round(12)
    array([[1., 0., 0.]])
    """
    tensor = as_tensors(strain)
    angles = np.asarray(polarization, dtype=np.float64)
    if angles.shape not in ((2,), (len(tensor), 2)):
        raise ValueError(
            f"polarization must have shape (2,) or ({len(tensor)}, 2) with the angles of incident and "
            f"scattered light in radians, but has {angles.shape}."
        )
    exx, eyy, exy = tensor.T
    incident, scattered = angles.T
    stretch = 0.5 * np.arctan2(2 * exy, exx - eyy)
    lower = np.sin(stretch + incident + scattered) ** 2
    a_mode = np.broadcast_to(np.cos(incident - scattered) ** 2, lower.shape)
    return np.column_stack([lower, 1.0 - lower, a_mode])
