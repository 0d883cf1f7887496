# SPDX-License-Identifier: BSD-3-Clause
"""The density that a Gaussian process gives to groups that it does not see, in closed form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from strain2dos.dos._process.closed_form import LeftOutLoss

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
    failed, parts = _inner(covariance, outputs, blocks)
    for _, residual, variance in parts:
        # rows of a group count as one, by the mean of their own densities: their joint density would praise
        # kernels so short that a group is a plateau
        sizes.append(torch.log(variance).mean(-1))
        misfits.append((residual.square().mean(-1) / variance).mean(-1))
    log_size = torch.cat(sizes, dim=1).masked_fill((failed != 0)[:, None], torch.inf)
    return LeftOut(log_size, torch.cat(misfits, dim=1))


def residuals(covariance: Tensor, outputs: Tensor, blocks: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return residuals (n_members, n, n_outputs) of rows by other groups, and variances (n_members, n)."""
    residual = outputs.new_zeros((len(covariance), *outputs.shape[-2:]))
    variance = outputs.new_zeros(residual.shape[:2])
    for rows, miss, size in _inner(covariance, outputs, blocks)[1]:
        residual[:, rows], variance[:, rows] = miss, size
    return residual, variance


def _inner(covariance: Tensor, outputs: Tensor, blocks: Sequence[Tensor]):  # type: ignore[no-untyped-def]
    factor, failed = torch.linalg.cholesky_ex(covariance)
    inverse = torch.cholesky_inverse(factor)
    weighted = inverse @ outputs
    parts = []
    for rows in blocks:
        if rows.shape[1] == 1:
            inner = 1.0 / inverse.diagonal(dim1=-2, dim2=-1)[:, rows[:, 0]][..., None, None]
        else:
            inner = torch.linalg.inv_ex(inverse[:, rows[:, :, None], rows[:, None, :]])[0]
        variance = inner.diagonal(dim1=-2, dim2=-1).clamp(min=1e-300)
        parts.append((rows, inner @ weighted[:, rows], variance))
    return failed, parts


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
