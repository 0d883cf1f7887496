# SPDX-License-Identifier: BSD-3-Clause
"""Computing on the workers of a dask cluster."""

from __future__ import annotations

import importlib.util
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

from strain2dos.cli._common.console import say

if TYPE_CHECKING:
    from distributed import Client

#: How long a scheduler may take to answer.
_PATIENCE = "10s"


@contextmanager
def cluster(scheduler: str | None, workers: int | None) -> Iterator[None]:
    """Let dask compute on a cluster while the block runs; with neither argument, here.

    Parameters
    ----------
    scheduler : str or None
        Address of a running scheduler.
    workers : int or None
        Processes to start on this machine instead.

    Raises
    ------
    ConnectionError
        When no scheduler answers.
    ImportError
        When ``distributed`` is not installed.
    """
    if scheduler is not None and workers is not None:
        raise typer.BadParameter("--scheduler names a cluster that has its workers; leave out --workers.")
    if scheduler is None and workers is None:
        yield
        return
    try:
        from distributed import Client, LocalCluster
    except ImportError as error:
        raise ImportError('clusters need dask: pip install "strain2dos[dask]".') from error
    if scheduler is None:
        # one thread each: the fit and the linear algebra take the cores that are free
        started = LocalCluster(n_workers=workers, threads_per_worker=1, silence_logs=logging.ERROR)
        with started, Client(started) as client:
            say(_link(client))
            yield
        return
    try:
        client = Client(scheduler, timeout=_PATIENCE)
    except (OSError, TimeoutError, ValueError) as error:
        raise ConnectionError(
            f"no dask scheduler answers at {scheduler} ({error}); start one with `dask scheduler`, or use "
            "--workers N for processes on this machine."
        ) from error
    with client:
        threads = sum(client.nthreads().values())
        say(f"{len(client.nthreads())} workers with {threads} threads; {_link(client)}")
        yield


def _link(client: Client) -> str:
    """Where the progress can be watched."""
    if importlib.util.find_spec("bokeh") is None:
        return "no dashboard: it needs bokeh (pip install bokeh)"
    return f"dashboard: {client.dashboard_link}"
