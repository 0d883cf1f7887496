# SPDX-License-Identifier: BSD-3-Clause
"""Read Raman spectra and maps, whatever wrote them."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import xarray as xr

from strain2dos._files import is_url
from strain2dos.io._common.memory import limit_of
from strain2dos.io._instruments.binary import read_spc, read_xml
from strain2dos.io._instruments.wdf import read_wdf
from strain2dos.io._store.dataset import read_netcdf, read_zarr
from strain2dos.io._text.table import read_text

_HDF5, _NETCDF3, _RENISHAW, _GZIP = b"\x89HDF", b"CDF", b"WDF1", b"\x1f\x8b"
_PACKED = {b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstandard", b"PK\x03\x04": "zip"}


def read_raman(
    path: str | PathLike[str],
    *,
    memory_limit: float | None = None,
    storage_options: Mapping[str, Any] | None = None,
) -> xr.DataArray:
    r"""Read spectra, a line scan or a map into a labeled array with an ascending axis.

    The layout is recognized from the content, not from the name alone:

    - two columns of text, axis and intensity (comments, settings and one line of column names allowed);
    - the axis in the first column and one spectrum in each of the others: WITec tables (labels carry the
      pixel; with or without labels and units), Andor Solis with its settings below the data, tables of
      pandas; without names, where the first column alone rises or falls throughout;
    - WITec text with its header and TrueMatch, Ocean Optics, JASCO, B&W Tek (i-Raman);
    - LabSpec 6 text exports: spectrum, line scan and map, with their ``#key=value`` header;
    - tables with the axis in the first row and x, y in the first columns: ``X;Y;axis...`` of wafer mappers
      and the CSV of ``strain2dos convert``;
    - one row per point, ``#X #Y #Wave #Intensity``, as WiRE exports maps;
    - any of these with decimal commas, or compressed with gzip;
    - wafer maps with an axis for each site, interpolated onto the first one where they differ;
    - JCAMP-DX with one spectrum in decimal numbers;
    - NetCDF and Zarr as xarray writes them;
    - Renishaw ``.wdf``;
    - Horiba ``.xml``, TriVista ``.tvf`` and Galactic ``.spc``, with the optional extra ``strain2dos[io]``.

    Parameters
    ----------
    path : str or path-like
        The file, or the folder of a Zarr store, or the address of one that fsspec can open, such as
        ``s3://bucket/cube.zarr``.
    memory_limit : float, optional
        Bytes of spectra, 8 per point, above which they are not held in memory; half of the memory that is
        available now by default. Text then goes, line by line, into a memory map of a temporary file, removed
        with the array; NetCDF, Zarr and ``.wdf`` stay where they are and come through dask. Values,
        coordinates and attributes are the same either way. ``.xml``, ``.tvf`` and ``.spc`` are always held in
        memory.
    storage_options : mapping, optional
        For an address: options of its file system, such as keys.

    Returns
    -------
    xarray.DataArray
        ``intensity`` with dimensions (y, x, shift) when the positions fill a grid, else (n, shift) with x and
        y as coordinates along n where the file has them. A single spectrum is (1, shift). ``shift`` ascends;
        its unit is that of the file, and cm-1 where the file states none. ``attrs["layout"]`` states in words
        what the file was taken for, ``attrs["header"]`` keeps the settings that the instrument wrote, above
        or below the data, as JSON. A map that lacks some positions has NaN there, and so have intensities
        that the file marks as missing (NA).

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ImportError
        When the format needs ``pip install "strain2dos[io]"``, or a file above `memory_limit`
        ``"strain2dos[dask]"``.
    OSError
        When the temporary folder has too little space for spectra above `memory_limit`.
    ValueError
        When the layout is unknown, the file is a table of strains, of fitted lines, of densities of states or
        an image of one quantity instead of spectra, it shows data of another file or unpacks to over a
        hundred times its size, or it is empty, damaged, ragged, not numeric, ambiguous about its commas, or
        its axis not monotonic. The message names the file and, for text, line and column.

    Warns
    -----
    UserWarning
        When spectra are missing at the end of a map: the scan was stopped or the file cut off. They are NaN,
        and the warning counts them. A cut single spectrum is an error, and so is damage anywhere else.
        When positions of a map miss its grid by up to a quarter of a step: they are moved onto it. When a
        position is doubled (one per hundred spectra, at least one): the spectrum goes to the missing point
        between its neighbors in the scan, or is left out. When neighbors on the axis are equal because the
        file rounds it: they are spread. Each warning counts.

    Notes
    -----
    LabSpec writes the coordinates of a map without naming the columns. They are read slowest first, as y then
    x. A text file that was cut exactly between two lines, or within its very last number, cannot be
    distinguished from a whole one.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from strain2dos.io import read_raman
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "spectrum.txt"
    >>> _ = path.write_text("386.0 20\n385.0 90\n384.0 30\n")
    >>> spectrum = read_raman(path)
    >>> spectrum.dims, spectrum["shift"].values
    (('n', 'shift'), array([384., 385., 386.]))
    """
    source = Path(path)
    limit = limit_of(memory_limit)
    if is_url(path):
        return read_zarr(source, limit=limit, storage_options=storage_options)
    if source.is_dir():
        return read_zarr(source, limit=limit)
    if not source.is_file():
        raise FileNotFoundError(
            f"{source} is absent; give the path of a spectrum or map (relative paths start at {Path.cwd()})."
        )
    with source.open("rb") as file:
        start = file.read(512)
    if not start:
        raise ValueError(f"{source} is empty; export it again.")
    if start.startswith(b"version https://git-lfs"):
        raise ValueError(f"{source} is a pointer of Git LFS in place of the file; fetch it by git lfs pull.")
    for magic, packer in _PACKED.items():
        if start.startswith(magic):
            raise ValueError(f"{source} is packed with {packer}; only gzip is read, so unpack it first.")
    if start.startswith((_HDF5, _NETCDF3)):
        return read_netcdf(source, hdf5=start.startswith(_HDF5), limit=limit)
    if start.startswith(_RENISHAW) or source.suffix.lower() == ".wdf":
        return read_wdf(source, limit=limit)
    if source.suffix.lower() == ".spc":
        return read_spc(source, limit=limit)
    if source.suffix.lower() in (".xml", ".tvf") or start.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<?xml"):
        return read_xml(source, limit=limit)
    return read_text(source, compressed=start.startswith(_GZIP), limit=limit)
