# SPDX-License-Identifier: BSD-3-Clause
"""Means over pixels with their errors: the part of an error that pixels share does not average out."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos.mapping._sampling.grid import COMMON_STD, STD, codes, quantities


def pool(
    dataset: xr.Dataset, members: NDArray[np.intp], n_bins: int, dim: str, *, shared: float
) -> xr.Dataset:
    """Average the pixels of each bin.

    Parameters
    ----------
    dataset : Dataset
        A map with dims y and x.
    members : array of shape (n_y, n_x)
        Bin of each pixel; -1 for pixels that belong to none.
    n_bins : int
        Number of bins.
    dim : str
        Name of the dim of the bins in the result.
    shared : float
        Share of the variance of each pixel that all pixels have in common, from 0 to 1.

    Returns
    -------
    Dataset
        For each quantity its mean with dims (dim[, energy]), ``NAME_std`` (error of the mean) and
        ``NAME_common_std`` (that of all pixels, which no mean makes smaller) where the map has them, and
        ``n_pixels``; of codes such as ``edge_valleys`` the most frequent one. Pixels that are NaN
        do not count; bins without any are NaN.
    """
    inside = members.ravel() >= 0
    bins = members.ravel()[inside]
    out: dict[str, xr.DataArray] = {"n_pixels": xr.DataArray(np.bincount(bins, minlength=n_bins), dims=dim)}
    for name in quantities(dataset):
        values = dataset[name].transpose("y", "x", ...)
        std = dataset.get(name + STD)
        rest = tuple(str(d) for d in values.dims[2:])
        coords = {d: dataset[d] for d in rest if d in dataset.coords}
        mean, error = _pooled(
            values, None if std is None else std.transpose("y", "x", ...), inside, bins, n_bins, shared
        )
        out[name] = xr.DataArray(mean, dims=(dim, *rest), coords=coords, attrs=values.attrs)
        if std is not None:
            attrs = {**std.attrs, "long_name": f"error of the mean of {name}"}
            out[name + STD] = xr.DataArray(error, dims=(dim, *rest), coords=coords, attrs=attrs)
        if (common := dataset.get(name + COMMON_STD)) is not None:
            mean, _ = _pooled(common.transpose("y", "x", ...), None, inside, bins, n_bins, shared)
            out[name + COMMON_STD] = xr.DataArray(mean, dims=dim, attrs=common.attrs)
    for name in codes(dataset):
        rows = np.asarray(dataset[name].transpose("y", "x").values).ravel()[inside]
        out[name] = xr.DataArray(_most_frequent(rows, bins, n_bins), dims=dim, attrs=dataset[name].attrs)
    return xr.Dataset(out)


def _most_frequent(rows: NDArray[np.float64], bins: NDArray[np.intp], n_bins: int) -> NDArray[np.float64]:
    """Code (n_bins,) that most rows of a bin have, the smallest of equally frequent ones."""
    known = np.isfinite(rows)
    found, number = np.unique(rows[known], return_inverse=True)
    times = np.zeros((n_bins, max(len(found), 1)))
    np.add.at(times, (bins[known], number), 1)
    best = found[times.argmax(axis=1)] if len(found) else np.full(n_bins, np.nan)
    return np.where(times.any(axis=1), best, np.nan)


def _pooled(
    values: xr.DataArray,
    std: xr.DataArray | None,
    inside: NDArray[np.bool_],
    bins: NDArray[np.intp],
    n_bins: int,
    shared: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    data = np.asarray(values.values, dtype=np.float64)
    rows = data.reshape(len(inside), -1)[inside]
    known = np.isfinite(rows)
    count = _sums(known.astype(np.float64), bins, n_bins)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = _sums(np.where(known, rows, 0.0), bins, n_bins) / count
        error = np.full_like(mean, np.nan)
        if std is not None:
            sigma = np.asarray(std.values, dtype=np.float64).reshape(len(inside), -1)[inside]
            sigma = np.where(known, sigma, 0.0)
            # var of the mean = own part: sum of variances / n^2, and shared part: (mean deviation)^2
            own = _sums(sigma**2, bins, n_bins) / count**2
            common = (_sums(sigma, bins, n_bins) / count) ** 2
            error = np.sqrt((1 - shared) * own + shared * common)
    shape = (n_bins, *data.shape[2:])
    return mean.reshape(shape), error.reshape(shape)


def _sums(rows: NDArray[np.float64], bins: NDArray[np.intp], n_bins: int) -> NDArray[np.float64]:
    total = np.zeros((n_bins, rows.shape[1]))
    np.add.at(total, bins, rows)
    return total
