# SPDX-License-Identifier: BSD-3-Clause
"""What the regressor has learned, as one frozen object that predicts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._common.arrays import check_array, fields_rebuilt, plain
from strain2dos.dos._edges.reading import BandEdges
from strain2dos.dos._edges.valleys import edges_of_valleys, spread_of_valleys
from strain2dos.dos._process.heads import Heads
from strain2dos.dos._process.mixture import Moments
from strain2dos.dos._regressor.domain import TrainingDomain
from strain2dos.dos._representations.basis import LatentBasis

Array = NDArray[np.float64]

# Every product of matrices runs over this many rows, the last block filled up: BLAS sums in an order that
# depends on the shape, and what is predicted for a row must not depend, not even in its last bit, on its
# neighbors. 240 holds whole tiles of 6, 8, 12, 16, 24 and 48 rows: a row in a cut tile would be summed in
# another way.
_BLOCK = 240
# Of maps, where a row takes so little that calling the products takes longer than they do: whole tiles again.
_MANY = 2 * _BLOCK
# On a GPU starting a product takes longer than so few rows do: so many blocks are one there.
_AT_ONCE = 16
# curves decoded at once when rows are sampled: 0.2 GB at 651 energies
_CURVES = 40_000


@dataclass(frozen=True)
class Standardisation:
    """Middle and spread of every feature of the training rows."""

    center: Array
    scale: Array

    def __call__(self, X: Array) -> Array:
        """Return features with mean 0 and standard deviation 1 in training."""
        return (X - self.center) / self.scale


@dataclass(frozen=True)
class Report:
    """What the training found, for users to read.

    Attributes
    ----------
    history : tuple of dict
        Losses of each member by epoch.
    representation_scores : dict
        Error on left-out groups of each representation that was compared.
    density : dict
        Log density of left-out groups, with and without the networks; empty where there are none.
    """

    history: tuple[dict[str, Array], ...]
    representation_scores: dict[str, float]
    density: dict[str, float]


class ValleyEnergies(NamedTuple):
    """Valleys of rows of features.

    Attributes
    ----------
    energies, variances : ndarray of shape (n, n_valleys)
        In eV and eV squared.
    slopes : ndarray of shape (n, n_valleys, n_features)
        Change of each energy with each feature.
    """

    energies: Array
    variances: Array
    slopes: Array


@dataclass(frozen=True)
class FittedDOS:
    """Standardisation, training domain, curves and valleys: each part predicts itself.

    Attributes
    ----------
    energies : ndarray of shape (n_energies,) or None
        Grid of the curves [eV], None where it was not given.
    standardise : Standardisation
        Of the features.
    feature_range : ndarray of shape (2, n_features)
        Smallest and largest training value of each feature.
    domain : TrainingDomain
        Region of the training states.
    basis : LatentBasis
        How a curve is written.
    heads : Heads
        What gives the scores of the curve and the energies of the valleys.
    valleys : tuple of str
        Names of the valleys, valence band first.
    n_valence : int
        How many of them are of the valence band.
    edge_reference, edge_threshold : float
        Energy inside the gap [eV], and density at which a band begins.
    nonnegative, flat : bool
        Whether curves are densities, and whether y was a vector.
    row_hashes : ndarray of shape (n_samples,)
        Of the training rows, by which bands see whether they are calibrated on them.
    report : Report
        What the training found.
    omitted : ndarray of int of shape (n_omitted,)
        Rows that were left out of the training because their features are not finite.
    """

    energies: Array | None
    standardise: Standardisation
    feature_range: Array
    domain: TrainingDomain
    basis: LatentBasis
    heads: Heads
    valleys: tuple[str, ...]
    n_valence: int
    edge_reference: float
    edge_threshold: float
    nonnegative: bool
    flat: bool
    row_hashes: NDArray[np.uint64]
    report: Report
    omitted: NDArray[np.intp] = field(default_factory=lambda: np.zeros(0, dtype=np.intp))

    def curves(self, X: Array, device: str, *, std: bool) -> tuple[Array, Array | None]:
        """Return (n, n_energies) curves and, if asked, their standard deviations.

        A curve is the mean over the uncertainty of its latents: where features are not well placed, sharp
        ones at the wrong energy would be further from the truth than blunt ones.
        """
        heads, basis = self.heads.loaded(device), self.basis
        answer = np.empty((len(X), basis.representation.n_energies))
        deviation = np.empty_like(answer) if std else None
        for rows, size, features in self._blocks(X, device):
            found = heads.curve(features)
            # only products of matrices need the whole block
            latents, variance = (part[:size] for part in self.latents(found))
            answer[rows] = basis.representation.expected(latents, variance)
            if deviation is not None:
                width = basis.spread(latents, heads.variance(found, features)[:size])
                deviation[rows] = width + self._unknown
        return answer, deviation

    def latents(self, found: list[Moments]) -> tuple[Array, Array]:
        """Return latents and their variances (n, n_latents) from moments of scores."""
        sides = [(side.mean, side.carried(self.basis.squares)) for side in found]
        return self.basis.joined(sides, self.heads.network_weight)

    @property
    def _unknown(self) -> float:
        """NaN for one training row, from which no scatter can be estimated; else 0."""
        return np.nan if len(self.row_hashes) == 1 else 0.0

    def valley_energies(
        self, X: Array, device: str, *, std: bool = False, slopes: bool = False
    ) -> ValleyEnergies:
        """Return energies of the valleys that were learned, with variances and slopes if asked, else NaN."""
        energies, variances = np.empty((2, len(X), len(self.valleys)))
        rises = np.empty((*energies.shape, X.shape[1]))
        for rows, size, features in self._blocks(X, device, _MANY):
            found = self.heads.loaded(device).valleys(features, std=std, slopes=slopes)
            energies[rows], variances[rows], rises[rows] = (part[:size] for part in found)
        return ValleyEnergies(energies, variances + self._unknown, rises / self.standardise.scale)

    def edges(self, X: Array, device: str, *, std: bool) -> tuple[BandEdges, BandEdges]:
        """Return the edges that were learned beside the curves, and their standard deviations if asked."""
        means, variances, _ = self.valley_energies(X, device, std=std)
        found = edges_of_valleys(means, self.n_valence)
        return found, spread_of_valleys(means, variances, self.n_valence, self.heads.gap_factor)

    def samples(self, X: Array, device: str, places: Array, normals: Array) -> Iterator[tuple[slice, Array]]:
        """Give slices of rows with curves (n, n_samples, n_energies) drawn from the mixture of processes.

        `places` (n or 1, n_samples), uniform in [0, 1), choose the member, and `normals` (n or 1, n_samples,
        n_scores) where its scores lie.
        """
        heads = self.heads.loaded(device)
        n_samples, n_energies = places.shape[1], self.basis.representation.n_energies
        for rows, size, features in self._blocks(X, device):
            means, variances, weights = heads.members(features)
            # the whole mixture widens about its mean
            middle = np.einsum("m,mnd->nd", weights, means)
            wider = np.sqrt(heads.factor(features))[:, None]
            for part in np.array_split(np.arange(size), max(1, -(-size * n_samples // _CURVES))):
                own = part + rows.start if len(places) > 1 else np.zeros_like(part)
                member = np.minimum(np.searchsorted(np.cumsum(weights), places[own]), len(weights) - 1)
                at = part[:, None]
                scores = means[member, at] + normals[own] * np.sqrt(variances[member, at])
                scores = middle[at] + wider[at] * (scores - middle[at])
                curves = self.basis.decode(scores.reshape(-1, scores.shape[-1]))
                yield (
                    slice(rows.start + part[0], rows.start + part[-1] + 1),
                    curves.reshape(len(part), n_samples, n_energies),
                )

    def domain_ratios(self, X: Array) -> Array:
        """Return (n, 3) ratios of the training domain."""
        return self.domain.ratios(self.standardise(X))

    def _blocks(self, X: Array, device: str, length: int = _BLOCK) -> Iterator[tuple[slice, int, Array]]:
        length *= 1 if device == "cpu" else _AT_ONCE
        for start in range(0, len(X), length):
            part = self.standardise(X[start : start + length])
            filled = np.pad(part, ((0, length - len(part)), (0, 0)), mode="edge")
            yield slice(start, start + len(part)), len(part), filled

    def to_state(self) -> dict[str, Any]:
        """Return plain values and arrays, from which `from_state` builds the same object."""
        state: dict[str, Any] = plain(self)
        return state

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> FittedDOS:
        """Rebuild what `to_state` described; a ValueError names what of it cannot be right."""
        try:
            made: FittedDOS = fields_rebuilt(cls, state)
            made.check()
        except (KeyError, TypeError, AttributeError, IndexError, ValueError) as error:
            raise ValueError(
                f"the stored DOSRegressor is damaged: {error}; train it again, or take an intact copy."
            ) from error
        return made

    def check(self) -> None:
        """Raise a ValueError where shapes do not fit together or a number is not finite."""
        width = len(self.standardise.center)
        check_array("center", self.standardise.center, (width,))
        check_array("scale", self.standardise.scale, (width,))
        check_array("feature_range", self.feature_range, (2, width))
        n_energies = self.basis.representation.n_energies
        if self.energies is not None:
            check_array("energies", self.energies, (n_energies,))
        self.domain.check(width)
        self.basis.check()
        self.heads.check()
        wanted = [len(self.basis.directions), *[1] * len(self.valleys)]
        if [len(head.mean) for head in (self.heads.curve, *self.heads.valleys)] != wanted:
            raise ValueError(f"heads must have {wanted} outputs")
        for process in self.heads.processes():
            if process.points.shape[1] != width:
                raise ValueError(f"a process takes {process.points.shape[1]} features, but there are {width}")
        if not (0 <= self.n_valence <= len(self.valleys) and np.isfinite(self.edge_reference)):
            raise ValueError("n_valence and edge_reference do not fit the valleys")
        if len(self.heads.pair_factors) != self.n_valence:
            raise ValueError(f"pair_factors must have {self.n_valence} rows, one per valence valley")
        if not np.issubdtype(getattr(self.omitted, "dtype", float), np.integer) or self.omitted.ndim != 1:
            raise ValueError("omitted must hold numbers of rows")
        if not (np.isfinite(self.edge_threshold) and self.edge_threshold > 0):
            raise ValueError(f"edge_threshold must be positive, but is {self.edge_threshold}")
