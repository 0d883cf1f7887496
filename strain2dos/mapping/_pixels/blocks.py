# SPDX-License-Identifier: BSD-3-Clause
"""Maps block by block: in memory with a bounded footprint, or lazily with dask."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import xarray as xr
from sklearn.base import BaseEstimator
from tqdm import tqdm

from strain2dos._progress import ticking
from strain2dos.mapping._pixels.dataset import (
    attrs_of,
    build_dataset,
    count_masked,
    dims_of,
    map_attrs,
    map_coords,
)
from strain2dos.mapping._pixels.evaluate import PixelEvaluator

if TYPE_CHECKING:
    from dask.delayed import Delayed

# What an evaluator holds for a chunk besides its input stays near 100 MB.
_CHUNK_BYTES = 2**26


def rows_per_chunk(cube: xr.DataArray, evaluator: PixelEvaluator, chunks: int | str | None) -> int:
    """Rows of the map to be evaluated at once."""
    if chunks is None:
        return cube.sizes["y"]
    if chunks != "auto":
        return min(int(chunks), cube.sizes["y"])
    per_pixel = 8 * (cube.shape[-1] + evaluator.values_per_pixel)
    return int(np.clip(_CHUNK_BYTES // (per_pixel * cube.sizes["x"]), 1, cube.sizes["y"]))


def row_slices(n_rows: int, step: int) -> Iterator[slice]:
    """Consecutive slices of at most ``step`` rows."""
    return (slice(start, min(start + step, n_rows)) for start in range(0, n_rows, step))


def evaluate_block(block: xr.DataArray, evaluator: PixelEvaluator) -> dict[str, np.ndarray]:
    """Evaluate a block (y, x, k): arrays of shape (y, x) or (y, x, m)."""
    n_y, n_x, n_columns = block.shape
    found = evaluator(np.asarray(block.values).reshape(n_y * n_x, n_columns))
    return {name: values.reshape(n_y, n_x, *values.shape[1:]) for name, values in found.items()}


def map_in_memory(
    cube: xr.DataArray,
    evaluator: PixelEvaluator,
    estimator: BaseEstimator,
    *,
    step: int,
    progress: bool,
    at_once: int = 1,
) -> xr.Dataset:
    """Evaluate the rows of ``cube`` chunk after chunk into arrays allocated once.

    With ``at_once`` above 1 so many chunks are evaluated side by side in threads, so that no core idles while
    one of them does what takes one core alone. The result is the same.
    """
    n_y, n_x = cube.shape[:2]
    result: dict[str, np.ndarray] = {}
    with tqdm(total=n_y * n_x, desc="map", unit="px", disable=not progress) as bar, ticking(bar):
        for rows, found in _evaluated(cube, evaluator, list(row_slices(n_y, step)), at_once):
            for name, values in found.items():
                if name not in result:
                    result[name] = np.empty((n_y, *values.shape[1:]), dtype=values.dtype)
                result[name][rows] = values
            bar.update(len(range(n_y)[rows]) * n_x)
    warn_if_all_masked(result["status"])
    return build_dataset(result, cube, evaluator, estimator)


def _evaluated(
    cube: xr.DataArray, evaluator: PixelEvaluator, chunks: list[slice], at_once: int
) -> Iterator[tuple[slice, dict[str, np.ndarray]]]:
    """Give chunks of rows with what they become, in order, ``at_once`` of them at work."""

    def work(rows: slice) -> dict[str, np.ndarray]:
        return evaluate_block(cube.isel(y=rows), evaluator)

    if at_once == 1 or len(chunks) == 1:
        yield from ((rows, work(rows)) for rows in chunks)
        return
    with ThreadPoolExecutor(at_once) as threads:
        try:
            # chunks that wait to be stored take memory, so no more are begun than can be at work
            running = [threads.submit(work, rows) for rows in chunks[:at_once]]
            for number, rows in enumerate(chunks):
                yield rows, running.pop(0).result()
                if number + at_once < len(chunks):
                    running.append(threads.submit(work, chunks[number + at_once]))
        finally:
            threads.shutdown(cancel_futures=True)


def warn_if_all_masked(status: np.ndarray) -> None:
    """Warn, with counts, when no pixel of a map has a result."""
    ok, no_input, no_features = count_masked(status)
    if not ok:
        warnings.warn(
            f"none of the {status.size} pixels could be evaluated: {no_input} have input that is not finite "
            f"and {no_features} features that are not finite; the map holds NaN only. See its variable "
            "'status'.",
            UserWarning,
            stacklevel=3,
        )


def template(
    cube: xr.DataArray, evaluator: PixelEvaluator, estimator: BaseEstimator, chunks: tuple[Any, Any]
) -> xr.Dataset:
    """Make a lazy Dataset of the map's layout, chunked along y and x as given."""
    import dask.array as da

    variables = {}
    for name in (*evaluator.quantities, "status"):
        width = None if name == "status" else evaluator.width(name)
        tail = () if width is None else (width,)
        dtype = np.dtype(np.uint8) if name == "status" else evaluator.dtype_of(name)
        blank = da.zeros((*cube.shape[:2], *tail), dtype=dtype, chunks=(*chunks, *tail))
        variables[name] = (dims_of(name), blank, attrs_of(name, evaluator.functional))
    return xr.Dataset(variables, coords=map_coords(cube, evaluator), attrs=map_attrs(estimator, evaluator))


