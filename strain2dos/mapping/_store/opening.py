# SPDX-License-Identifier: BSD-3-Clause
"""Open a map that this package wrote, so that nothing lost or changed is read as a result."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from strain2dos.mapping._store.places import Place


def open_map(
    path: str | os.PathLike[str], *, verify: bool = False, storage_options: Mapping[str, Any] | None = None
) -> xr.Dataset:
    """Open a map that :meth:`SpatialMapper.to_zarr` wrote, each chunk checked as it is read.

    ``xarray.open_zarr`` reads such a store too. Where a chunk was lost it gives no error but infinity, even
    if the status of these pixels is 0 (ok); NaN is a pixel without a result.

    Parameters
    ----------
    path : str or path-like
        The store: a folder, or an address that fsspec can open, such as ``s3://bucket/map.zarr``.
    verify : bool, default=False
        Read and check the whole store now, not only what is used.
    storage_options : mapping, default=None
        For an address: options of its file system, such as keys.

    Returns
    -------
    Dataset
        The map, lazy (dask). Rows that are not finished have the status 255 and NaN, whatever a killed run
        left of them.

    Raises
    ------
    ValueError
        If there is no such map, or if something in it was lost or changed: at once for metadata and
        coordinates, when it is read for a chunk.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from strain2dos import SpatialMapper
    >>> from strain2dos.mapping import open_map
    >>> strain = np.linspace(0, 0.02, 5)[:, np.newaxis]
    >>> mapper = SpatialMapper(Ridge(alpha=1e-9), quantities=("dos",)).fit(
    ...     strain, 5 - 20 * strain
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = mapper.to_zarr(np.full((2, 4, 1), 0.01), f"{folder}/map.zarr")
    ...     flake = open_map(f"{folder}/map.zarr", verify=True).load()
    >>> float(flake.dos[1, 3, 0].round(3)), int(flake.status[1, 3])
    (4.8, 0)
    """
    require_zarr("open_map")
    from strain2dos.mapping._store.places import place_of

    return open_place(place_of(path, storage_options), verify=verify)


def open_place(place: Place, *, verify: bool = False) -> xr.Dataset:
    """Open the map at ``place``; see `open_map`."""
    from strain2dos.mapping._store.checked import CheckedStore, lost_or_changed
    from strain2dos.mapping._store.layout import with_blank
    from strain2dos.mapping._store.manifest import HEADER, Header
    from strain2dos.mapping._store.records import intact, read_record

    header = Header.from_bytes(place.read(HEADER))
    if header is None:
        raise ValueError(f"{place.name} holds no map that SpatialMapper.to_zarr wrote.")
    expected = {name: bytes.fromhex(digest) for name, digest in header.layout.items()}
    unfinished: list[str] = []
    for block in range(header.n_blocks):
        record = read_record(place, header, block)
        if record is None:
            unfinished += header.keys(block)
        else:
            expected.update(zip(header.keys(block), record.chunks, strict=True))
    instead: dict[str, bytes] = {}
    for name in expected if verify else header.layout:
        content = place.read(name)
        if content is None or not intact(content, expected[name]):
            raise ValueError(lost_or_changed(place.name, name, there=content is not None))
        if name.endswith("/zarr.json"):
            instead[name] = with_blank(content)
    store = CheckedStore(place.store(), place.name, expected, unfinished, instead)
    dataset = xr.open_zarr(store, zarr_format=3, consolidated=False, decode_times=False)
    text = {
        name: (value.dims, np.array(value.values.tolist(), dtype=str), value.attrs)
        for name, value in dataset.coords.items()
        if value.dtype.kind in "TO"
    }
    return dataset[list(header.templates)].assign_coords(text)


def require_zarr(caller: str) -> None:
    """Raise an error with the way out where the extra `dask` is not installed."""
    try:
        import dask.array  # noqa: F401
        import zarr  # noqa: F401
    except ImportError as error:
        raise ImportError(f'{caller} needs dask and zarr: pip install "strain2dos[dask]".') from error
