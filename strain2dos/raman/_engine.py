# SPDX-License-Identifier: BSD-3-Clause
"""Drive the compiled fit over many spectra: blocks of rows, threads, output arrays."""

from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
from numpy.typing import NDArray

from strain2dos.raman._batch import fit_rows
from strain2dos.raman._groups import FitGroup
from strain2dos.raman._profiles import SHAPES, has_mixing
from strain2dos.raman._types import GroupFit, Problem

# Rows per block: 4096 x 110 float64 are 3.6 MB, and a memory-mapped map is never copied whole.
BLOCK = 4096
THREAD_ROWS = 256


def n_threads(n_jobs: int | None) -> int:
    """Threads for ``n_jobs``: None and -1 mean all that numba may use (``NUMBA_NUM_THREADS``)."""
    most = numba.config.NUMBA_NUM_THREADS
    if n_jobs is None:
        return most
    return max(1, most + 1 + n_jobs) if n_jobs < 0 else n_jobs


def _empty(group: FitGroup, n: int, shape: int, keep: bool) -> GroupFit:
    widths = 2 if has_mixing(shape) else 1
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

    The compiled function releases the GIL and works on its own rows, so plain threads drive it: no threading
    layer of numba is involved, and calls from several threads or after a fork are safe.
    """
    n, shape = X.shape[0], SHAPES[lineshape]
    out = _empty(group, n, shape, keep_covariance)
    problem = Problem(
        x=group.x,
        basis=group.basis,
        shape=shape,
        poisson=poisson,
        despike=despike,
        always=always,
        keep=keep_covariance,
        pair=group.pair,
        narrowest=group.narrowest,
        margin=group.margin,
        taps=group.taps,
        norm=group.norm,
    )

    def work(start: int, stop: int) -> None:
        for first in range(start, stop, BLOCK):
            rows = slice(first, min(first + BLOCK, stop))
            # Always a copy: a read-only array is another type to numba and would compile everything again.
            Y = np.array(X[rows, group.columns], dtype=np.float64, order="C")
            kept = rows if keep_covariance else slice(None)
            part = GroupFit(
                *(
                    a[kept if name.startswith("cov") else rows]
                    for name, a in zip(out._fields, out, strict=True)
                )
            )
            fit_rows(
                Y,
                offsets[rows],
                problem,
                group.singlets,
                group.doublets,
                group.shoulders,
                part,
            )

    share = max(THREAD_ROWS, -(-n // (4 * threads)))
    starts = range(0, n, share)
    if threads == 1 or len(starts) == 1:
        work(0, n)
    else:
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda start: work(start, min(start + share, n)), starts))
    return out
