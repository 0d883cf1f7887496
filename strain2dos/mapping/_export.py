# SPDX-License-Identifier: BSD-3-Clause
"""Maps as the two CSV tables that notebooks of this field read and write."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from strain2dos._files import replacing
from strain2dos.mapping._places import places_of

# Ten significant digits; energies are rounded to 1 neV first, which drops the noise of binary fractions
# (-1.2440000000000002, or 1.33e-15 in place of 0).
_DIGITS = "%.10g"
_ENERGY_DECIMALS = 9


def write_dos_csv(dataset: xr.Dataset, path: str | Path) -> Path:
    """Write the curves of a map as a table with one row per pixel and one column per energy.

    The header is ``,,e1,e2,...`` (eV); each row holds x, y and the DOS. x is the column and y the row of the
    map, both counted from 1, and x runs fastest, as one reads the map. Masked pixels keep their row, with
    empty fields.

    Parameters
    ----------
    dataset : Dataset
        A map with the variable ``dos`` (y, x, energy); lazy ones are evaluated row by row of their chunks.
    path : str or Path
        File to write, such as ``dos_pred.csv``.

    Returns
    -------
    Path
        The file written.

    Notes
    -----
    The notebooks that introduced this layout walk along a row of the strain file while they count a variable
    named ``row``, and wrap it at the number of rows: their labels are transposed, and wrong for a map that is
    not square. Here x is the column and y the row of the file.

    Examples
    --------
    >>> import tempfile, numpy as np, xarray as xr
    >>> from strain2dos.mapping import write_dos_csv
    >>> curves = [[[1.5, 0.0], [np.nan, np.nan]]]
    >>> flake = xr.Dataset(
    ...     {"dos": (("y", "x", "energy"), curves)}, coords={"energy": [-0.1, 0.2]}
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(write_dos_csv(flake, f"{folder}/dos_pred.csv").read_text().strip())
    ,,-0.1,0.2
    1,1,1.5,0
    2,1,,
    """
    _require(dataset, "dos")
    dos = dataset["dos"].transpose("y", "x", "energy")
    energies = dataset["energy"].values if "energy" in dataset.coords else np.arange(dos.sizes["energy"])
    target = Path(path)
    step = dos.chunks[0][0] if dos.chunks is not None else max(1, 10_000 // dos.sizes["x"])
    with replacing(target) as part, part.open("w", encoding="utf-8", newline="") as file:
        labels = (_DIGITS % energy for energy in np.round(energies, _ENERGY_DECIMALS) + 0.0)
        file.write(",".join(["", "", *labels]) + "\n")
        for start in range(0, dos.sizes["y"], step):
            block = dos.isel(y=slice(start, start + step)).values
            table = pd.DataFrame(block.reshape(-1, block.shape[-1]))
            _with_labels(table, block.shape[:2], first_row=start).to_csv(
                file, header=False, index=False, float_format=_DIGITS, lineterminator="\n"
            )
    return target


def write_band_edges_csv(dataset: xr.Dataset, path: str | Path) -> Path:
    """Write the band edges of a map as a table with the columns x, y, VBM, CBM and BandGap [eV].

    x is the column and y the row of the map, both counted from 1, and x runs fastest (see
    :func:`write_dos_csv`). Where the map has positions in a unit of length, the columns ``x_um`` and ``y_um``
    give them in micrometers, after those that notebooks read. Masked pixels keep their row, with empty
    fields.

    Parameters
    ----------
    dataset : Dataset
        A map with the variables ``vbm``, ``cbm`` and ``gap`` (y, x).
    path : str or Path
        File to write, such as ``band_edges_interpolated.csv``.

    Returns
    -------
    Path
        The file written.

    Examples
    --------
    >>> import tempfile, xarray as xr
    >>> from strain2dos.mapping import write_band_edges_csv
    >>> edges = {"vbm": [[-5.9, -5.8]], "cbm": [[-4.3, -4.3]], "gap": [[1.6, 1.5]]}
    >>> flake = xr.Dataset({name: (("y", "x"), values) for name, values in edges.items()})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     print(write_band_edges_csv(flake, f"{folder}/edges.csv").read_text().strip())
    x,y,VBM,CBM,BandGap
    1,1,-5.9,-4.3,1.6
    2,1,-5.8,-4.3,1.5
    """
    _require(dataset, "vbm", "cbm", "gap")
    maps = [dataset[name].transpose("y", "x").values for name in ("vbm", "cbm", "gap")]
    table = pd.DataFrame(
        {name: values.ravel() for name, values in zip(("VBM", "CBM", "BandGap"), maps, strict=True)}
    )
    places = places_of(dataset["gap"])
    x, y, unit = places.in_micrometers()
    if unit == "um" and set(places.dims) == {"y", "x"}:
        table = table.assign(x_um=x, y_um=y)
    table = _with_labels(table, maps[0].shape, first_row=0)
    with replacing(path) as part:
        table.to_csv(part, index=False, float_format=_DIGITS, lineterminator="\n")
    return Path(path)


def _with_labels(table: pd.DataFrame, shape: tuple[int, ...], *, first_row: int) -> pd.DataFrame:
    """Put x (column) and y (row), counted from 1, before the values of pixels in reading order."""
    row, column = np.divmod(np.arange(shape[0] * shape[1]), shape[1])
    labels = pd.DataFrame({"x": column + 1, "y": row + 1 + first_row})
    return pd.concat([labels, table], axis=1)


def _require(dataset: xr.Dataset, *names: str) -> None:
    missing = [name for name in names if name not in dataset]
    if missing:
        raise ValueError(
            f"the map lacks {missing} (it has {sorted(map(str, dataset.data_vars))}); ask for them with "
            "SpatialMapper(quantities=...)."
        )
