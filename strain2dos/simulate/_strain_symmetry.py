# SPDX-License-Identifier: BSD-3-Clause
"""In-plane strain and the symmetry of a hexagonal layer: equal states and one of each kind."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def strain_invariants(strain: ArrayLike) -> Array:
    """Give the three numbers that the bands of a layer with a threefold axis and mirrors can depend on.

    With ``z = (exx - eyy) + 2i exy``, which a rotation of the crystal by 120 degrees multiplies by a cube
    root of one and the mirror x -> -x conjugates, they are the trace ``exx + eyy``, the deviator ``|z|`` (the
    difference of the principal strains) and ``Re(z^3) / |z|^2``, the deviator times cos(3 phi) with phi its
    angle. All are continuous at zero strain.

    Parameters
    ----------
    strain : array-like of shape (n, 3)
        Tensors [exx, eyy, exy] as fractions, x along zigzag.

    Returns
    -------
    ndarray of shape (n, 3)
        Trace, deviator and oriented deviator.

    Raises
    ------
    ValueError
        When the shape is another.

    Examples
    --------
    >>> from strain2dos.simulate import strain_invariants
    >>> strain_invariants([[0.02, 0.0, 0.0], [0.0, 0.02, 0.0]])
    array([[ 0.02,  0.02,  0.02],
           [ 0.02,  0.02, -0.02]])
    """
    trace, z = _parts(strain)
    size = np.abs(z)
    oriented = np.divide((z**3).real, size**2, out=np.zeros_like(size), where=size > 0)
    return np.column_stack([trace, size, oriented])


def equivalent_strains(strain: ArrayLike) -> Array:
    """Give the six tensors with the same bands: rotations by 120 degrees, each with its mirror image.

    Parameters
    ----------
    strain : array-like of shape (n, 3)
        Tensors [exx, eyy, exy] as fractions, x along zigzag.

    Returns
    -------
    ndarray of shape (n, 6, 3)
        The tensor itself first. States of higher symmetry repeat.

    Examples
    --------
    >>> from strain2dos.simulate import equivalent_strains
    >>> equivalent_strains([[0.02, 0.0, 0.0]])[0].round(4)[:2]
    array([[ 0.02  ,  0.    ,  0.    ],
           [ 0.005 ,  0.015 , -0.0087]])
    """
    trace, deviator = _parts(strain)
    turned = deviator[:, None] * np.exp(-2j * np.pi / 3 * np.arange(3))
    images = np.concatenate([turned, turned.conj()], axis=1)
    return _tensor(trace[:, None], images)


def fundamental_strain(strain: ArrayLike) -> Array:
    """Give for each tensor the equivalent one with 0 <= phi <= 60 degrees, phi the angle of the deviator.

    Parameters
    ----------
    strain : array-like of shape (n, 3)
        Tensors [exx, eyy, exy] as fractions.

    Returns
    -------
    ndarray of shape (n, 3)
        Equivalent tensors; two states are equivalent if and only if these agree.

    Examples
    --------
    >>> from strain2dos.simulate import fundamental_strain
    >>> fundamental_strain([[0.005, 0.015, -0.0087]]).round(3) + 0.0
    array([[0.02, 0.  , 0.  ]])
    """
    trace, deviator = _parts(strain)
    third = 2 * np.pi / 3
    angle = np.abs(np.mod(np.angle(deviator) + third / 2, third) - third / 2)
    return _tensor(trace, np.abs(deviator) * np.exp(1j * angle))


def expand_by_symmetry(strain: ArrayLike, *columns: ArrayLike) -> tuple[Array, ...]:
    """Repeat rows for all tensors that symmetry makes equal, without repeats.

    Parameters
    ----------
    strain : array-like of shape (n, 3)
        Tensors [exx, eyy, exy] as fractions.
    *columns : array-like of shape (n, ...)
        What belongs to each row: DOS, edges, a group label. Rotations by 120 degrees and mirrors leave DOS
        and band edges as they are.

    Returns
    -------
    tuple of ndarray
        The expanded strains (m, 3), then each column with its rows repeated alike. Keep the rows of one state
        in one group when validating: they hold the same curve.

    Examples
    --------
    >>> from strain2dos.simulate import expand_by_symmetry
    >>> strain, gap = expand_by_symmetry([[0.01, 0.01, 0.0], [0.02, 0.0, 0.0]], [1.48, 1.40])
    >>> strain.shape, gap
    ((4, 3), array([1.48, 1.4 , 1.4 , 1.4 ]))
    """
    images = equivalent_strains(strain)
    rows, kept = [], []
    for row, tensors in enumerate(images):
        _, first = np.unique(np.round(tensors, 12) + 0.0, axis=0, return_index=True)
        first.sort()
        kept.append(tensors[first])
        rows.append(np.full(len(first), row))
    index = np.concatenate(rows) if rows else np.zeros(0, dtype=np.intp)
    strains = np.concatenate(kept) if kept else np.zeros((0, 3))
    return strains, *(np.asarray(column)[index] for column in columns)


def as_tensors(strain: ArrayLike) -> Array:
    """Check strain tensors; give them as floats of shape (n, 3)."""
    tensors = np.asarray(strain, dtype=np.float64)
    if tensors.ndim != 2 or tensors.shape[1] != 3:
        raise ValueError(
            f"strain must have shape (n, 3) with columns exx, eyy, exy, but has {tensors.shape}; write one "
            f"tensor as [[exx, eyy, exy]]."
        )
    return tensors


def _parts(strain: ArrayLike) -> tuple[Array, NDArray[np.complex128]]:
    tensors = as_tensors(strain)
    return tensors[:, 0] + tensors[:, 1], (tensors[:, 0] - tensors[:, 1]) + 2j * tensors[:, 2]


def _tensor(trace: Array, z: NDArray[np.complex128]) -> Array:
    return np.stack([trace + z.real, trace - z.real, z.imag], axis=-1) / 2
