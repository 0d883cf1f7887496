# SPDX-License-Identifier: BSD-3-Clause
"""How many threads the fit may use here."""

from __future__ import annotations

import sys

import numba
from joblib import cpu_count


def available_threads() -> int:
    """Threads for one fit: what numba, the cores of this process and a dask worker leave.

    Numba's limit is ``NUMBA_NUM_THREADS``. The cores are those that the process may run on, by its affinity
    and by the quota of its container. A dask worker shares its own number among the tasks that it runs.
    """
    most = min(numba.config.NUMBA_NUM_THREADS, cpu_count())
    return max(1, min(most, _share_of_worker(most)))


def _share_of_worker(most: int) -> int:
    # Who runs in a worker has imported it.
    if "distributed.worker" not in sys.modules:
        return most
    from distributed import get_worker

    try:
        state = get_worker().state
    except ValueError:
        return most
    return state.nthreads // max(1, state.executing_count)
