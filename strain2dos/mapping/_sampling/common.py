# SPDX-License-Identifier: BSD-3-Clause
"""What all pixels of a map have wrong together, and what is left of it in a difference of two places."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

Array = NDArray[np.float64]

#: Attribute of a map that holds `CommonTerms`.
TERMS = "common_error_terms"
#: Variable of a map: change of each energy with the position of each line, "gap/A1'" in eV per cm-1.
SLOPES = "energy_slopes"
# Percent of biaxial strain per unit of strain.
_PERCENT = 100.0


@dataclass(frozen=True)
class CommonTerms:
    """Covariances of what is wrong for all pixels, and what an error of a line does to strain and doping.

    The error of a line at a pixel is that of its unstrained position, plus strain times the error of its
    strain rate, plus doping times that of its doping rate. Each of them is one number for the whole map.

    Attributes
    ----------
    lines : list of str
        Names of the m lines.
    positions, strain_rates, doping_rates : list of shape (m, m)
        Covariances in cm-2, per percent of biaxial strain and per 1e13/cm2 squared for the rates.
    quantities : list of str
        Names of the k unknowns in the map: strain, shear, doping.
    inverse : list of shape (k, m)
        Change of each unknown per cm-1 of each line.
    """

    lines: list[str]
    positions: list[list[float]]
    strain_rates: list[list[float]]
    doping_rates: list[list[float]]
    quantities: list[str]
    inverse: list[list[float]]

    @classmethod
    def of(cls, attrs: Mapping[Any, Any]) -> Self | None:
        """Read the terms from the attributes of a map; None where it has none."""
        return cls(**json.loads(attrs[TERMS])) if TERMS in attrs else None

    def as_attr(self) -> dict[str, str]:
        """Text that any file of a map can hold."""
        return {TERMS: json.dumps(asdict(self))}

    def factors(self) -> list[tuple[str, Array]]:
        """What each error grows with ("1", "strain" or "doping"), and its covariance (m, m) per unit."""
        return [
            ("1", np.array(self.positions)),
            ("strain", _PERCENT**2 * np.array(self.strain_rates)),
            ("doping", np.array(self.doping_rates)),
        ]

    def slopes(self, dataset: xr.Dataset, name: str) -> xr.DataArray | None:
        """Change of a quantity with each line, (..., line); None where it is not known."""
        if name in self.quantities:
            return xr.DataArray(np.array(self.inverse[self.quantities.index(name)]), dims="line")
        labels = [f"{name}/{line}" for line in self.lines]
        if SLOPES not in dataset or not set(labels) <= set(dataset["slope"].values.tolist()):
            return None
        return dataset[SLOPES].sel(slope=labels).rename(slope="line").drop_vars("line").astype(float)


def common_variance_of_difference(
    dataset: xr.Dataset, name: str, regions: tuple[NDArray[np.bool_], NDArray[np.bool_]]
) -> float | None:
    """Variance that common errors leave in the difference of two means.

    Parameters
    ----------
    dataset : Dataset
        A map of `map_flake`.
    name : str
    regions : pair of bool arrays of shape (n_y, n_x)
        Usable pixels of the two regions.

    Returns
    -------
    float or None
        None where the map does not hold what this takes.
    """
    terms = CommonTerms.of(dataset.attrs)
    if terms is None or not {"strain", "doping"} <= set(dataset.data_vars):
        return None
    slopes = terms.slopes(dataset, name)
    if slopes is None:
        return None
    of_lines, variance = np.zeros((dataset.sizes["y"], dataset.sizes["x"])), 0.0
    for factor, covariance in terms.factors():
        grown = slopes * (xr.ones_like(dataset[name]) if factor == "1" else dataset[factor])
        sensitivity = grown.transpose("y", "x", "line").values
        left = _difference(sensitivity, regions)
        variance += float(left @ covariance @ left)
        of_lines += np.einsum("yxi,ij,yxj->yx", sensitivity, covariance, sensitivity)
    # what else is common is the model's error at the unstrained layer, one number for the whole map
    rest = np.square(dataset[f"{name}_common_std"].transpose("y", "x").values) - of_lines
    # slopes are kept in single precision, so that less than this is rounding
    of_model = np.sqrt(np.where(rest > 1e-6 * of_lines, rest, 0.0 * rest))
    return float(variance + _difference(of_model, regions) ** 2)


def _difference(values: Array, regions: tuple[NDArray[np.bool_], NDArray[np.bool_]]) -> Array:
    """Mean over one region minus that over the other, of the pixels that are finite."""
    one, other = (np.nanmean(values[inside], axis=0) for inside in regions)
    return np.asarray(one - other)
