# SPDX-License-Identifier: BSD-3-Clause
"""Drive the compiled fit over many spectra: blocks of rows, threads, progress, interruption."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from strain2dos._progress import shown_or_hidden
from strain2dos.raman._fitting._lines.initial_guess import MAX_CANDIDATES
from strain2dos.raman._fitting._squares.normal_equations import LANES, TILE
from strain2dos.raman._fitting._squares.profiles import LORENTZIAN, PSEUDO_VOIGT, has_mixing, shape_codes
from strain2dos.raman._fitting.batch import fit_rows
from strain2dos.raman._fitting.records import (
    BEND,
    COUNTED,
    MAX_SLOTS,
    N_LINES,
    N_WORK,
    NOISES,
    ORIGIN,
    S_COV,
    WORK,
    Floats,
    GroupFit,
    Problem,
    Scratch,
)
from strain2dos.raman._fitting.region import SpectralRegion
from strain2dos.raman._fitting.threads import available_threads

# 4096 x 180 float64 are 6 MB: what a thread holds of a map that may not fit into memory.
MOST_ROWS = 4096
LEAST_ROWS = 256
# Seconds after which long work shows a progress bar.
PATIENCE = 3.0


class FitOptions(NamedTuple):
    """How spectra are fitted; the fields are parameters of `RamanFeaturizer`.

    ``force_doublet``: no singlet competes with the doublet; ``with_covariance``, ``with_mask``: whether
    covariances and masks are returned.
    """

    lineshape: str
    noise: str
    despike: bool
    force_doublet: bool
    with_covariance: bool
    with_mask: bool = False


def n_threads(n_jobs: int | None) -> int:
    """Threads for ``n_jobs``: None and -1 mean all that may be used here (`available_threads`)."""
    most = available_threads()
    if n_jobs is None:
        return most
    return max(1, most + 1 + n_jobs) if n_jobs < 0 else n_jobs


def fit_block(group: SpectralRegion, X: NDArray, offsets: Floats, options: FitOptions) -> GroupFit:
    """Fit the lines of one group in a block of spectra (n, n_shift).

    The compiled function releases the GIL and works on its own arrays, so plain threads can drive it: no
    threading layer of numba is involved, and calls from several threads or after a fork are safe.
    """
    first, second = shape_codes(options.lineshape)
    problem = Problem(
        x=group.x,
        basis=group.basis[: group.n_terms].copy(),
        shape=first,
        noise=NOISES[options.noise],
        adaptive=first != second,
        checked=group.checked,
        despike=options.despike,
        force_doublet=options.force_doublet,
        with_covariance=options.with_covariance,
        with_mask=options.with_mask,
        pair=group.pair,
        required=group.required,
        fwhm_limit=group.fwhm_limit,
        position=np.array([mode.position for mode in group.modes], dtype=float),
        narrowest=group.narrowest,
        margin=group.margin,
        taps=group.taps,
        norm=group.norm,
        bin=group.bin,
        bins=group.bins,
    )
    out = _empty(group, X.shape[0], second, options)
    # Always a copy: a read-only array is another type to numba and would compile everything again.
    Y = np.array(X[:, group.columns], dtype=np.float64, order="C")
    other = PSEUDO_VOIGT if second == LORENTZIAN else second  # told from a doublet, and not given out
    straight = (problem, problem._replace(shape=other))
    basis = group.basis.copy()  # the last term is written for each spectrum
    bent = (problem._replace(basis=basis), straight[1]._replace(basis=basis))
    spare = _empty(group, 2, second, options)
    fit_rows(Y, offsets, straight, bent, group.family, _scratch(group), out, spare)
    return out


def _empty(group: SpectralRegion, n: int, shape: int, options: FitOptions) -> GroupFit:
    widths = 2 if has_mixing(shape) else 1
    size1 = (2 + widths) * len(group.modes) + group.basis.shape[0]
    most = 4 * int(group.family.sizes[:, N_LINES].max()) + group.basis.shape[0] + 1
    size2 = size1 + (2 if group.pair >= 0 else 0)
    kept = n if options.with_covariance else 1
    return GroupFit(
        params1=np.full((n, size1), np.nan),
        params2=np.full((n, size2), np.nan),
        cov1=np.full((kept, size1, size1), np.nan),
        cov2=np.full((kept, size2, size2), np.nan),
        chi2=np.full((n, 2), np.nan),
        n_points=np.zeros(n, dtype=np.int64),
        status=np.zeros((n, 2), dtype=np.int64),
        weight=np.zeros(n),
        mask=np.ones((n if options.with_mask else 1, group.x.size)),
        extra=np.full((n, len(group.units), 3), np.nan),
        extra_sigma=np.full((n, len(group.units), 3), np.nan),
        extra_weight=np.zeros((n, len(group.units))),
        best=np.full((n if options.with_mask else 1, most), np.nan),
        best_model=np.zeros(n, dtype=np.int64),
        second=np.zeros(n, dtype=np.int64),
        term=np.zeros((n, 2)),
    )


def _scratch(group: SpectralRegion) -> Scratch:
    """Working memory of one call: compiled functions allocate nothing."""
    most = 4 * int(group.family.sizes[:, N_LINES].max()) + group.basis.shape[0]
    # after the parameters come residual, directions of a split and of the profile, templates of units, and
    # the rest of a tile
    size = -(-(most + 4 + group.family.unit.shape[0] + TILE) // 8) * 8
    m = -(-group.x.size // LANES) * LANES
    lines = len(group.modes) + (2 if group.pair >= 0 else 1)
    return Scratch(
        J=np.zeros((size, m)),
        points=np.zeros((BEND + 1, m + group.taps.size)),
        params=np.zeros((WORK + N_WORK, size)),
        square=np.zeros((COUNTED + 1, size, size)),
        ints=np.zeros((ORIGIN + lines, MAX_CANDIDATES), dtype=np.int64),
        score=np.zeros((lines, MAX_CANDIDATES)),
        slots=np.zeros((MAX_SLOTS, S_COV + size, size)),
    )


def over_blocks(n: int, threads: int, work: Callable[[slice], None]) -> None:
    """Call ``work`` for blocks of n rows, in threads; Ctrl-C ends it after the blocks at hand.

    A progress bar appears where it takes longer than `PATIENCE` (``TQDM_DISABLE=1`` in the environment keeps
    it away).
    """
    rows = int(np.clip(-(-n // (4 * threads)), LEAST_ROWS, MOST_ROWS))
    blocks = [slice(start, min(start + rows, n)) for start in range(0, n, rows)]
    style = {"desc": "fit", "unit": " spectra", "unit_scale": True, "delay": PATIENCE, "leave": False}
    with tqdm(total=n, **style, **shown_or_hidden()) as bar:
        if threads == 1 or len(blocks) == 1:
            for block in blocks:
                work(block)
                bar.update(block.stop - block.start)
            return
        pool = ThreadPoolExecutor(threads)
        try:
            futures = {pool.submit(work, block): block for block in blocks}
            for future in as_completed(futures):
                future.result()
                bar.update(futures[future].stop - futures[future].start)
        finally:
            pool.shutdown(cancel_futures=True)
