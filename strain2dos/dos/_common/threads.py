# SPDX-License-Identifier: BSD-3-Clause
"""One thread and one random state, so that results do not depend on the machine or on other jobs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits


@contextmanager
def one_thread() -> Iterator[None]:
    """Run linear algebra on one thread: sums of several differ in the last bit, and small nets gain none."""
    with threadpool_limits(limits=1):
        yield


@contextmanager
def quiet_torch(seed: int, device: str) -> Iterator[None]:
    """Seed torch inside the block only, on one thread, and leave its global state as it was."""
    import torch

    devices = [torch.device(device)] if device.startswith("cuda") else []
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(threads)
