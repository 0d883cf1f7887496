# SPDX-License-Identifier: BSD-3-Clause
"""Covariances of the smooth response, weighed by how well they predict groups that they have not seen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky
from scipy.optimize import minimize

from strain2dos.dos._common.groups import thin

Array = NDArray[np.float64]

# variance of the constant against that of the response: large, so that the level is free
_CONSTANT = 100.0
_FAMILIES = ("gaussian", "matern52", "matern32")
_LENGTHS = (0.35, 0.5, 0.7, 1.0, 1.5, 2.5, 5.0)
_NOISES = (1e-8, 1e-6, 1e-5, 1e-4, 1e-2, 0.3)
_LINEARS = (10.0, 0.1)
_MAX_TUNE = 256
_MAX_KERNELS = 16
_LEAST_SHARE = 0.01
_STRETCH = 10.0
_FEW = 64


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
        # the linear part knows the length scales too: a feature that says nothing drops out of both
        return part + self.linear * (scaled[0] @ scaled[1].T) + _CONSTANT

    def diagonal(self, points: Array) -> Array:
        """Return the covariance of each point with itself."""
        return 1.0 + self.linear * np.square(points / self.length).sum(1) + _CONSTANT


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


def predictive_density(kernel: Kernel, features: Array, outputs: Array, blocks: Sequence[Array]) -> float:
    r"""Negative logarithm of the density of each group given all others, the criterion that is minimised.

    For every group :math:`g` left out, the residual is :math:`e_g = [A^{-1}_{gg}]^{-1} (A^{-1} Z)_g` and its
    covariance :math:`\sigma^2 [A^{-1}_{gg}]^{-1}` with :math:`A` the kernel matrix with noise
    [Sundararajan & Keerthi, Neural Computation 13, 1103 (2001)], here for groups in place of single points
    and with :math:`\sigma^2` at its best value. The covariance keeps the end points, where any model
    extrapolates, from deciding alone. Rows of a group count as one, by the mean of their own densities:
    their joint density would praise kernels so short that a group is a plateau.
    """
    try:
        inverse = inverse_of(cholesky_of(kernel, features))
        weighted = inverse @ outputs
        log_size, fit = 0.0, 0.0
        for block in blocks:
            covariance = np.linalg.inv(inverse[np.ix_(block, block)])
            size = np.diag(covariance)
            if size.min() <= 0:
                return np.inf
            log_size += np.log(size).mean()
            fit += float(np.mean(np.square(covariance @ weighted[block]).mean(1) / size))
    except np.linalg.LinAlgError:
        return np.inf
    n = len(blocks)
    return 0.5 * (log_size + n * np.log(max(fit / n, 1e-300)) + n)


def cholesky_of(kernel: Kernel, features: Array) -> Array:
    """Return the lower Cholesky factor of the covariance of the features with its noise."""
    matrix = kernel(features, features)
    matrix[np.diag_indices_from(matrix)] += kernel.noise
    return cholesky(matrix, lower=True)


def inverse_of(lower: Array) -> Array:
    """Return the inverse of the covariance with this Cholesky factor."""
    return cho_solve((lower, True), np.eye(len(lower)))


def factor_of(kernel: Kernel, features: Array) -> Array:
    """Return a factor F (n, rank), with F F^T the inverse of the covariance of the features with its noise.

    Directions that vary by less than a hundredth of the noise are left out: they make variances of
    predictions larger by 0.2 % at most, and with several rows per group they are the most.
    """
    size, vectors = np.linalg.eigh(kernel(features, features))
    told = size > 0.01 * kernel.noise
    return np.ascontiguousarray(vectors[:, told] / np.sqrt(size[told] + kernel.noise))


def weigh_kernels(
    features: Array,
    outputs: Array,
    groups: NDArray[np.intp],
    random: np.random.RandomState,
    *,
    refine: bool,
    least_noise: float = 1e-8,
) -> list[tuple[float, Kernel]]:
    """Return kernels with shares that add to one, each in proportion to the density it gives unseen groups.

    With many groups one kernel takes all; with few, where any single choice would be luck, several speak.
    `least_noise` is a share of the outputs' variance: kernels below it pass through every point.
    """
    rows = thin(groups, _MAX_TUNE, random)
    features, outputs, groups = features[rows], outputs[rows], groups[rows]
    blocks = [np.flatnonzero(groups == group) for group in np.unique(groups)]
    kernels = [kernel for kernel in _scan(features) if kernel.noise >= least_noise]
    values = [predictive_density(kernel, features, outputs, blocks) for kernel in kernels]
    if refine and len(blocks) > 2 and np.isfinite(values).any():
        best = _without_idle(kernels[int(np.argmin(values))], features, outputs, blocks)
        best, value = _refine(best, features, outputs, blocks, least_noise)
        kernels, values = [*kernels, best], [*values, value]
    order = np.argsort(values, kind="stable")[:_MAX_KERNELS]
    lowest = values[order[0]]
    if not np.isfinite(lowest):
        return [(1.0, Kernel("matern32", np.ones(features.shape[1]), 0.1, 0.3))]
    shares = np.exp(lowest - np.array(values)[order])
    shares[shares < _LEAST_SHARE * shares.sum()] = 0.0
    shares /= shares.sum()
    return [(float(share), kernels[k]) for share, k in zip(shares, order, strict=True) if share > 0]


def _scan(features: Array) -> list[Kernel]:
    width = features.shape[1]
    # distances grow with the root of the number of features that vary
    root = np.sqrt(max(1, int(np.sum(features.std(0) > 0))))
    # rows by the hundred are measured ones; the gradient finds the way to less noise if they are not
    noises = _NOISES if len(features) <= _FEW else _NOISES[3:]
    return [
        Kernel(family, np.full(width, length * root), linear, noise)
        for family in _FAMILIES
        for length in _LENGTHS
        for noise in noises
        for linear in _LINEARS
    ]


def _without_idle(kernel: Kernel, features: Array, outputs: Array, blocks: Sequence[Array]) -> Kernel:
    """Stretch, one after the other, the length scales of features without which unseen groups fit better.

    The gradient alone finds a near minimum, in which features that say nothing keep a say.
    """
    if features.shape[1] < 2:
        return kernel
    lowest = predictive_density(kernel, features, outputs, blocks)
    for column in range(features.shape[1]):
        length = kernel.length.copy()
        length[column] *= _STRETCH
        trial = kernel._replace(length=length)
        value = predictive_density(trial, features, outputs, blocks)
        if value < lowest:
            kernel, lowest = trial, value
    return kernel


def _refine(
    kernel: Kernel,
    features: Array,
    outputs: Array,
    blocks: Sequence[Array],
    least_noise: float,
    max_steps: int = 40,
) -> tuple[Kernel, float]:
    """Follow the gradient of the criterion in the length scales, the linear part and the noise."""
    start = np.log(np.r_[kernel.length, kernel.linear, kernel.noise])
    value = _criterion_with_gradient(kernel.family, features, outputs, blocks, start)
    bounds = [(s - 4.0, s + 4.0) for s in start[:-2]] + [(-14.0, 5.0), (np.log(least_noise), 2.0)]
    found = minimize(value, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": max_steps})
    scales = np.exp(found.x)
    better = Kernel(kernel.family, scales[:-2], float(scales[-2]), float(scales[-1]))
    return better, float(found.fun) if np.isfinite(found.fun) else np.inf


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
        matrix = _stationary(squared, family, torch) + scales[-2] * (scaled @ scaled.T) + _CONSTANT
        factor, failed = torch.linalg.cholesky_ex(matrix + scales[-1] * eye)
        if failed:
            return 1e10, np.zeros_like(logs)
        inverse = torch.cholesky_inverse(factor)
        weighted = inverse @ targets
        if singles:
            size = 1.0 / inverse.diagonal()
            log_size = torch.log(size).sum()
            fit = ((size[:, None] * weighted).square().mean(1) / size).sum()
        else:
            log_size, fit = 0.0, 0.0
            for block in index:
                covariance = torch.linalg.inv(inverse[block][:, block])
                size = covariance.diagonal().clamp(min=1e-300)
                log_size = log_size + torch.log(size).mean()
                fit = fit + ((covariance @ weighted[block]).square().mean(1) / size).mean()
        fit = torch.clamp(fit / len(index), min=1e-300)
        # length scales wander off when nothing in the data holds them
        leash = 0.5 * (free[:-2] - torch.from_numpy(start[:-2])).square().sum()
        total = 0.5 * (log_size + len(index) * torch.log(fit) + len(index)) + leash
        total.backward()
        return float(total.detach()), free.grad.numpy().copy()

    return value


def _squared(scaled: Any) -> Any:
    norms = scaled.square().sum(1)
    return (norms[:, None] + norms[None] - 2 * scaled @ scaled.T).clamp(min=0.0)
