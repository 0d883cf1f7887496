# SPDX-License-Identifier: BSD-3-Clause
"""Run states: one, or all of a plan with one process per core; what is finished is never computed again."""

from __future__ import annotations

import json
import multiprocessing
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import TYPE_CHECKING

from tqdm import tqdm

from strain2dos._cluster import current_client
from strain2dos._files import locked
from strain2dos.simulate.dft._gpaw import require_gpaw
from strain2dos.simulate.dft._plan import State
from strain2dos.simulate.dft._recipe import DFTRecipe

if TYPE_CHECKING:
    from distributed import Client

_LOOK = 2.0  # seconds between two looks at the steps on disk


class StatesFailedError(RuntimeError):
    """Some states of a plan could not be computed; the message names them and the reason."""


def run_state(state: State, out: Path, recipe: DFTRecipe | None = None) -> Path:
    """Compute one strain state, or finish one that was begun, and write its record.

    Parameters
    ----------
    state : State
        Name and strain.
    out : Path
        Folder of the records; unfinished steps lie in a hidden folder of the state's name in it.
    recipe : DFTRecipe, optional
        Parameters; the project's own when left out.

    Returns
    -------
    Path
        The record, ``out/NAME.json``. Its eigenvalues are in ``out/eigenvalues/NAME.npz``.

    Raises
    ------
    ImportError
        When GPAW is missing; the message has the install line.
    ValueError
        When the folder holds a record or steps of this name made with another strain or recipe.
    BlockingIOError
        When another process works on this state.
    """
    recipe = recipe or DFTRecipe()
    path = Path(out) / f"{state.name}.json"
    if is_finished(state, path, recipe):
        return path
    require_gpaw()
    from strain2dos.simulate.dft._parts import remove_parts
    from strain2dos.simulate.dft._record import make_record, write_record
    from strain2dos.simulate.dft._state import compute

    path.parent.mkdir(parents=True, exist_ok=True)
    with locked(path):
        folder = parts_folder(path)
        raw = compute(folder, state.strain, recipe)
        write_record(path, make_record(state.name, state.strain, raw, recipe), raw, recipe)
        remove_parts(folder)
    return path


def run_plan(
    states: Sequence[State],
    out: Path,
    recipe: DFTRecipe | None = None,
    *,
    n_jobs: int | None = None,
    progress: bool = True,
) -> list[Path]:
    """Compute all states of a plan that have no record yet.

    Each process works on one state at a time with one thread, which is faster for cells this small than
    sharing a state. A run may be killed at any moment and started again: finished states and finished steps
    of others are kept. With a ``dask.distributed`` client, its workers take the states; they have to see the
    folder `out`. The records do not depend on who computes them.

    Parameters
    ----------
    states : sequence of State
        From `read_plan`.
    out : Path
        Folder of the records.
    recipe : DFTRecipe, optional
        Parameters; the project's own when left out.
    n_jobs : int, optional
        Processes; one per core when left out. A cluster uses all its workers.
    progress : bool, default=True
        Show a bar with the time left.

    Returns
    -------
    list of Path
        The records, in the order of the plan.

    Raises
    ------
    StatesFailedError
        When states failed; all others are computed first.
    FileNotFoundError
        When workers of a cluster wrote records that are not seen here.
    ImportError, ValueError
        As for `run_state`; ValueError also when a worker of the cluster has several threads.
    """
    recipe, out = recipe or DFTRecipe(), Path(out)
    paths = [out / f"{state.name}.json" for state in states]
    open_states = [s for s, p in zip(states, paths, strict=True) if not is_finished(s, p, recipe)]
    if open_states:
        require_gpaw()
        failures = _run_all(open_states, out, recipe, n_jobs, progress)
        if failures:
            words = "; ".join(f"{name}: {error}" for name, error in failures.items())
            raise StatesFailedError(
                f"{len(failures)} of {len(states)} states failed ({words}); the other records are whole. Run "
                "the same command again to try once more from the steps that were reached."
            )
    return paths


