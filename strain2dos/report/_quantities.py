# SPDX-License-Identifier: BSD-3-Clause
"""What of a map a report shows: quantities in their order, with labels and units for readers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos._plotting.labels import with_minus
from strain2dos._plotting.maps import unit_sign
from strain2dos.mapping._displays.words import quantity_label
from strain2dos.mapping._places import Places

_ORDER = (
    "gap", "gap_direct", "vbm", "cbm", "strain", "strain_biaxial", "shear", "doping", "A_center", "pl_energy",
)  # fmt: skip
_LEFT_OUT = ("domain_score", "domain_reason", "status")
# Shear, the difference of the principal strains, is never below zero.
_SIGNED = ("strain", "strain_biaxial", "doping")
# Quantities that are read in per cent.
_PERCENT = ("strain", "strain_biaxial", "shear")


@dataclass(frozen=True)
class Quantity:
    """One quantity of a map, flat in reading order, in the unit of the page.

    Attributes
    ----------
    name : str
    label : str
        "Band gap, PBE".
    unit : str
    values : (n,) ndarray
    std : (n,) ndarray or None
        Error of each pixel.
    common : (n,) ndarray or None
        Error that all pixels share.
    signed : bool
        Whether its colors are centered at zero.
    """

    name: str
    label: str
    unit: str
    values: NDArray[np.float64]
    std: NDArray[np.float64] | None
    signed: bool
    common: NDArray[np.float64] | None = None

    def format(self, value: float, std: float | None = None) -> str:
        """Write a value with its error: "1.583 ± 0.021 eV"; the error sets the digits.

        An error that is NaN is not known.
        """
        if not np.isfinite(value):
            return "\u2013"
        sure = std if std is not None and np.isfinite(std) and std > 0 else None
        digits = _digits(value, 4) if sure is None else _digits(sure, 2)
        value = round(float(value), digits) + 0.0  # no minus before zero
        words = f"{value:{'+' if self.signed else ''}.{digits}f}"
        if std is not None and np.isfinite(std):
            words += f" ± {std:.{digits}f}"
        if self.unit.startswith("10"):
            words = f"({words}) \u00d7" if "±" in words else f"{words} \u00d7"
        words = with_minus(f"{words} {self.unit}".strip())
        return f"{words} (error not known)" if std is not None and np.isnan(std) else words


def _digits(size: float, figures: int) -> int:
    """Decimals that show so many figures of an error, or of a value without one."""
    if not size:
        return 0
    return int(np.clip(figures - 1 - np.floor(np.log10(abs(size))), 0, 6))


def quantities_of(dataset: xr.Dataset, places: Places) -> dict[str, Quantity]:
    """Find the quantities of a map over its pixels, known ones first."""
    names = [
        str(name)
        for name, values in dataset.data_vars.items()
        if set(values.dims) == set(places.dims)
        and np.issubdtype(values.dtype, np.floating)
        and not str(name).endswith("_std")
        and name not in _LEFT_OUT
        and "flag_values" not in values.attrs
    ]
    names.sort(key=lambda name: _ORDER.index(name) if name in _ORDER else len(_ORDER))
    return {name: _quantity(dataset, name, places) for name in names}


def _quantity(dataset: xr.Dataset, name: str, places: Places) -> Quantity:
    values = dataset[name]
    unit = str(values.attrs.get("units", ""))
    factor = 1.0
    if name in _PERCENT and unit in ("1", ""):
        unit, factor = "%", 100.0
    unit = unit.replace("1e13", "10¹³").replace("cm2", "cm²").replace("cm-2", "cm⁻²")
    errors = [
        factor * _flat(dataset[key], places) if key in dataset and dataset[key].dims == values.dims else None
        for key in (f"{name}_std", f"{name}_common_std")
    ]
    return Quantity(
        name,
        quantity_label(values, unit=False),
        unit_sign(unit),
        factor * _flat(values, places),
        errors[0],
        name in _SIGNED,
        errors[1],
    )


def _flat(values: xr.DataArray, places: Places) -> NDArray[np.float64]:
    return np.asarray(values.transpose(*places.dims).values, dtype=np.float64).ravel()
