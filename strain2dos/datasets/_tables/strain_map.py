# SPDX-License-Identifier: BSD-3-Clause
"""Read maps of scalar strain."""

from __future__ import annotations

from os import PathLike

import numpy as np
import xarray as xr

from strain2dos.datasets._tables.csv import CellTable, stated_unit, to_fraction, validate_strain_unit


def read_strain_map(path: str | PathLike[str], *, strain_unit: str) -> xr.DataArray:
    r"""Read a CSV map of strain: one line of the file per row of pixels, no header.

    This is the layout of ``raman_strain.csv`` that the strain2DOS notebooks map. The word ``nan`` marks a
    pixel without a value and is kept as NaN.

    Parameters
    ----------
    path : str or path-like
        CSV file; CRLF or LF line ends.
    strain_unit : {"fraction", "percent", "label"}
        What the numbers mean. Percents are divided by 100; labels are kept as written, for files that do not
        state a unit. It has to be the unit of the table that a model was trained on.

    Returns
    -------
    xarray.DataArray
        ``strain`` with dimensions (y, x). Coordinates are row and column numbers, counted from 1; y grows
        from line to line, x along a line. ``attrs["strain_unit"]`` is "fraction" or "label".

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When the file is empty, cut off, ragged or not numeric, or when ``strain_unit`` is unknown or makes a
        strain beyond 100 %. The message names file, line and column.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from strain2dos.datasets import read_strain_map
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "strain.csv"
    >>> _ = path.write_text("0.5,1.0,1.5\n0.0,nan,2.0\n")
    >>> strain = read_strain_map(path, strain_unit="percent")
    >>> float(strain.sel(y=1, x=3))
    0.015
    >>> strain.dims, strain.attrs["strain_unit"]
    (('y', 'x'), 'fraction')
    """
    validate_strain_unit(strain_unit)
    table = CellTable(path)
    values = np.empty((len(table.rows), len(table.rows[0])))
    for row, column in np.ndindex(*values.shape):
        value = table.number(row, column, "a strain (a map has no header)", allow_nan=True)
        values[row, column] = to_fraction(value, strain_unit, table.where(row, column))
    unit = stated_unit(strain_unit)
    pixel = {"units": "pixel"}
    return xr.DataArray(
        values,
        dims=("y", "x"),
        coords={
            "y": ("y", np.arange(1, values.shape[0] + 1), pixel | {"long_name": "row"}),
            "x": ("x", np.arange(1, values.shape[1] + 1), pixel | {"long_name": "column"}),
        },
        name="strain",
        attrs={
            "units": "1" if unit == "fraction" else unit,
            "long_name": "strain",
            "strain_unit": unit,
            "source": table.path.name,
        },
    )
