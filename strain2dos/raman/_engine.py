# SPDX-License-Identifier: BSD-3-Clause
"""Drive the compiled fit over many spectra: blocks of rows, threads, output arrays."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray

from strain2dos.raman._batch import fit_rows
from strain2dos.raman._groups import SHAPES, FitGroup

# Rows per block: 4096 x 110 float64 are 3.6 MB, and a memory-mapped map is never copied whole.
BLOCK = 4096
THREAD_ROWS = 256


@dataclass
class GroupFit:
    """Raw results of one group: models 1 (singlets) and 2 (with the doublet) side by side."""

    params1: NDArray[np.float64]
    params2: NDArray[np.float64]
    cov1: NDArray[np.float64]
    cov2: NDArray[np.float64]
    chi2: NDArray[np.float64]
    n_points: NDArray[np.int64]
    status: NDArray[np.int64]
    weight: NDArray[np.float64]


def n_threads(n_jobs: int | None) -> int:
    """Threads for ``n_jobs``: None and -1 mean all that numba may use (``NUMBA_NUM_THREADS``)."""
    most = numba.config.NUMBA_NUM_THREADS
    if n_jobs is None:
        return most
    return max(1, most + 1 + n_jobs) if n_jobs < 0 else n_jobs


def _empty(group: FitGroup, n: int, shape: int, keep: bool) -> GroupFit:
    widths = 2 if shape == SHAPES["pseudo_voigt"] else 1
    base = group.basis.shape[0]
    size1 = (2 + widths) * len(group.modes) + base
    size2 = size1 + (2 if group.pair >= 0 else 0)
    kept = n if keep else 1
    return GroupFit(
        params1=np.full((n, size1), np.nan),
        params2=np.full((n, size2), np.nan),
        cov1=np.full((kept, size1, size1), np.nan),
        cov2=np.full((kept, size2, size2), np.nan),
        chi2=np.full((n, 2), np.nan),
        n_points=np.zeros(n, dtype=np.int64),
        status=np.zeros((n, 2), dtype=np.int64),
        weight=np.zeros(n),
    )


def fit_group_rows(
    group: FitGroup,
    X: NDArray,
    *,
    lineshape: str,
    poisson: bool,
    despike: bool,
    always: bool,
    offsets: NDArray[np.float64],
    keep_covariance: bool,
    threads: int,
) -> GroupFit:
    """Fit all rows of X, which may be a memory map.

    The compiled function releases the GIL and works on its own rows, so plain threads drive it: no threading layer
    of numba is involved, and calls from several threads or after a fork are safe.
    """
    n, shape = X.shape[0], SHAPES[lineshape]
    out = _empty(group, n, shape, keep_covariance)

    def work(start: int, stop: int) -> None:
        for first in range(start, stop, BLOCK):
            last = min(first + BLOCK, stop)
            rows = slice(first, last)
            Y = np.ascontiguousarray(X[rows, group.columns], dtype=np.float64)
            kept = rows if keep_covariance else slice(None)
            with np.errstate(all="ignore"):
                fit_rows(
                    Y, 0, last - first, group.x, group.basis, offsets[rows], shape, poisson, despike,
                    group.narrowest, group.taps, group.margin, group.pair, always, keep_covariance,
                    *group.singlets.as_tuple(), *group.doublets.as_tuple(), group.shoulder_group,
                    out.params1[rows], out.cov1[kept], out.params2[rows], out.cov2[kept],
                    out.chi2[rows], out.n_points[rows], out.status[rows], out.weight[rows],
                )  # fmt: skip

    share = max(THREAD_ROWS, -(-n // (4 * threads)))
    starts = range(0, n, share)
    if threads == 1 or len(starts) == 1:
        work(0, n)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda start: work(start, min(start + share, n)), starts))
    return out
