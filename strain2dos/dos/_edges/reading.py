# SPDX-License-Identifier: BSD-3-Clause
"""Band edges read from curves of the density of states."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from strain2dos._compiled import njit
from strain2dos._grids import check_ascending
from strain2dos._reprs import one_line, span, table


class BandEdges(NamedTuple):
    """Valence band maximum, conduction band minimum and gap, one number per curve, in eV.

    Attributes
    ----------
    vbm : ndarray
        Valence band maximum [eV]; NaN where the curve has none.
    cbm : ndarray
        Conduction band minimum [eV]; NaN where the curve has none.
    gap : ndarray
        ``cbm - vbm`` [eV]; 0 for a metal, NaN where an edge lies outside the grid.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.dos import BandEdges
    >>> BandEdges(vbm=np.array([-5.9]), cbm=np.array([-4.3]), gap=np.array([1.6])).gap
    array([1.6])
    """

    vbm: NDArray[np.float64]
    cbm: NDArray[np.float64]
    gap: NDArray[np.float64]

    def __repr__(self) -> str:
        """Number of curves, and the middle and span of each edge."""
        return one_line(type(self).__name__, *self._described())

    def _repr_html_(self) -> str:
        return table(type(self).__name__, *self._described())

    def _described(self) -> tuple[str, dict[str, str]]:
        rows = {name: span(value, "eV") for name, value in self._asdict().items()}
        gaps = np.asarray(self.gap, dtype=float)
        if lost := int((~np.isfinite(gaps)).sum()):
            rows["without a gap"] = str(lost)
        return f"{gaps.size} {'curve' if gaps.size == 1 else 'curves'}", rows


def band_edges(
    energies: ArrayLike, dos: ArrayLike, *, threshold: float = 0.1, reference: ArrayLike = 0.0
) -> BandEdges:
    r"""Find where the density of states rises above a threshold on both sides of a reference energy.

    Parameters
    ----------
    energies : array-like of shape (n_energies,)
        Energies [eV], strictly ascending.
    dos : array-like of shape (..., n_energies)
        Densities of states, one curve along the last axis [states/eV/cell, or any unit].
    threshold : float, default=0.1
        Density that counts as a band, in the unit of `dos`. The default suits states/eV/cell: a
        two-dimensional band of mass :math:`m` in :math:`g` valleys is a step of
        :math:`g\,m A / (2 \pi \hbar^2)` per spin (area :math:`A` of the cell), 0.2 to 0.4 for MoS2, and
        broadening leaves half of a step at the edge.
    reference : float or array-like of shape (...), default=0.0
        Energy inside the gap [eV], one for all curves or one per curve.

    Returns
    -------
    BandEdges
        ``(vbm, cbm, gap)``, each of shape ``dos.shape[:-1]``: the nearest crossing of the threshold below and
        above the reference, by linear interpolation between grid points. A curve that reaches the
        threshold at the reference itself is metallic there: no edges (NaN) and a gap of 0. A curve that
        never reaches the threshold on one side has NaN for that edge and for the gap, as has a curve with
        a value that is not finite between the edges.

    Raises
    ------
    ValueError
        If the energies do not ascend, the shapes do not match, the threshold is not positive, or a
        reference lies outside the grid.

    See Also
    --------
    DOSRegressor.predict_edges : Edges of predicted curves, or learned from eigenvalues.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos import band_edges
    >>> energies = np.linspace(-2.0, 2.0, 401)
    >>> dos = np.clip(np.abs(energies) - 0.8, 0.0, None)
    >>> edges = band_edges(energies, dos[None, :], threshold=0.1)
    >>> edges.vbm.round(3), edges.cbm.round(3), edges.gap.round(3)
    (array([-0.9]), array([0.9]), array([1.8]))
    """
    grid = check_energies(energies)
    curves = np.asarray(dos)
    if curves.dtype not in (np.float32, np.float64):
        curves = curves.astype(np.float64)
    if curves.ndim == 0 or curves.shape[-1] != grid.size:
        raise ValueError(
            f"dos must have one column per energy, but its shape is {curves.shape} and there are "
            f"{grid.size} energies; pass dos with the energy along the last axis."
        )
    level = float(threshold)
    if not (np.isfinite(level) and level > 0):
        raise ValueError(
            f"threshold must be a positive density, but it is {threshold!r}; use for instance 0.1 "
            "states/eV/cell."
        )
    shape = curves.shape[:-1]
    centers = _check_reference(reference, grid, shape)
    edges = _walk(grid, curves.reshape(-1, grid.size), level, centers)
    return BandEdges(*(column.reshape(shape) for column in edges))


def edges_of_curves(regressor: BaseEstimator, curves: NDArray[np.float64]) -> BandEdges | None:
    """Return the edges that a regressor reads from its curves; None where it has no threshold."""
    names = ("energies_", "edge_threshold_", "edge_reference_")
    if any(getattr(regressor, name, None) is None for name in names):
        return None
    energies, threshold, reference = (getattr(regressor, name) for name in names)
    return band_edges(energies, curves, threshold=threshold, reference=reference)


def check_energies(energies: ArrayLike) -> NDArray[np.float64]:
    """Return a copy of the energies as a float64 vector, or refuse those that break the order."""
    grid = np.array(energies, dtype=np.float64)
    if grid.ndim != 1 or grid.size < 2:
        raise ValueError(
            f"energies must be a vector of at least 2 values, but its shape is {grid.shape}; "
            "pass the grid on which the curves are given."
        )
    if not np.isfinite(grid).all():
        bad = int(np.flatnonzero(~np.isfinite(grid))[0])
        raise ValueError(f"energies must be finite, but energies[{bad}] = {grid[bad]}; drop that point.")
    check_ascending(grid, "energies", beside="dos")
    return grid


def _check_reference(
    reference: ArrayLike, grid: NDArray[np.float64], shape: tuple[int, ...]
) -> NDArray[np.float64]:
    given = np.asarray(reference, dtype=np.float64)
    try:
        centers = np.broadcast_to(given, shape)
    except ValueError:
        raise ValueError(
            f"reference must be one energy or one per curve, but its shape is {given.shape} and the curves "
            f"have shape {shape}; pass a float or an array of that shape."
        ) from None
    outside = ~((centers >= grid[0]) & (centers <= grid[-1]))
    if outside.any():
        raise ValueError(
            f"reference must lie inside the grid, but {centers[outside].flat[0]:g} eV is not within "
            f"{grid[0]:g} to {grid[-1]:g} eV; pass an energy inside the gap, for instance the middle between "
            "valence and conduction band."
        )
    return np.ascontiguousarray(centers).reshape(-1)


@njit(nogil=True)
def _walk(energies, dos, level, centers):  # type: ignore[no-untyped-def]  # pragma: no cover
    # walking outwards from the reference touches only the gap, so a million curves cost what their gaps cost
    n, m = dos.shape
    vbm = np.full(n, np.nan)
    cbm = np.full(n, np.nan)
    gap = np.full(n, np.nan)
    for row in range(n):
        at = min(max(np.searchsorted(energies, centers[row], side="right") - 1, 0), m - 2)
        share = (centers[row] - energies[at]) / (energies[at + 1] - energies[at])
        here = (1.0 - share) * dos[row, at] + share * dos[row, at + 1]
        if here >= level:
            gap[row] = 0.0
            continue
        low = at
        while low >= 0 and dos[row, low] < level:
            low -= 1
        high = at + 1
        while high < m and dos[row, high] < level:
            high += 1
        if low >= 0 and np.isfinite(dos[row, low]) and np.isfinite(dos[row, low + 1]):
            rise = (level - dos[row, low]) / (dos[row, low + 1] - dos[row, low])
            vbm[row] = energies[low] + rise * (energies[low + 1] - energies[low])
        if high < m and np.isfinite(dos[row, high]) and np.isfinite(dos[row, high - 1]):
            rise = (level - dos[row, high - 1]) / (dos[row, high] - dos[row, high - 1])
            cbm[row] = energies[high - 1] + rise * (energies[high] - energies[high - 1])
        gap[row] = cbm[row] - vbm[row]
    return vbm, cbm, gap
