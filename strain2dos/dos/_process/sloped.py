# SPDX-License-Identifier: BSD-3-Clause
"""Means, variances and slopes of Gaussian processes, from as few passes over the kernels as possible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from strain2dos.dos._common.linear_algebra import padded, product
from strain2dos.dos._process.covariance import CONSTANT, FACTORS, SLOPES, stationary
from strain2dos.dos._process.mixture import Loaded

Array = NDArray[np.float64]
Tensor = torch.Tensor


@dataclass(frozen=True)
class SlopedMember:
    """One kernel without a network, with all that its products need worked out before.

    Of a covariance, which has no quadratic part, the linear part and the large constant are linear in the
    features, so their products with the weights are known before; only the stationary part is evaluated at
    each point. Columns of zeros, and rows that meet them, stand where a product would be filled up each time.

    Attributes
    ----------
    family : str
    inverse_lengths : Tensor of shape (p,)
    to_squared : Tensor of shape (p + 2, n_points)
        From features over their lengths, their square and 1 to the (scaled) squared distances.
    to_mean, to_left : tuple of Tensor of shape (n_points, n_columns) and (p + 1, n_columns)
        What the stationary part, and the linear part with the constant, are multiplied by: coefficients of
        the outputs, and factors of the inverse.
    by_slope : Tensor of shape (n_points, n_outputs * (p + 1))
        What the derivative by the squared distance is multiplied by: coefficients times points, and alone.
    steady : Tensor of shape (n_outputs, p)
        Slope of the linear part.
    linear, noise : float
    variance : Tensor of shape (n_outputs,)
    """

    family: str
    inverse_lengths: Tensor
    to_squared: Tensor
    to_mean: tuple[Tensor, Tensor]
    to_left: tuple[Tensor, Tensor]
    by_slope: Tensor
    steady: Tensor
    linear: float
    noise: float
    variance: Tensor

    @classmethod
    def of(cls, loaded: Loaded, k: int) -> SlopedMember:
        """Work out what member `k` of a process without networks needs."""
        covariance, variance = loaded.covariance, loaded.variance[k]
        known, family = loaded.placed[0][k], covariance.family
        linear = float(torch.exp(covariance.log_linear)[k])
        norm, ones = known.square().sum(-1, keepdim=True), torch.ones_like(known[:, :1])
        beside = torch.cat([known, ones], dim=1)

        def weighted(by: Tensor) -> tuple[Tensor, Tensor]:
            return _filled(by), torch.cat([linear * (known.T @ by), CONSTANT * by.sum(0, keepdim=True)])

        coefficients = loaded.coefficients[k][:, : len(variance)]
        return cls(
            family,
            torch.exp(-covariance.log_lengths)[k],
            padded((FACTORS[family] * torch.cat([-2.0 * known, ones, norm], dim=1)).T),
            weighted(loaded.coefficients[k]),
            weighted(loaded.factors[k]),
            _filled(padded((SLOPES[family] * coefficients[:, :, None] * beside[:, None]).flatten(1))),
            linear * (coefficients.T @ known),
            linear,
            float(loaded.noise[k]),
            variance,
        )

    def __call__(
        self, x: Tensor, loose: Tensor | float = 1.0, *, std: bool = True, slopes: bool = True
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Return means and variances (n, n_outputs) and slopes (n, n_outputs, p) at standardized features.

        `loose` (n,) multiplies the variance of the noise. What is not asked for is NaN.
        """
        here, n_outputs = x * self.inverse_lengths, len(self.variance)
        norm = here.square().sum(-1, keepdim=True)
        one = torch.ones_like(norm)
        beside = torch.cat([here, one], dim=1)
        part, change = stationary(product(torch.cat([here, norm, one], dim=1), self.to_squared), self.family)
        mean = product(beside, self.to_mean[1]) + product(part, self.to_mean[0])
        mean = mean[:, :n_outputs]
        variance, slope = (
            torch.full_like(mean, torch.nan),
            mean.new_full((*mean.shape, x.shape[1]), torch.nan),
        )
        if std:
            seen = product(beside, self.to_left[1]) + product(part, self.to_left[0])
            left = (1.0 + CONSTANT) + self.linear * norm[:, 0] - seen.square_().sum(-1)
            variance = (left.clamp_(min=0.0) + self.noise * loose)[:, None] * self.variance
        if slopes:
            sums = product(change, self.by_slope)[:, : n_outputs * beside.shape[1]]
            sums = sums.unflatten(1, (n_outputs, -1))
            # d(distance^2)/dx = 2 (x - point), over lengths: sums of the changes, alone and times points
            slope = 2.0 * (here[:, None, :] * sums[..., -1:] - sums[..., :-1])
            slope = slope.add_(self.steady).mul_(self.inverse_lengths)
        return mean, variance, slope


def _filled(rows: Tensor) -> Tensor:
    """Return rows of zeros below others, up to a multiple of 8."""
    return padded(rows.T).T.contiguous()


class Sloped:
    """The members of processes without networks, which together give one head's means."""

    def __init__(self, parts: list[Loaded]) -> None:
        self.members = [SlopedMember.of(part, k) for part in parts for k in range(len(part.factors))]
        self.weights = np.concatenate([part.member_weights.cpu().numpy() for part in parts])

    def __call__(
        self, x: Tensor, loose: Tensor | float = 1.0, *, std: bool = True, slopes: bool = True
    ) -> tuple[Array, Array, Array]:
        """Return means, variances (n_members, n, n_outputs), slopes (n_members, n, n_outputs, p)."""
        found = zip(*(member(x, loose, std=std, slopes=slopes) for member in self.members), strict=True)
        means, variances, rises = (torch.stack(some).cpu().numpy() for some in found)
        return means, variances, rises
