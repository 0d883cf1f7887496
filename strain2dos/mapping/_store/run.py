# SPDX-License-Identifier: BSD-3-Clause
"""One call that writes a map: what is to be mapped, by which model, and where to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import xarray as xr
from sklearn.base import BaseEstimator

from strain2dos.mapping._pixels.blocks import row_slices
from strain2dos.mapping._pixels.evaluate import PixelEvaluator
from strain2dos.mapping._store.identity import identity_of
from strain2dos.mapping._store.layout import layout_files
from strain2dos.mapping._store.learned import array_checksum
from strain2dos.mapping._store.places import Place


@dataclass(frozen=True)
class Run:
    """What one call writes.

    Attributes
    ----------
    place : Place
    cube : DataArray of shape (y, x, k)
    evaluator : PixelEvaluator
    estimator : object
        For the attributes of the map.
    step : int
        Rows of a block.
    identity : dict
        All that the map depends on, except the values of the cube.
    sources : list of bytes or None
        Checksum of the input of each block, where all of it is in memory.
    """

    place: Place
    cube: xr.DataArray
    evaluator: PixelEvaluator
    estimator: BaseEstimator
    step: int
    identity: dict[str, Any]
    sources: list[bytes] | None

    @classmethod
    def of(
        cls, place: Place, cube: xr.DataArray, evaluator: PixelEvaluator, estimator: BaseEstimator, step: int
    ) -> Run:
        """Describe a run; a cube in memory is hashed whole."""
        sources = None
        if cube.chunks is None:
            slices = row_slices(cube.sizes["y"], step)
            sources = [array_checksum(cube.isel(y=rows).values) for rows in slices]
        return cls(place, cube, evaluator, estimator, step, identity_of(cube, evaluator, step), sources)

    def files(self) -> dict[str, bytes]:
        """Metadata and coordinates of the map: content by path."""
        return layout_files(self.cube, self.evaluator, self.estimator, self.step)

    def read(self, rows: slice) -> xr.DataArray:
        """Rows of the cube, in memory."""
        return self.cube.isel(y=rows).compute()

    def checksums(self, slices: list[slice]) -> list[bytes]:
        """Hash rows of the cube; those of a lazy one are read, on the workers where dask has a cluster."""
        if self.cube.chunks is None:
            return [array_checksum(self.cube.isel(y=rows).values) for rows in slices]
        import dask

        hashed = dask.delayed(array_checksum)
        return list(dask.compute(*(hashed(self.cube.isel(y=rows).data) for rows in slices)))

    def refuse(self, found: Iterable[str]) -> None:
        """Stop if anything differs from the run that began the store."""
        refuse(self.place.name, found)


def refuse(name: str, found: Iterable[str]) -> None:
    """Stop if anything in ``found`` differs from the run that began the store ``name``.

    Raises
    ------
    ValueError
        With all that differs, in words.
    """
    text = "; ".join(found)
    if text:
        raise ValueError(
            f"{name} holds the map of another model, cube or other settings: {text}. Choose another path, or "
            "remove it."
        )