def map_lazily(
    cube: xr.DataArray, evaluator: PixelEvaluator, estimator: BaseEstimator, *, chunks: int | str | None
) -> xr.Dataset:
    """Describe the map of a dask-backed cube; each block is evaluated once, when the Dataset is computed."""
    column = cube.dims[-1]
    rechunk: dict[Any, int] = {column: -1}
    if chunks != "auto":
        rechunk["y"] = -1 if chunks is None else int(chunks)
    cube = cube.chunk(rechunk)
    layout = template(cube, evaluator, estimator, cube.data.chunks[:2])
    return layout.assign(
        {
            name: layout[name].copy(data=array)
            for name, array in _lazy_arrays(cube.data, evaluator, layout).items()
        }
    )


def _lazy_arrays(pixels: object, evaluator: PixelEvaluator, layout: xr.Dataset) -> dict[Any, Any]:
    """Dask arrays of the quantities in ``layout``, all from one evaluation of each block of ``pixels``.

    The evaluator is one node of the graph that all blocks depend on: a cluster sends it to each worker once,
    not with each block.
    """
    import dask.array as da

    found = da.blockwise(
        _evaluate_array,
        "yx",
        pixels,
        "yxk",
        as_one_node(evaluator),
        None,
        dtype=object,
        meta=np.empty((0, 0), dtype=object),
        concatenate=True,
    )
    arrays = {}
    for name, variable in layout.data_vars.items():
        last = variable.dims[2:]
        arrays[name] = da.blockwise(
            _pick,
            "yxe" if last else "yx",
            found,
            "yx",
            str(name),
            None,
            new_axes={"e": variable.shape[2]} if last else {},
            dtype=variable.dtype,
            meta=np.empty((0,) * variable.ndim, dtype=variable.dtype),
        )
    return arrays


def as_one_node(evaluator: object) -> Delayed:
    """Make an evaluator one node of dask graphs."""
    from dask import delayed

    return delayed(evaluator, name=f"strain2dos-model-{uuid4().hex}", traverse=False)


def _evaluate_array(pixels: np.ndarray, evaluator: PixelEvaluator) -> dict[str, np.ndarray]:
    """Evaluate a block: a dict of arrays, which stands in a graph where dask expects an array."""
    return evaluate_block(xr.DataArray(pixels), evaluator)


def _pick(found: dict[str, np.ndarray], name: str) -> np.ndarray:
    return found[name]
