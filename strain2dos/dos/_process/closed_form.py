# SPDX-License-Identifier: BSD-3-Clause
"""The density that kernels give to groups left out as a loss, with its slope.

Both are in closed form, in a fraction of the time that automatic differentiation takes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from strain2dos.dos._common.linear_algebra import tensor
from strain2dos.dos._process.covariance import CONSTANT, FACTORS, SLOPES, squared_distances, stationary
from strain2dos.dos._process.density import (
    best_scale,
    inverse_of,
    left_out,
    left_out_blocks,
    negative_log_density,
)

Array = NDArray[np.float64]
Tensor = torch.Tensor


def value_and_slope(
    family: str,
    logs: Array,
    x: Tensor,
    outputs: Tensor,
    loose: Tensor,
    blocks: Sequence[Tensor],
    quadratic: float = 0.0,
) -> tuple[float, Array]:
    r"""Return minus the log density of all groups, each left out, and its slope.

    The value is that of `density.left_out`, with the scale of the variance at its best. The slope goes back
    through the inverse of the covariance, :math:`dA^{-1} = -A^{-1} dA A^{-1}`, as for single rows in C. E.
    Rasmussen and C. K. I. Williams, Gaussian Processes for Machine Learning, MIT Press 2006, section 5.4.2.

    Parameters
    ----------
    family : str
        Of the stationary part.
    logs : ndarray of shape (p + 2,)
        Logarithms of the length scales, of the linear part and of the noise.
    x, outputs : Tensor of shape (n, p) and (n, d)
    loose : Tensor of shape (n,)
        Multiplies the variance of the noise of each row.
    blocks : sequence of Tensor of shape (n_groups_of_that_size, size)
        Rows of groups, for each size of group.
    quadratic : float, default=0
        Variance of the quadratic part over that of the linear one.

    Returns
    -------
    value : float
        Infinite where the covariance has no inverse.
    slope : ndarray of shape (p + 2,)
    """
    numbers = tensor(np.exp(logs))
    placed, linear, noise = x / numbers[:-2], numbers[-2], numbers[-1]
    part, change = stationary(squared_distances(placed, placed) * FACTORS[family], family)
    product = placed @ placed.T
    response = linear * (product + quadratic * product.square())
    covariance = part + response + CONSTANT + torch.diag(noise * loose)
    values, slopes, failed = of_groups(covariance[None], outputs[None], blocks)
    if failed.any():
        return np.inf, np.zeros_like(logs)
    along = slopes[0]
    # a square of a distance falls by twice itself where the logarithm of its length grows by one
    pull = SLOPES[family] * along * change
    lengths = -4.0 * (pull.sum(1) @ placed.square() - (placed * (pull @ placed)).sum(0))
    tilt = along * (1.0 + 2.0 * quadratic * product)
    lengths -= 2.0 * linear * (placed * (tilt @ placed)).sum(0)
    others = torch.stack([(along * response).sum(), noise * (along.diagonal() @ loose)])
    return float(values[0]), torch.cat([lengths, others]).numpy()


def of_groups(
    covariance: Tensor, outputs: Tensor, blocks: Sequence[Tensor], counted: Tensor | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the value (n_members,), its slope by covariances (n_members, n, n), and which have no inverse.

    `counted` (n_members, n_groups), 1 or 0, are groups in the order of `blocks`; None counts all.
    """
    inverse, failed = inverse_of(covariance)
    weighted = inverse @ outputs
    if counted is None:
        counted = covariance.new_ones((len(covariance), sum(map(len, blocks))))
    n_groups, shares = counted.sum(1), counted.split([len(rows) for rows in blocks], dim=1)
    # rows of a group count as one, by their mean
    parts = [
        (block, (share / block.rows.shape[1])[..., None])
        for block, share in zip(left_out_blocks(inverse, weighted, blocks), shares, strict=True)
    ]
    total = sum((each * block.misfit).sum((1, 2)) for block, each in parts).clamp(min=1e-300)
    value, precision = 0.5 * n_groups * (torch.log(total / n_groups) + 1.0), (n_groups / total)[:, None, None]
    # what is multiplied with the inverse on its right is zero but for the blocks of groups
    left, by_weighted = torch.zeros_like(inverse), torch.zeros_like(weighted)
    for (rows, inner, miss, variance, misfit), each in parts:
        value = value + 0.5 * (each * variance.log()).sum((1, 2))
        by_miss = (precision * each / variance / outputs.shape[2])[..., None] * miss
        by_inner = by_miss @ weighted[:, rows].mT
        by_inner.diagonal(dim1=2, dim2=3).add_(0.5 * each * (1.0 - precision * misfit) / variance)
        block, near = -(inner @ by_inner @ inner), inverse[:, :, rows]
        left[:, :, rows] = near * block[:, None, :, 0] if rows.shape[1] == 1 else _blockwise(near, block)
        by_weighted[:, rows] = inner @ by_miss
    found = left @ inverse + inverse @ by_weighted @ weighted.mT
    return value, -0.5 * (found + found.mT), failed


def _blockwise(near: Tensor, block: Tensor) -> Tensor:
    """Product of columns (n_members, n, g, s) with the block (n_members, g, s, s) of each group."""
    return (near.transpose(1, 2) @ block).transpose(1, 2)


class LeftOutLoss(torch.autograd.Function):
    """The same per group as a step of automatic differentiation: by covariances alone."""

    @staticmethod
    def forward(ctx, covariance, outputs, blocks, counted):  # type: ignore[no-untyped-def]
        """Return losses (n_members,), infinite where a covariance has no inverse."""
        value, slope, failed = of_groups(covariance, outputs, blocks, counted)
        n_groups = counted.sum(1).clamp(min=1.0)
        ctx.save_for_backward(slope / n_groups[:, None, None])
        return (value / n_groups).masked_fill(failed, torch.inf)

    @staticmethod
    def backward(ctx, by_loss):  # type: ignore[no-untyped-def]
        """Return the slope by the covariance."""
        return by_loss[:, None, None] * ctx.saved_tensors[0], None, None, None


class LeftOutDensity(torch.nn.Module):
    """Loss of every member: minus the mean log density of groups left out of the rows that it sees.

    In training a member sees the groups that it does not hold out, and each of these is left out in turn. In
    evaluation the groups that it holds out are left out of all rows, one by one.
    """

    def forward(self, covariance: Tensor, target: dict[str, Tensor]) -> Tensor:
        """Return (n_members,) losses for covariances (n_members, n, n) with noise."""
        held_out, outputs, of_row = target["held_out"], target["outputs"], target["group"]
        blocks = [target[name] for name in sorted(target) if name.startswith("rows")]
        order = torch.cat([of_row[rows[:, 0]] for rows in blocks])
        seen = (~held_out).to(outputs.dtype)[:, order]
        if self.training:
            kept = (~held_out).to(outputs.dtype)[:, of_row]
            covariance = covariance * (kept[:, :, None] * kept[:, None, :]) + torch.diag_embed(1.0 - kept)
            return LeftOutLoss.apply(covariance, outputs * kept[:, :, None], blocks, seen)
        found = left_out(covariance, outputs, blocks)
        return negative_log_density(found, 1.0 - seen, best_scale(found, seen))
