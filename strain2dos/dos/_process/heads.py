# SPDX-License-Identifier: BSD-3-Clause
"""One head per thing that is learned: plain processes, and the weight of those that see through networks."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from strain2dos.dos._common.arrays import check_array
from strain2dos.dos._common.linear_algebra import tensor
from strain2dos.dos._process.covariance import FAMILIES, Covariance
from strain2dos.dos._process.local_scale import LocalScale, NearbyFactors
from strain2dos.dos._process.mixture import Loaded, Mixture, Moments, Process, load, mixed
from strain2dos.dos._process.plain import Kernel, weighted_kernels
from strain2dos.dos._process.posterior import condition
from strain2dos.dos._process.sloped import Sloped

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Head:
    """What is known of some outputs.

    Attributes
    ----------
    mean : ndarray of shape (n_outputs,)
        Mean of the outputs.
    scale : float
        Unit in which they are learned.
    plain : tuple of Process
        Processes without a network; the weights of all their members add to one.
    noise, local : tuple of LocalScale
        Factors from place to place on the noise of these processes, and on the variance of the mixture.
    wider : float
        Factor on the variance of the mixture everywhere.
    """

    mean: Array
    scale: float
    plain: tuple[Process, ...]
    noise: tuple[LocalScale, ...] = ()
    local: tuple[LocalScale, ...] = ()
    wider: float = 1.0

    def check(self) -> None:
        """Raise a ValueError where parts do not fit together."""
        check_array("mean", self.mean, (len(self.mean),))
        for process in self.plain:
            process.check()
            check_array("variance", process.variance, (len(process.lengths), len(self.mean)))
            for scale in (*self.noise, *self.local):
                scale.check(process.points.shape[1])
        if not np.isfinite(self.scale):
            raise ValueError(f"scale = {self.scale} must be finite")
        if not 0 <= self.wider < np.inf:
            raise ValueError(f"wider = {self.wider} must be finite and not negative")


class Learned(NamedTuple):
    """A head with its scaled outputs, its kernels, and what it predicts for each group without it."""

    head: Head
    outputs: Array
    kernels: list[Kernel]
    mean: Array
    variance: Array


def fit_head(
    features: Array,
    outputs: Array,
    groups: NDArray[np.intp],
    random: np.random.RandomState,
    *,
    loose: Array | None = None,
    refine: bool = True,
    least_noise: float = 1e-8,
    bent: bool = False,
    device: str = "cpu",
) -> Learned:
    """Scale the outputs, weigh kernels without a network, and condition a process on the rows for each.

    `loose` (n,) multiplies the variance of the noise of each row. `bent` also weighs kernels with a quadratic
    part.
    """
    mean = outputs.mean(0)
    scale = float(np.sqrt(np.mean(np.square(outputs - mean).sum(1)))) or 1.0
    scaled = (outputs - mean) / scale
    kernels = weighted_kernels(
        features, scaled, groups, random, loose=loose, refine=refine, least_noise=least_noise, bent=bent
    )
    plain, means, variances, weights = [], [], [], []
    for family in FAMILIES:
        some = [kernel for kernel in kernels if kernel.family == family and kernel.weight > 0]
        if not some:
            continue
        share = np.array([kernel.weight for kernel in some])
        process, held = condition(_joined(some), features, scaled, groups, share, random, device, loose)
        plain.append(process)
        means.append(held.mean)
        variances.append(held.size[:, :, None] * process.variance[:, None, :])
        weights.append(share)
    held_mean, held_variance = mixed(
        np.concatenate(means), np.concatenate(variances), np.concatenate(weights)
    )
    return Learned(Head(mean, scale, tuple(plain)), scaled, kernels, held_mean, held_variance)


def _joined(kernels: list[Kernel]) -> Covariance:
    return Covariance(
        kernels[0].family,
        np.array([kernel.length for kernel in kernels]),
        np.array([kernel.linear for kernel in kernels]),
        np.array([kernel.noise for kernel in kernels]),
        quadratic=np.array([kernel.quadratic for kernel in kernels]),
    )


@dataclass(frozen=True)
class Heads:
    """The heads of the curve and of the valleys, and the processes with networks that predict the curve too.

    Attributes
    ----------
    curve : Head
        Scores of the curve.
    valleys : tuple of Head
        Energy of each valley.
    network : Process or None
        Processes with networks, for the scores; None where they have no weight.
    network_weight : float
        Weight of the networks against the kernels without one, from 0 to 1.
    gap_factor : float
        Variance of the gap over the sum of those of both edges.
    pair_factors : ndarray of shape (n_valence, n_conduction)
        The same of the gap between each valley of the valence band and each of the conduction band.
    """

    curve: Head
    valleys: tuple[Head, ...]
    network: Process | None = None
    network_weight: float = 0.0
    gap_factor: float = 1.0
    pair_factors: Array = field(default_factory=lambda: np.ones((0, 0)))

    def loaded(self, device: str) -> LoadedHeads:
        """Return the same, ready to predict on a device: made once."""
        if device not in self._loaded:
            self._loaded[device] = LoadedHeads(self, device)
        return self._loaded[device]

    @cached_property
    def _loaded(self) -> dict[str, LoadedHeads]:
        return {}

    def processes(self) -> list[Process]:
        """Return all processes."""
        shared = [] if self.network is None else [self.network]
        return [part for head in (self.curve, *self.valleys) for part in head.plain] + shared

    def check(self) -> None:
        """Raise a ValueError where parts do not fit together."""
        for head in (self.curve, *self.valleys):
            head.check()
        if any(process.quadratic.any() for head in self.valleys for process in head.plain):
            raise ValueError("kernels of valleys have no quadratic part")
        if self.curve.noise:
            raise ValueError("the noise of curves is one for all states")
        if not 0 <= self.gap_factor < np.inf:
            raise ValueError(f"gap_factor = {self.gap_factor} must be finite and not negative")
        check_array("pair_factors", self.pair_factors, np.shape(self.pair_factors))
        if sum(self.pair_factors.shape) != len(self.valleys) or (self.pair_factors < 0).any():
            raise ValueError("pair_factors must hold one number of each pair of valleys, none negative")
        if not 0.0 <= self.network_weight <= 1.0:
            raise ValueError(f"network_weight = {self.network_weight} must lie between 0 and 1")
        if self.network is not None:
            self.network.check()
            check_array("variance", self.network.variance, (len(self.network.lengths), len(self.curve.mean)))
        elif self.network_weight > 0:
            raise ValueError("networks have a weight, but there are none")


class LoadedHeads:
    """Heads as tensors on one device, each made when it is needed."""

    def __init__(self, heads: Heads, device: str) -> None:
        self.heads, self.device = heads, device

    def curve(self, features: Array) -> list[Moments]:
        """Return what kernels without networks predict for standardized features (n, p), then those with."""
        x = tensor(features, self.device)
        return [side(x) for side in self._sides]

    def variance(self, found: list[Moments], features: Array) -> Array:
        """Return variances (n, n_scores) of the mixture of both, with their local factor."""
        weight, (variance, *others) = self.heads.network_weight, [side.variance() for side in found]
        if others:
            scatter = weight * (1.0 - weight) * (found[1].mean - found[0].mean).square().numpy()
            variance = (1.0 - weight) * variance + weight * others[0] + scatter
        return self.factor(features)[:, None] * variance

    def factor(self, features: Array) -> Array:
        """Return the factor (n,) on variances of the curve at standardized features."""
        return self.heads.curve.wider * self._near_curve(features)[0]

    def members(self, features: Array) -> tuple[Array, Array, Array]:
        """Return means and variances (n_members, n, n_scores) of all members of both, and their weights."""
        x, weight, head = tensor(features, self.device), self.heads.network_weight, self.heads.curve
        shares = [1.0 - weight, weight] if len(self._sides) > 1 else [1.0]
        found = [
            (*part.members(x), share * part.member_weights)
            for share, side in zip(shares, self._sides, strict=True)
            for part in side.parts
        ]
        means, variances, weights = (torch.cat(some).cpu().numpy() for some in zip(*found, strict=True))
        return head.mean + head.scale * means, head.scale**2 * variances, weights

    def valleys(
        self, features: Array, *, std: bool = True, slopes: bool = False
    ) -> tuple[Array, Array, Array]:
        """Return means, variances (n, n_valleys), and slopes (n, n_valleys, p) by standardized features.

        What is not asked for is NaN.
        """
        x, heads = tensor(features, self.device), self.heads.valleys
        mean, variance = np.empty((2, len(features), len(heads)))
        slope = np.empty((*mean.shape, features.shape[1]))
        near = self._near_valleys(features) if std else np.ones((2 * len(heads), 1))
        factors, noises = near[: len(heads)], near[len(heads) :]
        for k, (head, sloped) in enumerate(zip(heads, self._sloped, strict=True)):
            loose = tensor(noises[k], self.device)
            means, variances, rises = sloped(x, loose, std=std, slopes=slopes)
            found = mixed(head.mean + head.scale * means, head.scale**2 * variances, sloped.weights)
            mean[:, k] = found[0][:, 0]
            variance[:, k] = head.wider * factors[k] * found[1][:, 0]
            slope[:, k] = head.scale * np.einsum("m,mnp->np", sloped.weights, rises[:, :, 0])
        return mean, variance, slope

    @cached_property
    def valley_parts(self) -> list[list[Loaded]]:
        """Processes of each valley."""
        return [[load(process, self.device) for process in head.plain] for head in self.heads.valleys]

    @cached_property
    def _sides(self) -> list[Mixture]:
        head, network = self.heads.curve, self.heads.network
        parts = [head.plain] if network is None else [head.plain, (network,)]
        return [Mixture(head.mean, head.scale, [load(one, self.device) for one in some]) for some in parts]

    @cached_property
    def _sloped(self) -> list[Sloped]:
        return [Sloped(parts) for parts in self.valley_parts]

    @cached_property
    def _near_curve(self) -> NearbyFactors:
        return NearbyFactors([self.heads.curve.local])

    @cached_property
    def _near_valleys(self) -> NearbyFactors:
        heads = self.heads.valleys
        return NearbyFactors([head.local for head in heads] + [head.noise for head in heads])