def is_finished(state: State, path: Path, recipe: DFTRecipe) -> bool:
    """Whether a record of this state exists; one of another strain or recipe is an error."""
    if not path.exists():
        return False
    record = json.loads(path.read_text(encoding="utf-8"))
    strain = [record["exx"], record["eyy"], record["exy"]]
    if strain != list(state.strain):
        raise ValueError(
            f"{path} is a record of the strain {strain}, but the state {state.name!r} has "
            f"{list(state.strain)}; give the state another name."
        )
    difference = recipe.difference(record["parameters"])
    if difference is not None:
        key, theirs, ours = difference
        raise ValueError(
            f"{path} was made with {key} = {theirs}, but this run has {ours}; give another folder with "
            "--out, so that records of two recipes do not mix."
        )
    return True


def parts_folder(path: Path) -> Path:
    """Hidden folder with the finished steps of a state whose record is to be `path`."""
    return path.with_name(f".{path.stem}")


def _run_all(
    states: Sequence[State], out: Path, recipe: DFTRecipe, n_jobs: int | None, progress: bool
) -> dict[str, BaseException]:
    from joblib import cpu_count

    client = current_client()
    if client is not None:
        return _run_on_cluster(client, states, out, recipe, progress)
    workers = min(n_jobs or cpu_count(), len(states))
    # spawned, so that no thread pool of a numerical library is copied into the workers
    pool = ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))
    futures: dict[Future[Path], State] = {pool.submit(run_state, s, out, recipe): s for s in states}
    try:
        _watch(futures, out, recipe, progress)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in list((pool._processes or {}).values()):
            process.terminate()
        raise
    pool.shutdown()
    failures = {state.name: future.exception() for future, state in futures.items()}
    if any(isinstance(error, BrokenProcessPool) for error in failures.values()):
        raise StatesFailedError(
            "a worker process was killed from outside, as happens when memory runs out; run the same command "
            "again to go on from the steps that were reached, with fewer --jobs if memory is short."
        )
    return {name: error for name, error in failures.items() if error is not None}


def _run_on_cluster(
    client: Client, states: Sequence[State], out: Path, recipe: DFTRecipe, progress: bool
) -> dict[str, BaseException]:
    """Let the workers of a dask cluster compute the states."""
    threads = max(client.nthreads().values(), default=1)
    if threads > 1:
        raise ValueError(
            f"a worker of the dask cluster has {threads} threads, but GPAW computes one state in a process; "
            "start the cluster with threads_per_worker=1 (`dask worker --nthreads 1`)."
        )
    out = out.resolve()
    pool = client.get_executor(pure=False)
    futures = {pool.submit(run_state, state, out, recipe): state for state in states}
    try:
        _watch(futures, out, recipe, progress)
    finally:
        pool.shutdown(wait=False)
    failures = {state.name: future.exception() for future, state in futures.items()}
    unseen = [n for n, error in failures.items() if error is None and not (out / f"{n}.json").exists()]
    if unseen:
        raise FileNotFoundError(
            f"the workers computed {', '.join(unseen)}, but {out} here holds no such record; give a folder "
            "that all workers share with this process."
        )
    return {name: error for name, error in failures.items() if error is not None}


def _watch(futures: dict[Future[Path], State], out: Path, recipe: DFTRecipe, progress: bool) -> None:
    """Show the steps on disk until all states have ended."""
    from strain2dos.simulate.dft._state import n_steps

    needed = {state.name: n_steps(state.strain, recipe) for state in futures.values()}
    waiting = set(futures)
    total = sum(needed.values())
    with tqdm(total=total, unit="step", disable=not progress, smoothing=0.05) as bar:
        # what an earlier run has finished must not count as speed
        bar.initial = bar.n = sum(_steps_done(out, name, count) for name, count in needed.items())
        while waiting:
            ended, waiting = wait(waiting, timeout=_LOOK, return_when=FIRST_COMPLETED)
            finished = len(futures) - len(waiting)
            bar.set_description(f"{finished}/{len(futures)} states", refresh=False)
            bar.update(sum(_steps_done(out, name, count) for name, count in needed.items()) - bar.n)
            if any(isinstance(future.exception(), BrokenProcessPool) for future in ended):
                break


def _steps_done(out: Path, name: str, needed: int) -> int:
    from strain2dos.simulate.dft._parts import finished_steps

    path = out / f"{name}.json"
    return needed if path.exists() else finished_steps(parts_folder(path))
