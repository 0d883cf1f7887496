# SPDX-License-Identifier: BSD-3-Clause
"""Condition Gaussian processes on data: exactly, or through a few hundred points where rows are many."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from strain2dos.dos._common.groups import subsample_by_group
from strain2dos.dos._common.linear_algebra import tensor
from strain2dos.dos._process.covariance import Covariance
from strain2dos.dos._process.density import residuals, rows_of_groups
from strain2dos.dos._process.mixture import Process

Array = NDArray[np.float64]
Tensor = torch.Tensor

# Up to this many rows a process is exact; beyond, as many of them carry the kernel: time then grows with the
# number of rows, not with its cube.
_MAX_POINTS = 640
# Of so many rows groups are left out by tenths, not one by one, and sums are formed in blocks of rows that
# fit into 20 MB for each kernel.
_FOLDS = 10
_CHUNK = 4096


class HeldOut(NamedTuple):
    """Predictions of each row by processes conditioned on all other groups.

    Means have shape (n_members, n, n_outputs); `size` (n_members, n) times the process's variance is theirs.
    """

    mean: Array
    size: Array


def condition(
    covariance: Covariance,
    features: Array,
    outputs: Array,
    groups: NDArray[np.intp],
    weights: Array,
    random: np.random.RandomState,
    device: str,
    loose: Array | None = None,
) -> tuple[Process, HeldOut]:
    """Return the processes given all rows, and what they predict for each group without it.

    `loose` (n,) multiplies the variance of the noise of each row.
    """
    covariance = covariance.to(device)
    loose = np.ones(len(features)) if loose is None else loose
    with torch.no_grad():
        x, z, own = (tensor(part, device) for part in (features, outputs, loose))
        if len(features) <= _MAX_POINTS:
            points, parts = features, list(_exact(covariance, x, z, groups, own))
        else:
            rows = subsample_by_group(groups, _MAX_POINTS, random)
            order = random.permutation(int(groups.max()) + 1)
            # one member at a time: the sums of ten folds fill the memory of one
            each = [
                _sparse(
                    covariance.member(k),
                    x,
                    z,
                    own,
                    x[rows],
                    order[groups] * min(_FOLDS, len(order)) // len(order),
                )
                for k in range(len(weights))
            ]
            points, parts = features[rows], [torch.cat(some) for some in zip(*each, strict=True)]
    coefficients, factors, variance, mean, size = (_array(part.cpu()) for part in parts)
    covariance = covariance.cpu()
    layers = zip(covariance.weights, covariance.biases, strict=True)
    process = Process(
        covariance.family,
        np.exp(_array(covariance.log_lengths)),
        np.exp(_array(covariance.log_linear)),
        _array(covariance.quadratic),
        _array(covariance.noise()),
        tuple((_array(weight), _array(bias)) for weight, bias in layers),
        np.exp(_array(covariance.log_reach)) if covariance.log_reach is not None else np.zeros(0),
        points,
        coefficients,
        factors,
        variance,
        np.asarray(weights, dtype=np.float64),
    )
    return process, HeldOut(mean, size)


def _array(values: Tensor) -> Array:
    return values.detach().numpy().copy()


def _exact(
    covariance: Covariance, x: Tensor, z: Tensor, groups: NDArray[np.intp], loose: Tensor
) -> tuple[Tensor, ...]:
    matrix = covariance(x, loose)
    blocks = [torch.from_numpy(rows).to(x.device) for rows in rows_of_groups(groups)]
    residual, size = residuals(matrix, z, blocks)
    coefficients = torch.cholesky_solve(z.expand(len(matrix), *z.shape), torch.linalg.cholesky(matrix))
    variance = (residual.square() / size[..., None]).mean(1)
    unit = loose.rsqrt()[:, None]
    factors = unit * _factors(matrix * (unit * unit.T), covariance.noise())
    return coefficients, factors, variance, z - residual, size


def _factors(matrix: Tensor, noise: Tensor) -> Tensor:
    """Return F (n_members, n, rank), with F F^T the inverse of the covariance with its noise.

    Directions that vary by less than a hundredth of the noise are left out: they make variances of
    predictions larger by 0.2 % at most, and with several rows per group they are the most.
    """
    size, vectors = torch.linalg.eigh(matrix)
    size = size - noise[:, None]
    significant = size > 0.01 * noise[:, None]
    scaled = vectors * (significant / (size.clamp(min=0.0) + noise[:, None]).sqrt())[:, None, :]
    return scaled[..., int(len(size[0]) - significant.sum(1).max()) :].contiguous()


def _sparse(
    covariance: Covariance,
    x: Tensor,
    z: Tensor,
    loose: Tensor,
    points: Tensor,
    folds: NDArray[np.intp],
) -> tuple[Tensor, ...]:
    # subset of regressors: all rows count, through a few hundred points of the kernel
    placed = covariance.place(points)
    size, vectors = torch.linalg.eigh(covariance.between(placed, placed))
    kept = size > 1e-10 * size[:, -1:]
    basis = vectors * (kept / size.clamp(min=1e-300).sqrt())[:, None, :]
    fold_of = torch.from_numpy(folds).to(x.device)
    n_folds = int(fold_of.max()) + 1
    grams, rights = _sums(covariance, x, z, loose, placed, basis, fold_of, n_folds)
    gram, right = grams.sum(0), rights.sum(0)
    trace = gram.diagonal(dim1=-2, dim2=-1).sum(-1)
    noise = torch.maximum(covariance.noise(), 1e-12 * trace)
    ridge = noise[:, None, None] * torch.eye(gram.shape[-1], dtype=x.dtype, device=x.device)
    signal, axes = torch.linalg.eigh(gram)
    signal = signal.clamp(min=0.0)
    factors = (basis @ axes) * (signal / (signal + noise[:, None])).sqrt()[:, None, :]
    coefficients = basis @ torch.linalg.solve(gram + ridge, right)
    mean = z.new_empty((len(basis), *z.shape))
    for fold in range(n_folds):
        inside = fold_of == fold
        inner = torch.linalg.solve(gram - grams[fold] + ridge, right - rights[fold])
        for rows in torch.nonzero(inside)[:, 0].split(_CHUNK):
            mean[:, rows] = covariance.between(covariance.place(x[rows]), placed) @ (basis @ inner)
    expected = _spread(covariance, points, placed, factors).mean(1)
    variance = ((mean - z).square() / loose[:, None]).mean(1) / expected[:, None]
    size = torch.cat([_spread(covariance, part, placed, factors) for part in x.split(_CHUNK)], dim=1)
    return coefficients, factors, variance, mean, size


def _sums(
    covariance: Covariance,
    x: Tensor,
    z: Tensor,
    loose: Tensor,
    placed: tuple[Tensor, Tensor],
    basis: Tensor,
    fold_of: Tensor,
    n_folds: int,
) -> tuple[Tensor, Tensor]:
    """Return products of the design with itself and with the outputs, for each fold of whole groups."""
    members, rank = len(basis), basis.shape[-1]
    grams = z.new_zeros((n_folds, members, rank, rank))
    rights = z.new_zeros((n_folds, members, rank, z.shape[1]))
    for fold in range(n_folds):
        for rows in torch.nonzero(fold_of == fold)[:, 0].split(_CHUNK):
            design = covariance.between(covariance.place(x[rows]), placed) @ basis
            weighted = (design / loose[rows, None]).mT
            grams[fold] += weighted @ design
            rights[fold] += weighted @ z[rows]
    return grams, rights


def _spread(covariance: Covariance, x: Tensor, placed: tuple[Tensor, Tensor], factors: Tensor) -> Tensor:
    place = covariance.place(x)
    left = covariance.diagonal(place) - (covariance.between(place, placed) @ factors).square().sum(-1)
    return left.clamp(min=0.0) + covariance.noise()[:, None]
