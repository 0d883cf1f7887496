# SPDX-License-Identifier: BSD-3-Clause
"""The density that a Gaussian process gives to groups that it does not see, in closed form."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

Tensor = torch.Tensor


class LeftOut(NamedTuple):
    """What every member predicts for each group without it: means over the rows of a group.

    `log_size` and `misfit` have shape (n_members, n_groups): logarithm of the predictive variance in units of
    the scale, and squared residual over it.
    """

    log_size: Tensor
    misfit: Tensor


def rows_of_groups(groups: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Return rows (n_groups_of_that_size, size) for each size of group, groups numbered from 0 to n - 1."""
    order = np.argsort(groups, kind="stable")
    size = np.bincount(groups)
    first = np.cumsum(size) - size
    return [order[first[size == n][:, None] + np.arange(n)] for n in np.unique(size[size > 0])]


def left_out(covariance: Tensor, outputs: Tensor, blocks: Sequence[Tensor]) -> LeftOut:
    r"""Return what is predicted for each group by all other groups.

    For every group :math:`g` left out, the residual is :math:`e_g = [A^{-1}_{gg}]^{-1} (A^{-1} Z)_g` and its
    covariance :math:`\sigma^2 [A^{-1}_{gg}]^{-1}` with :math:`A` the covariance with noise [S. Sundararajan
    and S. S. Keerthi, Neural Computation 13, 1103 (2001)], here for groups in place of single points. Groups
    come in the order of `blocks`: those of one row, then those of two, and so on.
    """
    sizes, misfits = [], []
    inverse, failed = inverse_of(covariance)
    for block in left_out_blocks(inverse, inverse @ outputs, blocks):
        # rows of a group count as one, by the mean of their own densities: their joint density would praise
        # kernels so short that a group is a plateau
        sizes.append(torch.log(block.variance).mean(-1))
        misfits.append(block.misfit.mean(-1))
    log_size = torch.cat(sizes, dim=1).masked_fill(failed[:, None], torch.inf)
    return LeftOut(log_size, torch.cat(misfits, dim=1))


def residuals(covariance: Tensor, outputs: Tensor, blocks: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return residuals (n_members, n, n_outputs) of rows by other groups, and variances (n_members, n)."""
    residual = outputs.new_zeros((len(covariance), *outputs.shape[-2:]))
    variance = outputs.new_zeros(residual.shape[:2])
    inverse, _ = inverse_of(covariance)
    for block in left_out_blocks(inverse, inverse @ outputs, blocks):
        residual[:, block.rows], variance[:, block.rows] = block.miss, block.variance
    return residual, variance


class Block(NamedTuple):
    """Groups of one size, each left out: g groups of s rows.

    Attributes
    ----------
    rows : Tensor of shape (g, s)
    inner : Tensor of shape (n_members, g, s, s)
        Covariance of their residuals, but for the scale.
    miss : Tensor of shape (n_members, g, s, n_outputs)
        Residuals.
    variance, misfit : Tensor of shape (n_members, g, s)
        Variance of each row in units of the scale, and its mean squared residual over it.
    """

    rows: Tensor
    inner: Tensor
    miss: Tensor
    variance: Tensor
    misfit: Tensor


def inverse_of(covariance: Tensor) -> tuple[Tensor, Tensor]:
    """Return inverses of covariances (n_members, n, n), and which have none."""
    factor, info = torch.linalg.cholesky_ex(covariance)
    failed = info != 0
    if failed.any():  # any inverse will do for these
        factor = torch.where(failed[:, None, None], torch.eye(factor.shape[-1]).to(factor), factor)
    return torch.cholesky_inverse(factor), failed


def left_out_blocks(inverse: Tensor, weighted: Tensor, blocks: Sequence[Tensor]) -> Iterator[Block]:
    """Give what is predicted for groups by all others; `weighted` is the inverse times the outputs."""
    for rows in blocks:
        if rows.shape[1] == 1:
            inner = inverse.diagonal(dim1=-2, dim2=-1)[:, rows[:, 0]].reciprocal()[..., None, None]
        else:
            inner = torch.linalg.inv_ex(inverse[:, rows[:, :, None], rows[:, None, :]])[0]
        miss, variance = inner @ weighted[:, rows], inner.diagonal(dim1=-2, dim2=-1).clamp(min=1e-300)
        yield Block(rows, inner, miss, variance, miss.square().mean(-1) / variance)


def negative_log_density(found: LeftOut, counted: Tensor, scale: Tensor | None = None) -> Tensor:
    r"""Return for every member the mean over counted groups (n_members, n_groups) of minus the log density.

    Without a scale :math:`\sigma^2` it is at its best value for the counted groups.
    """
    n = counted.sum(-1).clamp(min=1.0)
    if scale is None:
        scale = best_scale(found, counted)
    log_size = torch.where(counted > 0, found.log_size, 0.0).sum(-1) / n
    misfit = torch.where(counted > 0, found.misfit, 0.0).sum(-1) / n
    return 0.5 * (log_size + torch.log(scale) + misfit / scale)


def best_scale(found: LeftOut, counted: Tensor) -> Tensor:
    """Return the variance at which the counted groups are most likely."""
    total = torch.where(counted > 0, found.misfit, 0.0).sum(-1)
    return (total / counted.sum(-1).clamp(min=1.0)).clamp(min=1e-300)
