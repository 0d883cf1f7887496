# SPDX-License-Identifier: BSD-3-Clause
"""Gaussian processes as arrays, plain ones and those with networks, and what they predict when mixed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray

from strain2dos.dos._common.arrays import check_array
from strain2dos.dos._common.linear_algebra import padded, product, tensor
from strain2dos.dos._process.covariance import FAMILIES, Covariance

Array = NDArray[np.float64]
Tensor = torch.Tensor


@dataclass(frozen=True)
class Process:
    """Gaussian processes of one family for several outputs: numbers and arrays only.

    The inverse covariance is kept as a factor: multiplied out, rounding under the kernel's large constant
    would swamp the small variances of kernels with little noise.

    Attributes
    ----------
    family : str
        Stationary part of the covariance.
    lengths, linear, quadratic, noise : ndarray of shape (n_members, n_features) and (n_members,)
        Numbers of each kernel.
    layers : tuple of (weights, biases)
        Of the networks, (n_members, n_in, n_out) and (n_members, 1, n_out); empty without networks.
    reach : ndarray of shape (n_members,)
        Size of the networks' outputs in the distance.
    points : ndarray of shape (n_points, n_features)
        Standardized features of the states that the processes are conditioned on.
    coefficients : ndarray of shape (n_members, n_points, n_outputs)
        By which covariances with these states give means.
    factors : ndarray of shape (n_members, n_points, rank)
        F with F F^T the inverse of the covariance of the points with its noise.
    variance : ndarray of shape (n_members, n_outputs)
        Scale of each output's variance, from its errors on groups left out.
    member_weights : ndarray of shape (n_members,)
        Weights of the members in their mixture.
    """

    family: str
    lengths: Array
    linear: Array
    quadratic: Array
    noise: Array
    layers: tuple[tuple[Array, Array], ...]
    reach: Array
    points: Array
    coefficients: Array
    factors: Array
    variance: Array
    member_weights: Array

    def covariance(self, device: str = "cpu") -> Covariance:
        """Return the covariance with these numbers."""
        made = Covariance(self.family, self.lengths, self.linear, self.noise, quadratic=self.quadratic)
        if self.layers:
            made.log_reach = torch.nn.Parameter(torch.log(tensor(self.reach)))
            for weight, bias in self.layers:
                made.weights.append(torch.nn.Parameter(tensor(weight)))
                made.biases.append(torch.nn.Parameter(tensor(bias)))
        return made.requires_grad_(False).to(device)

    def check(self) -> None:
        """Raise a ValueError where shapes do not fit together or a number is not finite."""
        members, width = self.lengths.shape
        n, outputs = self.coefficients.shape[1:]
        shapes = {
            "linear": (members,),
            "quadratic": (members,),
            "noise": (members,),
            "points": (n, width),
            "coefficients": (members, n, outputs),
            "factors": (members, n, self.factors.shape[-1]),
            "variance": (members, outputs),
            "member_weights": (members,),
        }
        if self.family not in FAMILIES:
            raise ValueError(f"kernel family {self.family!r} is none of {', '.join(FAMILIES)}")
        for name, shape in shapes.items():
            check_array(name, getattr(self, name), shape)
        for layer, (weight, bias) in enumerate(self.layers):
            check_array(f"layers[{layer}]", weight, (members, width, weight.shape[-1]))
            check_array(f"layers[{layer}]", bias, (members, 1, weight.shape[-1]))
            width = weight.shape[-1]
        if self.layers:
            check_array("reach", self.reach, (members,))
        for name in ("lengths", "linear", "noise"):
            if not (getattr(self, name) > 0).all():
                raise ValueError(f"{name} of a kernel must be positive")
        if (self.quadratic < 0).any():
            raise ValueError("the quadratic part of a kernel must not be negative")


class Loaded(NamedTuple):
    """A process on the device where it predicts: its columns are filled up once, not at each product."""

    covariance: Covariance
    placed: tuple[Tensor, Tensor]
    coefficients: Tensor
    factors: Tensor
    variance: Tensor
    noise: Tensor
    member_weights: Tensor

    def each(self, x: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
        """Give means (n, n_outputs) of one member after the other, and variances (n,) over its scale."""
        place = self.covariance.place(x)
        left, n_outputs = self.covariance.diagonal(place), self.variance.shape[1]
        # arrays of all members at once leave the cache, and take four times as long
        for k, (coefficients, factors) in enumerate(zip(self.coefficients, self.factors, strict=True)):
            cross = self.covariance.between_of(k, place, self.placed)
            rest = (left[k] - product(cross, factors).square().sum(-1)).clamp(min=0.0)
            # what the noise of the features adds to a new sample belongs to its uncertainty
            yield product(cross, coefficients)[:, :n_outputs], rest + self.noise[k]

    def members(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return (n_members, n, n_outputs) means and variances for standardized features."""
        means, left = (torch.stack(part) for part in zip(*self.each(x), strict=True))
        return means, left[..., None] * self.variance[:, None, :]


