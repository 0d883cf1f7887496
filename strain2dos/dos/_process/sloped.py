# SPDX-License-Identifier: BSD-3-Clause
"""Means, variances and slopes of Gaussian processes, from as few passes over the kernels as possible."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from strain2dos.dos._common.linear_algebra import padded, product
from strain2dos.dos._process.covariance import CONSTANT
from strain2dos.dos._process.mixture import Loaded
from strain2dos.dos._process.stationary import FACTORS, SLOPES, stationary

Tensor = torch.Tensor


@dataclass(frozen=True)
class SlopedMember:
    """One kernel without a network, with all that its products need worked out before.

    Of a covariance, which has no quadratic part, the linear part and the large constant are linear in the
    features, so their products with the weights are known before; only the stationary part is evaluated at
    each point.

    Attributes
    ----------
    family : str
    inverse_lengths : Tensor of shape (p,)
    to_squared : Tensor of shape (p + 2, n_points)
        From features over their lengths, their square and 1 to the (scaled) squared distances.
    by_value : Tensor of shape (n_points, n_columns)
        What the stationary part is multiplied by: factors of the inverse, then coefficients of the outputs.
    by_feature : Tensor of shape (p + 1, n_columns)
        The same of the linear part and the constant.
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
    by_value: Tensor
    by_feature: Tensor
    by_slope: Tensor
    steady: Tensor
    linear: float
    noise: float
    variance: Tensor

    @classmethod
    def of(cls, loaded: Loaded, k: int) -> SlopedMember:
        """Work out what member `k` of a process without networks needs."""
        covariance = loaded.covariance
        known, coefficients, factors = loaded.placed[0][k], loaded.coefficients[k], loaded.factors[k]
        linear = float(torch.exp(covariance.log_linear)[k])
        ones = torch.ones_like(known[:, :1])
        scale = FACTORS[covariance.family]
        norm = known.square().sum(-1, keepdim=True)
        by_value = torch.cat([factors, coefficients], dim=1)
        beside = torch.cat([known, ones], dim=1)
        return cls(
            covariance.family,
            torch.exp(-covariance.log_lengths)[k],
            # columns of zeros, and rows that meet them, so that no product is filled up each time
            padded((scale * torch.cat([-2.0 * known, ones, norm], dim=1)).T),
            padded(by_value.T).T.contiguous(),
            torch.cat([linear * (known.T @ by_value), CONSTANT * by_value.sum(0, keepdim=True)]),
            padded(
                (SLOPES[covariance.family] * coefficients[:, :, None] * beside[:, None, :]).flatten(1).T
            ).T,
            linear * (coefficients.T @ known),
            linear,
            float(loaded.noise[k]),
            loaded.variance[k],
        )

    def __call__(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return means and variances (n, n_outputs) and slopes (n, n_outputs, p) at standardized features."""
        here = x * self.inverse_lengths
        norm = here.square().sum(-1, keepdim=True)
        one = torch.ones_like(norm)
        part, change = stationary(product(torch.cat([here, norm, one], dim=1), self.to_squared), self.family)
        found = product(torch.cat([here, one], dim=1), self.by_feature) + product(part, self.by_value)
        rank = found.shape[1] - len(self.variance)
        left = (1.0 + CONSTANT) + self.linear * norm[:, 0] - found[:, :rank].square().sum(-1)
        variance = (left.clamp_(min=0.0) + self.noise)[:, None] * self.variance
        sums = product(change, self.by_slope).unflatten(1, (len(self.variance), -1))
        # d(distance^2)/dx = 2 (x - point), over lengths: sums of the changes, alone and times points
        slope = 2.0 * (here[:, None, :] * sums[..., -1:] - sums[..., :-1])
        return found[:, rank:], variance, slope.add_(self.steady).mul_(self.inverse_lengths)


class Sloped:
    """The members of processes without networks, which together give one head's means."""

    def __init__(self, parts: list[Loaded]) -> None:
        self.members = [SlopedMember.of(part, k) for part in parts for k in range(len(part.factors))]
        self.weights = np.concatenate([part.member_weights.cpu().numpy() for part in parts])

    def __call__(self, x: Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return means, variances (n_members, n, n_outputs), slopes (n_members, n, n_outputs, p)."""
        found = zip(*(member(x) for member in self.members), strict=True)
        means, variances, slopes = (torch.stack(some).cpu().numpy() for some in found)
        return means, variances, slopes
