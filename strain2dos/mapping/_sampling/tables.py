# SPDX-License-Identifier: BSD-3-Clause
"""Maps and profiles as files of other programs: tables for Origin and pandas, images for Gwyddion."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from strain2dos._files.replacing import replacing
from strain2dos._plotting.lengths import micrometers_per
from strain2dos.mapping._places import SITE_DIMS
from strain2dos.mapping._sampling.grid import pixel_positions, position_unit, require_map, spacing

_DIGITS = "%.10g"


def to_csv(dataset: xr.Dataset, path: str | Path, *, units_row: bool = True) -> Path:
    """Write a map, a profile or points as a table: one row per pixel, one column per quantity.

    Parameters
    ----------
    dataset : Dataset
        A map (y, x), or what `profile` and `at` give. Variables with an energy axis are left out. Positions
        in another unit of length are converted to micrometers.
    path : path-like
        File to write.
    units_row : bool, default=True
        Write the units as second row, where Origin expects them; read the table with
        ``pandas.read_csv(path, skiprows=[1])``.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    ValueError
        If the Dataset has no variable without an energy axis.

    Examples
    --------
    >>> import tempfile, xarray as xr
    >>> from strain2dos.mapping import to_csv
    >>> gap = xr.DataArray([[1.6, 1.5]], dims=("y", "x"), attrs={"units": "eV"})
    >>> gap = gap.assign_coords(x=[0.0, 0.5], y=[2.0])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(to_csv(xr.Dataset({"gap": gap}), f"{folder}/gap.csv").read_text().strip())
    x,y,gap
    pixel,pixel,eV
    0,2,1.6
    0.5,2,1.5
    """
    if {"y", "x"} <= set(dataset.dims):
        dims: tuple[str, ...] = ("y", "x")
    else:
        dims = tuple(str(dim) for dim in dataset.dims if dim in SITE_DIMS)[:1]
    names = [str(name) for name, values in dataset.data_vars.items() if set(values.dims) == set(dims)]
    if not names or not dims:
        raise ValueError(
            f"the Dataset has no variable over {dims or '(y, x)'} to write; it has "
            f"{ {str(k): v.dims for k, v in dataset.data_vars.items()} }."
        )
    columns, units = _positions(dataset, dims)
    for name in names:
        columns[name] = dataset[name].transpose(*dims).values.ravel()
        units.append(_unit_with_functional(dataset[name]))
    table = pd.DataFrame(columns)
    buffer = io.StringIO()
    if units_row:
        pd.DataFrame([units], columns=list(table.columns)).to_csv(buffer, index=False, lineterminator="\n")
    table.to_csv(buffer, index=False, header=not units_row, float_format=_DIGITS, lineterminator="\n")
    with replacing(Path(path)) as part:
        Path(part).write_text(buffer.getvalue(), encoding="utf-8")
    return Path(path)


def _unit_with_functional(values: xr.DataArray) -> str:
    """Unit of a quantity; "eV (PBE)" where its attributes name the functional."""
    unit, functional = (str(values.attrs.get(key, "")) for key in ("units", "functional"))
    return f"{unit} ({functional})".strip() if functional else unit


def _positions(dataset: xr.Dataset, dims: tuple[str, ...]) -> tuple[dict[str, np.ndarray], list[str]]:
    if dims == ("y", "x"):
        x, y = pixel_positions(dataset)
        across, down = np.meshgrid(x, y)
        found = {"x": across.ravel(), "y": down.ravel()}
        units = dict.fromkeys(found, position_unit(dataset))
        for name in ("x", "y"):  # a strip of sites keeps their positions beside the number of each
            if (place := dataset.coords.get(f"{name}_position")) is not None and place.size == across.size:
                found[name] = np.asarray(place.values).ravel()
                units[name] = str(place.attrs.get("units", "unknown"))
    else:
        coords = [name for name in (dims[0], "x", "y") if name in dataset.coords]
        found = {name: np.asarray(dataset[name].values) for name in coords}
        units = {name: str(dataset[name].attrs.get("units", "")) for name in coords}
    for name, unit in units.items():
        if (factor := micrometers_per(unit)) is not None:
            found[name], units[name] = found[name] * factor, "um"
    return found, list(units.values())


def to_gsf(values: xr.DataArray, path: str | Path) -> Path:
    """Write one quantity of a map as a Gwyddion Simple Field file (``.gsf``).

    Parameters
    ----------
    values : DataArray of shape (y, x)
        For example ``flake.gap``. Coordinates must be evenly spaced; NaN stays NaN.
    path : path-like
        File to write.

    Returns
    -------
    Path
        The file written. Rows are written from the largest y down, as Gwyddion shows them.

    Raises
    ------
    ValueError
        If the values have other dims than y and x, or pixels are not evenly spaced.

    References
    ----------
    Gwyddion user guide, "Gwyddion Simple Field File Format", version 1.0.

    Examples
    --------
    >>> import tempfile, xarray as xr
    >>> from strain2dos.mapping import to_gsf
    >>> gap = xr.DataArray([[1.6, 1.5]], dims=("y", "x"), name="gap", attrs={"units": "eV"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_gsf(gap, f"{folder}/gap.gsf").read_bytes()[:24]
    b'Gwyddion Simple Field 1.'
    """
    if set(values.dims) != {"y", "x"}:
        raise ValueError(
            f"to_gsf writes one quantity over (y, x), but got dims {tuple(map(str, values.dims))}."
        )
    dataset = require_map(values.rename(values.name or "value").to_dataset())
    x, y = pixel_positions(dataset)
    for name, axis in (("x", x), ("y", y)):
        steps = np.diff(axis)
        if len(steps) and np.ptp(steps) > 0.01 * abs(steps.mean()):
            raise ValueError(
                f"{name} is not evenly spaced (steps {steps.min():g} to {steps.max():g}), which this format "
                f"cannot hold; interpolate first, for example with values.interp({name}=...)."
            )
    unit = position_unit(dataset)
    factor = micrometers_per(unit)
    # Gwyddion Simple Field files take base units of the SI.
    scale = None if factor is None else 1e-6 * factor
    data = dataset[str(values.name or "value")].transpose("y", "x").values
    data = data[np.argsort(-y)][:, np.argsort(x)]
    fields = {
        "XRes": len(x),
        "YRes": len(y),
        "XReal": len(x) * spacing(x) * (scale or 1.0),
        "YReal": len(y) * spacing(y) * (scale or 1.0),
        "XOffset": (x.min() - spacing(x) / 2) * (scale or 1.0),
        "YOffset": (y.min() - spacing(y) / 2) * (scale or 1.0),
        "XYUnits": "m" if scale else "",
        "ZUnits": str(values.attrs.get("units", "")),
        "Title": str(values.name or "value"),
    }
    header = "Gwyddion Simple Field 1.0\n" + "".join(f"{k} = {v}\n" for k, v in fields.items() if v != "")
    encoded = header.encode("utf-8")
    encoded += b"\0" * (4 - len(encoded) % 4)
    with replacing(Path(path)) as part:
        Path(part).write_bytes(encoded + data.astype("<f4").tobytes())
    return Path(path)
