# SPDX-License-Identifier: BSD-3-Clause
"""Kernels without a network, weighed by the density that they give to groups that they have not seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize

from strain2dos.dos._common.groups import subsample_by_group
from strain2dos.dos._common.linear_algebra import tensor
from strain2dos.dos._process.closed_form import value_and_slope
from strain2dos.dos._process.covariance import CONSTANT, FACTORS, FAMILIES, Covariance, stationary
from strain2dos.dos._process.density import left_out, negative_log_density, residuals, rows_of_groups
from strain2dos.dos._process.mixture import mixed

Array = NDArray[np.float64]

# The grid from which the search begins: length scales over the root of the number of features, variances of
# the noise and of the linear part, all in units of a standardized output. Gradients then leave the grid.
_LENGTHS = (0.35, 0.5, 0.7, 1.0, 1.5, 2.5, 5.0)
_NOISES = (1e-8, 1e-6, 1e-5, 1e-4, 1e-2, 0.3)
_LINEARS = (10.0, 0.1)
# Shares of a quadratic part in the linear one. With fewer groups those left out do not decide on it: on
# lines of nine states more curves got worse than better.
_QUADRATICS = (0.0, 0.25)
_FEWEST_BENT = 30
# Rows on which kernels are compared (cost grows with their cube), kernels that are refined and mixed, and the
# share of the weight below which one is left out: predictions cost the same for each that is kept.
_MAX_TUNE = 256
_MAX_KERNELS = 16
_LEAST_WEIGHT = 0.01
# A length scale so much longer takes a feature out of a kernel: its part of squared distances falls to 1 %.
_STRETCH = 10.0
# up to this many rows kernels cost next to nothing, and without noise any small one may be right
_FEW = 64
# Share of the standard error by which fewer kernels may fall behind. From phonons with noise (eight rows of
# each first-principles state), R2 is 0.9944 by all 16, 0.9942 by the 3.4 that it keeps, 0.9938 by those of 1.
_NO_WORSE = 0.5
# Steps of L-BFGS-B at most: a bound on the time of a kernel whose search does not end by itself.
_STEPS = 40


@dataclass(frozen=True)
class Kernel:
    """Numbers of a kernel without a network, with its weight in a mixture."""

    family: str
    length: Array
    linear: float
    noise: float
    weight: float = 1.0
    quadratic: float = 0.0

    def covariance(self) -> Covariance:
        """Return the covariance with these numbers, of one member."""
        linear, noise, quadratic = np.array([[self.linear], [self.noise], [self.quadratic]])
        return Covariance(self.family, self.length[None], linear, noise, quadratic=quadratic)


def weighted_kernels(
    features: Array,
    outputs: Array,
    groups: NDArray[np.intp],
    random: np.random.RandomState,
    *,
    loose: Array | None = None,
    refine: bool = True,
    least_noise: float = 1e-8,
    bent: bool = False,
) -> list[Kernel]:
    """Return kernels with weights that add to one, each in proportion to the density it gives unseen groups.

    With many groups one kernel takes all; with few, where any single choice would be luck, several share.
    With many rows the others have no weight where a few of them predict as well.
    `least_noise` is a share of the outputs' variance: kernels below it pass through every point. `loose` (n,)
    multiplies the variance of the noise of each row. With thirty groups or
    more `bent` also tries kernels with a quadratic part.
    """
    rows = subsample_by_group(groups, _MAX_TUNE, random)
    labels = np.unique(groups[rows], return_inverse=True)[1]
    known = _Known(features[rows], outputs[rows], labels, None if loose is None else loose[rows])
    bent = bent and known.n_groups >= _FEWEST_BENT
    kernels, values = _candidate_kernels(known, least_noise, _QUADRATICS if bent else _QUADRATICS[:1])
    if refine and known.n_groups > 2 and np.isfinite(values).any():
        best = _lengthen_irrelevant_scales(kernels[int(np.argmin(values))], known)
        best, value = _refine(best, known, least_noise)
        kernels, values = [*kernels, best], np.r_[values, value]
    order = np.argsort(values, kind="stable")[:_MAX_KERNELS]
    lowest = values[order[0]]
    if not np.isfinite(lowest):
        return [Kernel("matern32", np.ones(features.shape[1]), 0.1, 0.3)]
    weights = np.exp(lowest - values[order])
    weights[weights < _LEAST_WEIGHT * weights.sum()] = 0.0
    chosen = [kernels[k] for k in order]
    if len(rows) > _FEW:
        weights[_enough(chosen, weights, known) :] = 0.0
    weights /= weights.sum()
    return [replace(kernel, weight=float(w)) for w, kernel in zip(weights, chosen, strict=True)]


def _enough(kernels: list[Kernel], weights: Array, known: _Known) -> int:
    """Return how many of the likeliest kernels predict left-out groups no worse than all together.

    Each kernel costs as much memory and time as the first one. With fewer, the log density of a group may
    fall by no more than a share of the standard error of its fall: both are means over the same groups.
    """
    kernels = kernels[: np.count_nonzero(weights)]
    misses, variances = zip(*map(known.misses, kernels), strict=True)
    densities = []
    for n in range(1, len(kernels) + 1):
        shares = weights[:n] / weights[:n].sum()
        miss, variance = mixed(np.array(misses[:n]), np.array(variances[:n]), shares)
        densities.append(known.by_group(-0.5 * (np.log(variance) + np.square(miss) / variance).mean(1)))
    fall = densities[-1] - np.array(densities)
    error = fall.std(1) / np.sqrt(known.n_groups)
    return 1 + int(np.argmax(fall.mean(1) <= _NO_WORSE * error))


class _Known:
    """Rows to compare kernels on, as tensors."""

    def __init__(
        self, features: Array, outputs: Array, groups: NDArray[np.intp], loose: Array | None = None
    ) -> None:
        self.x, self.outputs = tensor(features), tensor(outputs)
        self.loose = tensor(np.ones(len(features)) if loose is None else loose)
        self.blocks = [torch.from_numpy(rows) for rows in rows_of_groups(groups)]
        self.groups, self.size = groups, np.bincount(groups)
        self.n_groups = int(groups.max()) + 1

    def value(self, covariance: torch.Tensor) -> torch.Tensor:
        """Return minus the log density of all groups, each left out, for covariances with noise."""
        found = left_out(covariance, self.outputs, self.blocks)
        return self.n_groups * negative_log_density(found, torch.ones_like(found.misfit))

    def of_kernel(self, kernel: Kernel) -> float:
        """Return that of one kernel."""
        with torch.no_grad():
            return float(self.value(kernel.covariance()(self.x, self.loose))[0])

    def misses(self, kernel: Kernel) -> tuple[Array, Array]:
        """Return errors (n, n_outputs) of a kernel for rows by other groups, and their variances (n, 1)."""
        with torch.no_grad():
            covariance = kernel.covariance()(self.x, self.loose)
            miss, size = (part[0].numpy() for part in residuals(covariance, self.outputs, self.blocks))
        scale = self.by_group(np.square(miss).mean(1) / size).mean()
        return miss, np.maximum(scale * size, 1e-300)[:, None]

    def by_group(self, values: Array) -> Array:
        """Return means (n_groups,) of values of rows."""
        return np.bincount(self.groups, values) / self.size


def _candidate_kernels(
    known: _Known, least_noise: float, quadratics: tuple[float, ...]
) -> tuple[list[Kernel], Array]:
    features = known.x
    n, width = features.shape
    # distances grow with the root of the number of features that vary
    root = np.sqrt(max(1, int((features.std(0, correction=0) > 0).sum())))
    # rows by the hundred are measured ones; the gradient finds the way to less noise if they are not
    noises = [noise for noise in (_NOISES if n <= _FEW else _NOISES[3:]) if noise >= least_noise]
    shared = list(product(noises, _LINEARS, quadratics))
    noise, linear, quadratic = (
        torch.tensor(part, dtype=torch.float64)[:, None, None] for part in zip(*shared, strict=True)
    )
    squared, inner = torch.cdist(features, features).square(), features @ features.T
    loose = torch.diag(known.loose)
    kernels, values = [], []
    for family in FAMILIES:
        for length in root * np.array(_LENGTHS):
            part = stationary(FACTORS[family] * squared / length**2, family)[0]
            response = linear * (inner / length**2 + quadratic * (inner / length**2).square())
            found = known.value(part + response + CONSTANT + noise * loose)
            values.append(found.nan_to_num(torch.inf).numpy())
            kernels += [
                Kernel(family, np.full(width, length), low, own, quadratic=bent) for own, low, bent in shared
            ]
    return kernels, np.concatenate(values)


def _lengthen_irrelevant_scales(kernel: Kernel, known: _Known) -> Kernel:
    """Stretch, one after the other, the length scales of features without which unseen groups fit better.

    The gradient alone finds a near minimum, in which features of no use keep an influence.
    """
    if len(kernel.length) < 2:
        return kernel
    lowest = known.of_kernel(kernel)
    for column in range(len(kernel.length)):
        length = kernel.length.copy()
        length[column] *= _STRETCH
        trial = replace(kernel, length=length)
        value = known.of_kernel(trial)
        if value < lowest:
            kernel, lowest = trial, value
    return kernel


def _refine(kernel: Kernel, known: _Known, least_noise: float) -> tuple[Kernel, float]:
    """Follow the gradient of the criterion in the length scales, the linear part and the noise."""
    start = np.log(np.r_[kernel.length, kernel.linear, kernel.noise])
    bounds = [(s - 4.0, s + 4.0) for s in start[:-2]] + [(-14.0, 5.0), (np.log(least_noise), 2.0)]
    value = _value_with_gradient(kernel, known, start)
    found = minimize(value, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": _STEPS})
    scales = np.exp(found.x)
    better = replace(kernel, length=scales[:-2], linear=float(scales[-2]), noise=float(scales[-1]))
    return better, float(found.fun) if np.isfinite(found.fun) else np.inf


def _value_with_gradient(
    kernel: Kernel, known: _Known, start: Array
) -> Callable[[Array], tuple[float, Array]]:
    def value(logs: Array) -> tuple[float, Array]:
        density, slopes = value_and_slope(
            kernel.family, logs, known.x, known.outputs, known.loose, known.blocks, kernel.quadratic
        )
        # length scales wander off when nothing in the data holds them
        step = logs[:-2] - start[:-2]
        total = density + 0.5 * float(step @ step)
        if not np.isfinite(total):
            return 1e10, np.zeros_like(logs)
        slopes[:-2] += step
        return total, slopes

    return value
