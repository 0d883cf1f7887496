# SPDX-License-Identifier: BSD-3-Clause
"""Mean and variance of a mixture of processes, without an array for each of its members."""

from __future__ import annotations

from typing import Any, NamedTuple, Self

import numpy as np
import torch
from numpy.typing import NDArray

from strain2dos.dos._common.linear_algebra import product, tensor
from strain2dos.dos._process.mixture import Loaded

Array = NDArray[np.float64]
Tensor = torch.Tensor


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
