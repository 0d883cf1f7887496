# SPDX-License-Identifier: BSD-3-Clause
"""A map written to Zarr chunk by chunk, so that an interrupted run can go on."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from tqdm import tqdm

from strain2dos.mapping._blocks import evaluate_block, row_slices, template, warn_if_all_masked
from strain2dos.mapping._dataset import build_dataset, map_attrs
from strain2dos.mapping._evaluate import PixelEvaluator
from strain2dos.mapping._steps import PixelStatus

_FINGERPRINT = "strain2dos_fingerprint"
_N_PROBES = 8


def write_map(
    cube: xr.DataArray,
    evaluator: PixelEvaluator,
    estimator: Any,
    path: Path,
    *,
    step: int,
    resume: bool,
    progress: bool,
) -> xr.Dataset:
    """Write the map of ``cube`` to ``path``, ``step`` rows at a time, skipping rows that are there already.

    A chunk's ``status`` is written last, so status 255 marks rows that are still to be computed.
    """
    mark = fingerprint(cube, evaluator, estimator, step)
    if path.exists() and any(path.iterdir() if path.is_dir() else [path]):
        _check_store(path, mark, resume)
    else:
        _create_store(cube, evaluator, estimator, path, step=step, mark=mark)
    status = _open(path)["status"].values
    n_y, n_x = status.shape
    with tqdm(total=n_y * n_x, desc="map", unit="px", disable=not progress) as bar:
        for rows in row_slices(n_y, step):
            if (status[rows] == PixelStatus.NOT_COMPUTED).any():
                status[rows] = _write_rows(cube.isel(y=rows), evaluator, estimator, path, rows)
            bar.update(len(range(n_y)[rows]) * n_x)
    warn_if_all_masked(status)
    return _open(path)


def fingerprint(cube: xr.DataArray, evaluator: PixelEvaluator, estimator: Any, step: int) -> str:
    """Hash of the settings, the cube and what the model answers to a few pixels of it.

    A cube in memory is hashed whole, of a dask-backed one the probed pixels. The model is known by its
    answers (six digits), since its files and objects may differ in bytes without a difference in meaning.
    """
    digest = hashlib.sha256(
        repr((evaluator.quantities, str(evaluator.dtype), step, cube.dims, cube.shape)).encode()
    )
    for name in sorted(map(str, cube.coords)):
        digest.update(f"{name}{np.asarray(cube[name].values).tolist()}".encode())
    digest.update(
        repr(None if evaluator.model.energies is None else evaluator.model.energies.tolist()).encode()
    )
    picked = np.linspace(0, cube.sizes["y"] * cube.sizes["x"] - 1, _N_PROBES).astype(int)
    y, x = (
        xr.DataArray(index, dims="probe") for index in np.unravel_index(np.unique(picked), cube.shape[:2])
    )
    probes = np.ascontiguousarray(cube.isel(y=y, x=x).transpose("probe", ...).values, dtype=np.float64)
    digest.update(
        probes.tobytes() if cube.chunks is not None else np.ascontiguousarray(cube.values).tobytes()
    )
    digest.update(map_attrs(estimator)["model"].encode())
    for name, values in sorted(evaluator(probes).items()):
        digest.update(name.encode() + " ".join(f"{value:.5e}" for value in np.ravel(values)).encode())
    return digest.hexdigest()


def _create_store(
    cube: xr.DataArray, evaluator: PixelEvaluator, estimator: Any, path: Path, *, step: int, mark: str
) -> None:
    layout = template(cube, evaluator, estimator, (step, cube.sizes["x"]))
    # Known values are written at once, lazy ones only laid out.
    status = np.full(cube.shape[:2], PixelStatus.NOT_COMPUTED, dtype=np.uint8)
    layout["status"] = layout["status"].copy(data=status)
    layout.attrs[_FINGERPRINT] = mark
    encoding = {name: {"_FillValue": np.nan} for name in evaluator.quantities}
    encoding["status"] = {"chunks": (step, cube.sizes["x"])}
    layout.to_zarr(path, mode="w-", compute=False, zarr_format=3, consolidated=False, encoding=encoding)


def _write_rows(
    cube: xr.DataArray, evaluator: PixelEvaluator, estimator: Any, path: Path, rows: slice
) -> np.ndarray:
    block = build_dataset(evaluate_block(cube, evaluator), cube, evaluator, estimator)
    block = block.drop_vars(list(block.coords))
    region = {"region": {"y": rows}, "zarr_format": 3, "consolidated": False}
    block.drop_vars("status").to_zarr(path, **region)
    block[["status"]].to_zarr(path, **region)
    return block["status"].values


def _check_store(path: Path, mark: str, resume: bool) -> None:
    if not resume:
        raise FileExistsError(f"{path} exists; pass resume=True to go on with it, or remove it.")
    try:
        found = _open(path).attrs.get(_FINGERPRINT)
    except (FileNotFoundError, KeyError, ValueError) as error:
        raise FileExistsError(
            f"{path} exists, but is no map that could be resumed; choose another path."
        ) from error
    if found is None:
        raise FileExistsError(f"{path} exists, but is no map that could be resumed; choose another path.")
    if found != mark:
        raise ValueError(
            f"{path} holds the map of another model, cube or other settings (fingerprint {found[:12]}, this "
            f"run has {mark[:12]}); choose another path or remove it."
        )


def _open(path: Path) -> xr.Dataset:
    return xr.open_zarr(path, zarr_format=3, consolidated=False, decode_times=False)
