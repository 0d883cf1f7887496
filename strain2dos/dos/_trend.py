# SPDX-License-Identifier: BSD-3-Clause
"""The smooth part of the response: a Gaussian process whose settings predict groups that it has not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_factor, cho_solve
from scipy.optimize import minimize

Array = NDArray[np.float64]

# variance of the constant against that of the response: large, so that the level is free
_CONSTANT = 100.0
_FAMILIES = ("gaussian", "matern52", "matern32")
_LENGTHS = (0.5, 1.0, 1.5, 2.5, 5.0)
_NOISES = (1e-6, 1e-4, 1e-2, 0.3)
_LINEARS = (10.0, 0.1)
_MAX_TUNE = 320
_MAX_POINTS = 640


class Kernel(NamedTuple):
    """Covariance between standardised features: constant + linear + stationary part, and noise."""

    family: str
    length: Array
    linear: float
    noise: float

    def __call__(self, left: Array, right: Array) -> Array:
        scaled = left / self.length, right / self.length
        squared = (
            np.square(scaled[0]).sum(1)[:, None] + np.square(scaled[1]).sum(1) - 2 * scaled[0] @ scaled[1].T
        )
        part = _stationary(np.maximum(squared, 0.0), self.family, np)
        return part + self.linear * (left @ right.T) + _CONSTANT

    def diagonal(self, points: Array) -> Array:
        """Return the covariance of each point with itself."""
        return 1.0 + self.linear * np.square(points).sum(1) + _CONSTANT


def _stationary(squared: Any, family: str, lib: Any) -> Any:
    if family == "gaussian":
        return lib.exp(-0.5 * squared)
    # the added number keeps the derivative of the root finite at zero distance
    distance = lib.sqrt(squared + 1e-24)
    if family == "matern52":
        root = 5**0.5 * distance
        return (1.0 + root + root * root / 3.0) * lib.exp(-root)
    root = 3**0.5 * distance
    return (1.0 + root) * lib.exp(-root)


class Trend(NamedTuple):
    """A fitted Gaussian process for several outputs with one kernel: numbers and arrays only."""

    kernel: Kernel
    points: Array
    weights: Array
    precision: Array
    variance: Array

    def predict(self, features: Array) -> Array:
        """Return (n, n_outputs) means."""
        return self.kernel(features, self.points) @ self.weights

    def spread(self, features: Array) -> Array:
        """Return (n, n_outputs) variances, in the square of the outputs' unit."""
        cross = self.kernel(features, self.points)
        share = self.kernel.diagonal(features) - np.einsum("ij,jk,ik->i", cross, self.precision, cross)
        return np.maximum(share, 0.0)[:, None] * self.variance


def predictive_density(kernel: Kernel, features: Array, outputs: Array, blocks: Sequence[Array]) -> float:
    r"""Negative logarithm of the density of each group given all others, the criterion that is minimised.

    For every group :math:`g` left out, the residual is :math:`e_g = [A^{-1}_{gg}]^{-1} (A^{-1} Z)_g` and its
    covariance :math:`\\sigma^2 [A^{-1}_{gg}]^{-1}` with :math:`A` the kernel matrix with noise
    [Sundararajan & Keerthi, Neural Computation 13, 1103 (2001)], here for groups in place of single points
    and with :math:`\\sigma^2` at its best value. The covariance keeps the end points, where any model
    extrapolates, from deciding alone.
    """
    try:
        inverse = _inverse(kernel, features)
    except np.linalg.LinAlgError:
        return np.inf
    weighted = inverse @ outputs
    log_det, total = 0.0, 0.0
    per_group = []
    for block in blocks:
        inner = inverse[np.ix_(block, block)]
        sign, value = np.linalg.slogdet(inner)
        if sign <= 0:
            return np.inf
        log_det -= value
        fit = float(np.sum(weighted[block] * np.linalg.solve(inner, weighted[block]))) / outputs.shape[1]
        per_group.append(fit)
        total += fit
    n = len(outputs)
    sigma2 = max(total / n, 1e-300)
    return 0.5 * (log_det + n * np.log(sigma2) + n)


def _inverse(kernel: Kernel, features: Array) -> Array:
    matrix = kernel(features, features)
    matrix[np.diag_indices_from(matrix)] += kernel.noise
    return cho_solve(cho_factor(matrix, lower=True), np.eye(len(matrix)))


def choose_kernel(
    features: Array, outputs: Array, groups: NDArray[np.intp], random: np.random.RandomState
) -> tuple[Kernel, float]:
    """Scan kernels coarsely and return the best with its criterion."""
    rows = thin(groups, _MAX_TUNE, random)
    features, outputs, groups = features[rows], outputs[rows], groups[rows]
    blocks = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    root = np.sqrt(max(1, int(np.sum(features.std(0) > 0))))
    best, lowest = None, np.inf
    for family in _FAMILIES:
        for length in _LENGTHS:
            for noise in _NOISES:
                for linear in _LINEARS:
                    kernel = Kernel(family, np.full(features.shape[1], length * root), linear, noise)
                    value = predictive_density(kernel, features, outputs, blocks)
                    if value < lowest:
                        best, lowest = kernel, value
    if best is None:
        best = Kernel("matern32", np.full(features.shape[1], root), 1.0, 0.3)
    return best, float(lowest)


