# SPDX-License-Identifier: BSD-3-Clause
"""The smooth part of the response: Gaussian processes with one kernel for all outputs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._common.groups import thin
from strain2dos.dos._process.kernels import Kernel, cholesky_of, factor_of, inverse_of

Array = NDArray[np.float64]

_MAX_POINTS = 640


class Trend(NamedTuple):
    """A fitted Gaussian process for several outputs with one kernel: numbers and arrays only.

    The inverse covariance is kept as a factor: multiplied out, rounding under the kernel's large constant
    would swamp the small variances of kernels with little noise.
    """

    kernel: Kernel
    points: Array
    weights: Array
    factor: Array
    variance: Array
    share: float = 1.0

    def mean(self, features: Array) -> Array:
        """Return (n, n_outputs) means."""
        return self.kernel(features, self.points) @ self.weights

    def predict(self, features: Array) -> tuple[Array, Array]:
        """Return (n, n_outputs) means and variances, in the unit of the outputs and its square."""
        cross = self.kernel(features, self.points)
        share = self.kernel.diagonal(features) - np.square(cross @ self.factor).sum(1)
        # what the noise of the features adds to a new sample belongs to its uncertainty
        variance = (np.maximum(share, 0.0) + self.kernel.noise)[:, None] * self.variance
        return cross @ self.weights, variance

    def state(self) -> dict[str, Any]:
        """Return plain values and arrays from which `from_state` builds the same object."""
        return {**self._asdict(), "kernel": self.kernel._asdict()}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Trend:
        """Rebuild what `state` described."""
        return cls(**{**state, "kernel": Kernel(**state["kernel"])})


def fit_mixture(
    kernels: list[tuple[float, Kernel]],
    features: Array,
    outputs: Array,
    groups: NDArray[np.intp],
    random: np.random.RandomState,
) -> tuple[list[Trend], Array]:
    """Return one process per kernel and what their mean predicts for each group left out."""
    trends, held_out = [], np.zeros_like(outputs)
    for share, kernel in kernels:
        trend, answer = fit_trend(kernel, features, outputs, groups, random)
        trends.append(trend._replace(share=share))
        held_out += share * answer
    return trends, held_out


def mixture(trends: list[Trend], features: Array, spread: bool = True) -> tuple[Array, Array]:
    """Return mean and variance, zero if not asked, of several processes weighed by their shares."""
    shares = np.array([trend.share for trend in trends])[:, None, None]
    if not spread:
        mean = (shares * np.array([trend.mean(features) for trend in trends])).sum(0)
        return mean, np.zeros_like(mean)
    means, variances = (np.array(each) for each in zip(*(t.predict(features) for t in trends), strict=True))
    mean = (shares * means).sum(0)
    return mean, (shares * (variances + np.square(means - mean))).sum(0)


def fit_trend(
    kernel: Kernel, features: Array, outputs: Array, groups: NDArray[np.intp], random: np.random.RandomState
) -> tuple[Trend, Array]:
    """Return the process and (n, n_outputs) predictions of every group by the process without that group."""
    if len(features) > _MAX_POINTS:
        return _fit_sparse(kernel, features, outputs, groups, random)
    lower = cholesky_of(kernel, features)
    inverse = inverse_of(lower)
    weights = inverse @ outputs
    held_out = np.empty_like(outputs)
    share = np.empty(len(outputs))
    for group in np.unique(groups):
        block = np.flatnonzero(groups == group)
        inner = inverse[np.ix_(block, block)]
        held_out[block] = outputs[block] - np.linalg.solve(inner, weights[block])
        share[block] = np.diag(np.linalg.inv(inner))
    variance = np.mean(np.square(held_out - outputs) / share[:, None], axis=0)
    return Trend(kernel, features, weights, factor_of(kernel, features), variance), held_out


def _fit_sparse(
    kernel: Kernel, features: Array, outputs: Array, groups: NDArray[np.intp], random: np.random.RandomState
) -> tuple[Trend, Array]:
    # subset of regressors: all rows speak, through a few hundred points of the kernel
    points = features[thin(groups, _MAX_POINTS, random)]
    size, vectors = np.linalg.eigh(kernel(points, points))
    kept = size > 1e-10 * size[-1]
    basis = vectors[:, kept] / np.sqrt(size[kept])
    design = kernel(features, points) @ basis
    gram, right = design.T @ design, design.T @ outputs
    noise = max(kernel.noise, 1e-12 * float(np.trace(gram)))
    ridge = noise * np.eye(len(gram))
    held_out = np.empty_like(outputs)
    labels = np.unique(groups)
    # at most ten refits; a fold of whole groups is held out together
    for labels_out in np.array_split(random.permutation(labels), min(10, len(labels))):
        block = design[np.isin(groups, labels_out)]
        part = gram - block.T @ block + ridge
        rest = right - block.T @ outputs[np.isin(groups, labels_out)]
        held_out[np.isin(groups, labels_out)] = block @ np.linalg.solve(part, rest)
    weights = basis @ np.linalg.solve(gram + ridge, right)
    told, axes = np.linalg.eigh(gram)
    factor = basis @ axes * np.sqrt(np.maximum(told, 0.0) / (np.maximum(told, 0.0) + noise))
    trend = Trend(kernel, points, weights, factor, np.ones(outputs.shape[1]))
    expected = trend.predict(points)[1][:, :1].mean()
    return trend._replace(variance=np.mean(np.square(held_out - outputs), axis=0) / expected), held_out
