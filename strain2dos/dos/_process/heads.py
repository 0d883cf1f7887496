# SPDX-License-Identifier: BSD-3-Clause
"""One head per thing that is learned: plain processes, and the weight of those that see through networks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from strain2dos.dos._common.arrays import check_array
from strain2dos.dos._process.covariance import FAMILIES, Covariance
from strain2dos.dos._process.mixture import Process, load, moments
from strain2dos.dos._process.plain import Kernel, weigh_kernels
from strain2dos.dos._process.posterior import condition

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
    first : int
        Their first column among the outputs of the networks' processes.
    plain : tuple of Process
        Processes without a network; the weights of all their members add to one.
    network_weight : float
        Weight of the processes with networks, from 0 to 1.
    """

    mean: Array
    scale: float
    first: int
    plain: tuple[Process, ...]
    network_weight: float = 0.0

    @property
    def columns(self) -> slice:
        """Columns of the outputs of the networks' processes."""
        return slice(self.first, self.first + len(self.mean))

    def check(self, network: Process | None) -> None:
        """Raise a ValueError where parts do not fit together."""
        check_array("mean", self.mean, (len(self.mean),))
        for process in self.plain:
            process.check()
            check_array("variance", process.variance, (len(process.lengths), len(self.mean)))
        if not (0.0 <= self.network_weight <= 1.0 and np.isfinite(self.scale)):
            raise ValueError(f"network_weight = {self.network_weight} must lie between 0 and 1")
        if self.network_weight > 0 and (network is None or self.columns.stop > network.variance.shape[1]):
            raise ValueError("a head needs outputs that the networks do not have")

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Head:
        """Rebuild a head from plain values."""
        return cls(**{**state, "plain": tuple(Process.from_state(part) for part in state["plain"])})


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
    refine: bool = True,
    least_noise: float = 1e-8,
    device: str = "cpu",
) -> Learned:
    """Scale the outputs, weigh kernels without a network, and condition a process on the rows for each."""
    mean = outputs.mean(0)
    scale = float(np.sqrt(np.mean(np.square(outputs - mean).sum(1)))) or 1.0
    scaled = (outputs - mean) / scale
    kernels = weigh_kernels(features, scaled, groups, random, refine=refine, least_noise=least_noise)
    plain, means, variances, weights = [], [], [], []
    for family in FAMILIES:
        some = [kernel for kernel in kernels if kernel.family == family]
        if not some:
            continue
        share = np.array([kernel.weight for kernel in some])
        process, held = condition(_joined(some), features, scaled, groups, share, random, device)
        plain.append(process)
        means.append(held.mean)
        variances.append(held.size[:, :, None] * process.variance[:, None, :])
        weights.append(share)
    held_mean, held_variance = mixed(
        np.concatenate(means), np.concatenate(variances), np.concatenate(weights)
    )
    return Learned(Head(mean, scale, 0, tuple(plain)), scaled, kernels, held_mean, held_variance)


def mixed(means: Array, variances: Array, weights: Array) -> tuple[Array, Array]:
    """Return mean and variance of a mixture along the first axis."""
    mean = np.einsum("m,mnd->nd", weights, means)
    return mean, np.einsum("m,mnd->nd", weights, variances + np.square(means - mean))


def _joined(kernels: list[Kernel]) -> Covariance:
    return Covariance(
        kernels[0].family,
        np.array([kernel.length for kernel in kernels]),
        np.array([kernel.linear for kernel in kernels]),
        np.array([kernel.noise for kernel in kernels]),
    )


@dataclass(frozen=True)
class Heads:
    """All heads, and the processes with networks that they share."""

    heads: tuple[Head, ...]
    network: Process | None

    def loaded(self, device: str) -> LoadedHeads:
        """Return the same, ready to predict on a device."""
        return LoadedHeads(self, device)

    def processes(self) -> list[Process]:
        """Return all processes."""
        shared = [] if self.network is None else [self.network]
        return [part for head in self.heads for part in head.plain] + shared

    def check(self) -> None:
        """Raise a ValueError where parts do not fit together."""
        if self.network is not None:
            self.network.check()
        for head in self.heads:
            head.check(self.network)

    def placed(self) -> Heads:
        """Give every head its columns among all outputs, one head after the other."""
        first = np.cumsum([0, *(len(head.mean) for head in self.heads)])
        return replace(
            self,
            heads=tuple(replace(head, first=int(k)) for head, k in zip(self.heads, first[:-1], strict=True)),
        )

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Heads:
        """Rebuild the heads from plain values."""
        network = None if state["network"] is None else Process.from_state(state["network"])
        return cls(tuple(Head.from_state(part) for part in state["heads"]), network)


class LoadedHeads:
    """Heads as tensors on one device."""

    def __init__(self, heads: Heads, device: str) -> None:
        self.heads, self.device = heads.heads, device
        self.plain = [[load(process, device) for process in head.plain] for head in heads.heads]
        used = any(head.network_weight > 0 for head in heads.heads)
        self.network = load(heads.network, device) if heads.network is not None and used else None

    def members(self, k: int, features: Array) -> tuple[Array, Array, Array]:
        """Return means, variances (n_members, n, n_outputs) and weights of all members of a head."""
        means, variances, weights = self._members(k, features)
        head = self.heads[k]
        return (
            head.mean + head.scale * means.cpu().numpy(),
            head.scale**2 * variances.cpu().numpy(),
            weights.cpu().numpy(),
        )

    def predict(self, k: int, features: Array) -> tuple[Array, Array]:
        """Return mean and variance (n, n_outputs) of a head for standardised features (n, p)."""
        mean, variance = moments(*self._members(k, features))
        head = self.heads[k]
        return head.mean + head.scale * mean.cpu().numpy(), head.scale**2 * variance.cpu().numpy()

    def _members(self, k: int, features: Array) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        x = torch.tensor(features, dtype=torch.float64, device=self.device)
        weight = self.heads[k].network_weight
        found = [
            (*part.members(x, slice(None)), (1.0 - weight) * part.member_weights) for part in self.plain[k]
        ]
        if weight > 0 and self.network is not None:
            columns = self.heads[k].columns
            found.append((*self.network.members(x, columns), weight * self.network.member_weights))
        return tuple(torch.cat(part) for part in zip(*found, strict=True))  # type: ignore[return-value]
