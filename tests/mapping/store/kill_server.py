# SPDX-License-Identifier: BSD-3-Clause
"""Kill a writing map at counted points and go on with it; run as a program, under a hash seed of its own.

Everything is imported once; each run is a fork. A child counts what it asks of the file system below its
folder (files opened for writing, folders made, renames, removals, waits for the disk) and sends itself
SIGKILL before the one that it was told. At every second wait for the disk, the file is cut in half first, as
a power cut would leave it.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import signal
import sys
import tempfile
from pathlib import Path

import dask
import numpy as np
import xarray as xr
from sklearn.linear_model import Ridge

import strain2dos.mapping._store.committing as committing
from strain2dos import SpatialMapper
from strain2dos.mapping import open_map

# Waiting for a real disk would take most of the time.
MEMORY = "/dev/shm" if os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK) else None
ENERGIES = np.linspace(-7.0, -3.0, 11)


def task() -> tuple[SpatialMapper, xr.DataArray]:
    strain = np.linspace(-0.02, 0.02, 9)[:, np.newaxis]
    dos = np.clip(-6.0 - 3 * strain - ENERGIES, 0, None) + np.clip(ENERGIES + 4.4 + 5 * strain, 0, None)
    values = np.random.default_rng(1).uniform(-0.02, 0.02, (7, 6, 1))
    values[2, 3] = np.nan
    coords = {"y": ("y", np.arange(7) * 0.4, {"units": "um"}), "x": np.arange(6) * 0.4, "feature": ["strain"]}
    cube = xr.DataArray(values, dims=("y", "x", "feature"), coords=coords)
    options = {"energies": ENERGIES, "edge_options": {"threshold": 0.1, "reference": -5.2}}
    model = Ridge(alpha=1e-9).fit(strain, dos)
    return SpatialMapper(model, quantities=("dos", "gap", "features"), chunks=2, **options), cube


class Counter:
    """Counts requests to the file system below a folder; at the ``last`` one the process ends."""

    def __init__(self, folder: str, last: int | None) -> None:
        self.folder, self.last, self.count = folder, last, 0
        self._fsync = os.fsync

    def install(self) -> None:
        sys.addaudithook(self.hear)
        os.fsync = self.sync

    def hear(self, event: str, args: tuple) -> None:
        if event == "open":
            path, _, flags = args
            wanted = isinstance(flags, int) and flags & (os.O_WRONLY | os.O_RDWR)
        else:
            path = args[0] if args else None
            wanted = event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir")
        if wanted and not isinstance(path, int) and os.fspath(path).startswith(self.folder):
            self.next()

    def sync(self, file: int) -> None:
        path = os.readlink(f"/proc/self/fd/{file}")
        self.next(path if os.path.isfile(path) else None)
        self._fsync(file)

    def next(self, path: str | None = None) -> None:
        self.count += 1
        if self.count == self.last:
            if path is not None and self.last % 2:
                os.truncate(path, os.path.getsize(path) // 2)
            os.kill(os.getpid(), signal.SIGKILL)


def in_child(work) -> tuple[int, str]:
    """Call ``work`` in a fork: how it ended (minus the signal where it was killed), and what it gave."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        code = 1
        try:
            os.write(write, json.dumps(work()).encode())
            code = 0
        finally:
            os._exit(code)
    os.close(write)
    with os.fdopen(read) as pipe:
        given = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), given


def state(folder: Path) -> str:
    """Hash of all files below a folder with their names, and the values that an opened map gives."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder)} {path.stat().st_size}".encode() + path.read_bytes())
    flake = open_map(folder / "map.zarr", verify=True).load()
    for name in sorted(map(str, flake.variables)):
        digest.update(name.encode() + flake[name].values.tobytes())
    return digest.hexdigest()


def write(folder: Path, last: int | None, seconds: float) -> dict:
    committing.SECONDS = seconds
    mapper, cube = task()
    counter = Counter(str(folder), last)
    counter.install()
    mapper.to_zarr(cube, folder / "map.zarr")
    return {"count": counter.count, "state": state(folder)}


def partly(folder: Path, whole: xr.Dataset) -> str:
    """What readers find: no store, an unfinished one, or a wrong one."""
    path = folder / "map.zarr"
    if not path.exists():
        return "absent"
    flake = open_map(path).load()
    try:
        plain = xr.open_zarr(path, consolidated=False).load()
    except Exception:
        plain = None  # other readers stop at half a chunk
    for found in filter(None, (flake, plain)):
        done = found.status != 255
        for name in whole.data_vars:
            wanted = whole[name].where(done)
            if not found[name].where(done).astype(float).equals(wanted.astype(float)):
                return "wrong"
    return "finished" if bool((flake.status != 255).all()) else "unfinished"


def go_on(folder: Path, seconds: float, whole: xr.Dataset) -> dict:
    seen = partly(folder, whole)
    return {"seen": seen, **write(folder, None, seconds)}


def attempt(last: int, seconds: float, expected: str, whole: xr.Dataset) -> dict:
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        folder = Path(name).resolve()
        code, _ = in_child(lambda: write(folder, last, seconds))
        again, given = in_child(lambda: go_on(folder, seconds, whole))
        found = {"seen": "error", "state": None} if again else json.loads(given)
        killed, same = code == -signal.SIGKILL, found["state"] == expected
        return {"at": last, "killed": killed, "seen": found["seen"], "same": same}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--step", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.0, help="of work between two commits")
    options = parser.parse_args()
    dask.config.set(scheduler="synchronous")
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        # once before any fork: what is imported and compiled late is shared then
        mapper, cube = task()
        mapper.to_zarr(cube, Path(name) / "warm.zarr").load()
        whole = mapper.predict_map(cube)
    with tempfile.TemporaryDirectory(dir=MEMORY) as name:
        code, given = in_child(lambda: write(Path(name).resolve(), None, options.seconds))
        if code:
            raise SystemExit("the undisturbed run failed")
        undisturbed = json.loads(given)
    print(json.dumps(undisturbed), flush=True)
    for last in range(1 + options.start, undisturbed["count"] + 1, options.step):
        print(json.dumps(attempt(last, options.seconds, undisturbed["state"], whole)), flush=True)


if __name__ == "__main__":
    main()