def load(process: Process, device: str) -> Loaded:
    """Return a process ready to predict on a device."""
    covariance = process.covariance(device)
    points, coefficients, factors, *arrays = (
        tensor(part, device)
        for part in (
            process.points,
            process.coefficients,
            process.factors,
            process.variance,
            process.noise,
            process.member_weights,
        )
    )
    # columns of zeros add nothing to sums of squares
    return Loaded(covariance, covariance.place(points), padded(coefficients), padded(factors), *arrays)


def mixed(means: Array, variances: Array, weights: Array) -> tuple[Array, Array]:
    """Return mean and variance of a mixture along the first axis."""
    mean = np.einsum("m,mnd->nd", weights, means)
    return mean, np.einsum("m,mnd->nd", weights, variances + np.square(means - mean))


class Moments(NamedTuple):
    """What processes that are mixed predict, on the CPU.

    The variance that a member gives has one number per row, times one per score: so many rows of a matrix
    are as many as there are members, not scores.

    Attributes
    ----------
    mean, scatter : Tensor of shape (n, n_scores)
        Means of the scores, and variances of the members' means about them.
    left : Tensor of shape (n, n_members)
        Variances of each member, in units of its scale.
    scales : Tensor of shape (n_members, n_scores)
        Its scale times its weight.
    """

    mean: Tensor
    scatter: Tensor
    left: Tensor
    scales: Tensor

    def rows(self, some: slice) -> Self:
        """Return those of some rows."""
        return self._replace(mean=self.mean[some], scatter=self.scatter[some], left=self.left[some])

    def variance(self) -> Array:
        """Return variances (n, n_scores) of the scores."""
        found: Array = (product(self.left, self.scales) + self.scatter).numpy()
        return found

    def carried(self, squares: Tensor) -> Array:
        """Return variances (n, n_latents) of sums of scores with factors whose squares are given."""
        variance = product(self.left, self.scales @ squares)
        if self.left.shape[1] > 1:
            variance = variance + product(self.scatter, squares)
        return np.ascontiguousarray(variance.numpy())


class Mixture:
    """Processes that are mixed, for outputs with a mean and a unit."""

    def __init__(self, mean: Array, scale: float, parts: list[Loaded]) -> None:
        self.mean, self.scale, self.parts = tensor(mean, parts[0].noise.device), scale, parts
        own = [scale**2 * part.member_weights[:, None] * part.variance for part in parts]
        self.scales = torch.cat(own).cpu()

    def __call__(self, x: Tensor) -> Moments:
        """Return moments for standardized features (n, p)."""
        total = x.new_zeros((len(x), len(self.mean)))
        square = torch.zeros_like(total)
        base: Any = None
        left = []
        for part in self.parts:
            for weight, (mean, size) in zip(part.member_weights.tolist(), part.each(x), strict=True):
                left.append(size)
                # members differ little, so squares of differences from one of them keep their digits
                base = mean if base is None else base
                step = mean - base
                total.add_(step, alpha=weight)
                square.addcmul_(step, step, value=weight)
        scatter = self.scale**2 * (square - total.square()).clamp(min=0.0)
        mean = self.mean + self.scale * (base + total)
        return Moments(mean.cpu(), scatter.cpu(), torch.stack(left, dim=-1).cpu(), self.scales)