def refine_kernel(
    kernel: Kernel,
    features: Array,
    outputs: Array,
    groups: NDArray[np.intp],
    random: np.random.RandomState,
    max_steps: int = 40,
) -> Kernel:
    """Follow the gradient of the criterion in the length scales, the linear part and the noise."""
    rows = thin(groups, _MAX_TUNE, random)
    features, outputs, groups = features[rows], outputs[rows], groups[rows]
    blocks = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    if len(blocks) < 3:
        return kernel
    start = np.log(np.r_[kernel.length, kernel.linear, kernel.noise])
    value = _criterion_with_gradient(kernel.family, features, outputs, blocks, start)
    bounds = [(s - 4.0, s + 4.0) for s in start[:-2]] + [(-14.0, 5.0), (np.log(1e-7), 2.0)]
    found = minimize(value, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": max_steps})
    if not (np.isfinite(found.fun) and found.fun < value(start)[0]):
        return kernel
    scales = np.exp(found.x)
    return Kernel(kernel.family, scales[:-2], float(scales[-2]), float(scales[-1]))


def _criterion_with_gradient(  # type: ignore[no-untyped-def]
    family: str, features: Array, outputs: Array, blocks: Sequence[Array], start: Array
):
    import torch

    points, targets = torch.from_numpy(features), torch.from_numpy(outputs)
    index = [torch.from_numpy(block) for block in blocks]
    singles = all(len(block) == 1 for block in blocks)
    n, eye = len(features), torch.eye(len(features), dtype=torch.float64)

    def value(logs: Array) -> tuple[float, Array]:
        free = torch.tensor(logs, dtype=torch.float64, requires_grad=True)
        scales = torch.exp(free)
        scaled = points / scales[:-2]
        squared = (scaled[:, None] - scaled[None]).square().sum(-1) if n <= 64 else _squared(scaled)
        matrix = _stationary(squared, family, torch) + scales[-2] * (points @ points.T) + _CONSTANT
        factor, failed = torch.linalg.cholesky_ex(matrix + scales[-1] * eye)
        if failed:
            return 1e10, np.zeros_like(logs)
        inverse = torch.cholesky_inverse(factor)
        weighted = inverse @ targets
        if singles:
            diagonal = inverse.diagonal()
            log_det = -torch.log(diagonal).sum()
            fit = (weighted.square().sum(1) / diagonal).sum()
        else:
            log_det, fit = 0.0, 0.0
            for block in index:
                inner = torch.linalg.cholesky(inverse[block][:, block])
                log_det = log_det - 2 * torch.log(inner.diagonal()).sum()
                fit = fit + torch.linalg.solve_triangular(inner, weighted[block], upper=False).square().sum()
        fit = torch.clamp(fit / (n * targets.shape[1]), min=1e-300)
        # length scales wander off when nothing in the data holds them
        leash = 0.5 * (free[:-2] - torch.from_numpy(start[:-2])).square().sum()
        total = 0.5 * (log_det + n * torch.log(fit) + n) + leash
        total.backward()
        return float(total.detach()), free.grad.numpy().copy()

    return value


def _squared(scaled: Any) -> Any:
    norms = scaled.square().sum(1)
    return (norms[:, None] + norms[None] - 2 * scaled @ scaled.T).clamp(min=0.0)


def fit_trend(
    kernel: Kernel, features: Array, outputs: Array, groups: NDArray[np.intp], random: np.random.RandomState
) -> tuple[Trend, Array]:
    """Return the process and (n, n_outputs) predictions of every group by the process without that group."""
    if len(features) > _MAX_POINTS:
        return _fit_sparse(kernel, features, outputs, groups, random)
    inverse = _inverse(kernel, features)
    weights = inverse @ outputs
    held_out = np.empty_like(outputs)
    share = np.empty(len(outputs))
    for group in np.unique(groups):
        block = np.flatnonzero(groups == group)
        inner = inverse[np.ix_(block, block)]
        held_out[block] = outputs[block] - np.linalg.solve(inner, weights[block])
        share[block] = np.diag(np.linalg.inv(inner))
    variance = np.mean(np.square(held_out - outputs) / share[:, None], axis=0)
    return Trend(kernel, features, weights, inverse, variance), held_out


def _fit_sparse(
    kernel: Kernel, features: Array, outputs: Array, groups: NDArray[np.intp], random: np.random.RandomState
) -> tuple[Trend, Array]:
    # subset of regressors: all rows speak, through a few hundred points of the kernel
    rows = thin(groups, _MAX_POINTS, random)
    points = features[rows]
    inner = kernel(points, points)
    inner[np.diag_indices_from(inner)] += 1e-10 * np.trace(inner) / len(inner)
    cross = kernel(features, points)
    gram = cross.T @ cross + kernel.noise * inner
    right = cross.T @ outputs
    factor = cho_factor(gram, lower=True)
    weights = cho_solve(factor, right)
    held_out = np.empty_like(outputs)
    labels = np.unique(groups)
    # at most ten refits; a fold of whole groups is held out together
    for labels_out in np.array_split(random.permutation(labels), min(10, len(labels))):
        block = np.isin(groups, labels_out)
        part = gram - cross[block].T @ cross[block]
        part[np.diag_indices_from(part)] += 1e-10 * np.trace(part) / len(part)
        held_out[block] = cross[block] @ np.linalg.solve(part, right - cross[block].T @ outputs[block])
    precision = np.linalg.inv(inner) - kernel.noise * cho_solve(factor, np.eye(len(points)))
    variance = np.mean(np.square(held_out - outputs), axis=0)
    return Trend(kernel, points, weights, precision, variance), held_out


def thin(groups: NDArray[np.intp], limit: int, random: np.random.RandomState) -> NDArray[np.intp]:
    """Return sorted rows, at most `limit`, spread evenly over the groups."""
    if len(groups) <= limit:
        return np.arange(len(groups))
    order = random.permutation(len(groups))
    seen: dict[int, int] = {}
    rank = np.empty(len(groups), dtype=np.intp)
    for row in order:
        rank[row] = seen.get(int(groups[row]), 0)
        seen[int(groups[row])] = rank[row] + 1
    return np.sort(order[np.argsort(rank[order], kind="stable")][:limit])
