# SPDX-License-Identifier: BSD-3-Clause
"""A map as a page shows it: its pixels in reading order, and its quantities over them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos.mapping._places import Places, places_of
from strain2dos.mapping._quality import outside_pixels
from strain2dos.report._quantities import Quantity, quantities_of


@dataclass(frozen=True)
class MapView:
    """A map, where its pixels lie, and what it shows.

    Attributes
    ----------
    dataset : Dataset
    places : Places
    quantities : dict of str to Quantity
        In the order of the page, each over the pixels (n,).
    """

    dataset: xr.Dataset
    places: Places
    quantities: dict[str, Quantity]

    @classmethod
    def of(cls, dataset: xr.Dataset) -> MapView:
        """Find the pixels and the quantities of a map.

        Raises
        ------
        ValueError
            If it has no quantity over its pixels.
        """
        places = places_of(dataset)
        quantities = quantities_of(dataset, places)
        if not quantities:
            raise ValueError(
                f"the Dataset has no quantity over {places.dims} to show; it has "
                f"{sorted(map(str, dataset.data_vars))}."
            )
        return cls(dataset, places, quantities)

    @property
    def lead(self) -> str:
        """Name of the quantity that the page begins with."""
        return next(iter(self.quantities))

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of a grid; one row of sites or of a line."""
        if self.places.kind == "grid":
            return self.dataset.sizes["y"], self.dataset.sizes["x"]
        return 1, self.places.x.size

    @property
    def trusted(self) -> NDArray[np.bool_]:
        """Pixels (n,) with a result inside the training domain."""
        known = np.isfinite(self.quantities[self.lead].values)
        if "status" in self.dataset:
            known &= self.flat("status") == 0
        outside = outside_pixels(self.dataset)
        return known if outside is None else known & ~outside.transpose(*self.places.dims).values.ravel()

    def flat(self, name: str) -> NDArray[np.float64]:
        """Values of a variable over the pixels (n,)."""
        return self.dataset[name].transpose(*self.places.dims).values.ravel()

    def curve(self, name: str, pixel: int) -> NDArray[np.float64] | None:
        """Values (m,) of a variable with one further axis at a pixel; None where the map lacks it."""
        if name not in self.dataset:
            return None
        rows = self.dataset[name].transpose(*self.places.dims, ...).values
        return np.asarray(rows.reshape(-1, rows.shape[-1])[pixel], dtype=np.float64)
