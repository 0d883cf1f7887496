# SPDX-License-Identifier: BSD-3-Clause
"""Means of predictions over groups of rows: what explanations need, many thousand times a second."""

from __future__ import annotations

from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from strain2dos.dos._common.linear_algebra import product, tensor
from strain2dos.dos._common.threads import one_thread
from strain2dos.dos._edges.reading import BandEdges
from strain2dos.dos._edges.valleys import edges_of_valleys
from strain2dos.dos._process.heads import Head
from strain2dos.dos._process.mixture import Loaded
from strain2dos.dos._regressor.joint import JointEdges
from strain2dos.dos._regressor.parameters import check_device
from strain2dos.dos._regressor.regressor import DOSRegressor
from strain2dos.dos._representations.averaging import join_sides

Array = NDArray[np.float64]
Tensor = torch.Tensor

# rows that kernels see at once: fewer cost time in calls, more leave the cache
_ROWS = 400
# rows whose latents are held at once: two arrays of them fit into the cache of a core
_LATENTS = 100


class Averages:
    """Means of a fitted regressor over groups of rows, without a curve for each of them.

    Parameters
    ----------
    regressor : DOSRegressor
        Fitted; its kernels are evaluated on its device.
    """

    def __init__(self, regressor: DOSRegressor) -> None:
        self._check, self.fitted = regressor._check, regressor.fitted_
        self.device = check_device(regressor.device)
        self._heads = self.fitted.heads.loaded(self.device)

    @classmethod
    def of(cls, regressor: Any) -> Averages | None:
        """Take those of a regressor that predicts as `DOSRegressor` does, None for any other."""
        same = isinstance(regressor, DOSRegressor) and all(
            getattr(type(regressor), name) is getattr(DOSRegressor, name)
            for name in ("predict", "predict_edges")
        )
        return cls(regressor) if same else None

    def curves(self, X: Any, weights: Array) -> Array:
        """Return weighted means (n / len(weights), n_energies) of the curves of successive rows."""
        X = self._check(X)
        size, basis = len(weights), self.fitted.basis
        answer = np.empty((len(X) // size, basis.representation.n_energies))
        groups, some = max(1, _ROWS // size), max(1, _LATENTS // size)
        with one_thread(), torch.no_grad():
            for start in range(0, len(answer), groups):
                rows = self.fitted.standardise(X[start * size : (start + groups) * size])
                x = tensor(rows, self.device)
                found = [side(x) for side in self._sides]
                for first in range(0, len(rows), some * size):
                    part = slice(first, first + some * size)
                    latent, variance = self._joined([_Moments(*(own[part] for own in one)) for one in found])
                    here = slice(start + first // size, start + first // size + len(latent) // size)
                    answer[here] = basis.representation.averaged(latent, variance, weights)
        return answer

    def edges(self, X: Any) -> BandEdges:
        """Return the learned edges of every row, without their standard deviations."""
        X = self._check(X)
        heads, found = self.fitted.heads.valleys, np.empty((len(X), len(self.fitted.valleys)))
        with one_thread(), torch.no_grad():
            for start in range(0, len(X), _ROWS):
                rows = slice(start, start + _ROWS)
                x = tensor(self.fitted.standardise(X[rows]), self.device)
                for column, (head, parts) in enumerate(zip(heads, self._heads.valleys, strict=True)):
                    means = [(part.member_weights[:, None] * part.means(x)[..., 0]).sum(0) for part in parts]
                    mean = torch.stack(means).sum(0).cpu().numpy()
                    found[rows, column] = head.mean[0] + head.scale * mean
        return edges_of_valleys(found, self.fitted.n_valence)

    def joint_edges(self, background: Array, weights: Array) -> JointEdges:
        """Return mean learned edges of rows that are put together from samples and a background."""
        return JointEdges(self.fitted, self._heads, background, weights)

    @cached_property
    def _sides(self) -> list[_Side]:
        heads, squares = self._heads, tensor(np.square(self.fitted.basis.directions))
        network = [] if heads.network is None else [[heads.network]]
        return [_Side(heads.heads.curve, parts, squares) for parts in (heads.curve, *network)]

    @cached_property
    def _basis(self) -> tuple[Tensor, Tensor, Array]:
        basis = self.fitted.basis
        near = basis.representation.edge_share()
        return tensor(basis.mean), tensor(basis.directions), near

    def _joined(self, found: list[_Moments]) -> tuple[Array, Array]:
        """Return latents and their variances (n, n_latents), as `LatentBasis.joined` does."""
        middle, directions, near = self._basis
        latent = (middle + product(found[0].mean, directions)).numpy()
        variance = self._sides[0].variance(found[0])
        if len(found) > 1:
            apart = np.ascontiguousarray(product(found[1].mean - found[0].mean, directions).numpy())
            theirs, weight = self._sides[1].variance(found[1]), self.fitted.heads.network_weight
            join_sides(latent, apart, variance, theirs, near, weight)
        return latent, variance


class _Moments(NamedTuple):
    """What processes of one side predict.

    Attributes
    ----------
    mean, scatter : Tensor of shape (n, n_scores)
        Means of the scores, and variances of the members' means about them.
    left : Tensor of shape (n, n_members)
        Variances of each member, in units of its scale.
    """

    mean: Tensor
    scatter: Tensor
    left: Tensor


class _Side:
    """Processes that are mixed, with what turns their variances into those of the latents.

    The variance that a member gives has one number per row, times one per score: so many rows of a matrix
    are as many as there are members, not scores.
    """

    def __init__(self, head: Head, parts: list[Loaded], squares: Tensor) -> None:
        self.head, self.parts = head, parts
        own = [head.scale**2 * part.member_weights[:, None] * part.variance for part in parts]
        self.squares, self.spread = squares, torch.cat(own).cpu() @ squares
        self.outputs = [torch.cat([part.factors, part.coefficients], dim=-1) for part in parts]

    def __call__(self, x: Tensor) -> _Moments:
        """Return moments for standardized features (n, p)."""
        total = x.new_zeros((len(x), len(self.head.mean)))
        square = torch.zeros_like(total)
        base: Any = None
        left = []
        for part, outputs in zip(self.parts, self.outputs, strict=True):
            place = part.covariance.place(x)
            own = part.covariance.diagonal(place)
            rank = part.factors.shape[-1]
            for k, weight in enumerate(part.member_weights.tolist()):
                found = product(part.covariance.between_of(k, place, part.placed), outputs[k])
                size = own[k] - found[:, :rank].square().sum(-1)
                left.append(size.clamp(min=0.0) + part.noise[k])
                # members differ little, so squares of differences from one of them keep their digits
                base = found[:, rank:] if base is None else base
                step = found[:, rank:] - base
                total.add_(step, alpha=weight)
                square.addcmul_(step, step, value=weight)
        scatter = (square - total.square()).clamp(min=0.0)
        mean = tensor(self.head.mean, x.device) + self.head.scale * (base + total)
        return _Moments(mean.cpu(), self.head.scale**2 * scatter.cpu(), torch.stack(left, dim=-1).cpu())

    def variance(self, found: _Moments) -> Array:
        """Return variances of the latents (n, n_latents)."""
        variance = product(found.left, self.spread)
        if found.left.shape[1] > 1:
            variance = variance + product(found.scatter, self.squares)
        return np.ascontiguousarray(variance.numpy())
