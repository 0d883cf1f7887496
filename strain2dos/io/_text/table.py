# SPDX-License-Identifier: BSD-3-Clause
"""Text layouts: two columns, LabSpec exports, tables with positions, one row per point."""

from __future__ import annotations

import itertools
from pathlib import Path

import xarray as xr

from strain2dos.io._common.memory import warn_caller
from strain2dos.io._text.bwtek import columns_of, read_bwtek
from strain2dos.io._text.form import form_of
from strain2dos.io._text.jcamp import is_jcamp, read_jcamp
from strain2dos.io._text.lines import Source
from strain2dos.io._text.long import read_long
from strain2dos.io._text.preamble import opening, skip_preamble
from strain2dos.io._text.rows import read_columns, read_table
from strain2dos.io._text.sites import read_sites
from strain2dos.io._text.truematch import is_truematch, read_truematch
from strain2dos.io._text.wide import read_wide

#: Where instruments state the number of points of a spectrum.
_SIZES = {"NPOINTS", "SizeGraph", "Number of Pixels in Spectrum", "Number of Pixels in Processed Spectrum"}


def read_text(path: Path, *, compressed: bool = False, limit: int) -> xr.DataArray:
    """Read a text file in any of the known layouts.

    The file is parsed twice, line by line: first the positions, then each spectrum into its place, so that
    the text is never whole in memory.

    Parameters
    ----------
    path : Path
        The file.
    compressed : bool, default=False
        Whether it is gzip-compressed.
    limit : int
        Bytes of spectra above which they go to a memory-mapped temporary file.

    Raises
    ------
    ValueError
        When the layout is unknown or the content faulty.
    """
    source = Source(path, compressed)
    array = _read(source, limit)
    if source.missing:
        warn_caller(f"{path.name}: {source.missing} intensities are missing (NA) and NaN.")
    return array


def _read(source: Source, limit: int) -> xr.DataArray:
    """Read by the first layout that the first lines show."""
    lines = opening(source)
    first = next((line for _, line in lines if line.strip()), "")
    if is_jcamp(first):
        return read_jcamp(source, limit)
    if is_truematch(first):
        return read_truematch(source, limit)
    if (named := columns_of(lines)) is not None:
        return read_bwtek(source, lines, named, limit)
    source.wrote = skip_preamble(source, lines)
    array = _by_form(source, limit)
    _check_size(source, array)
    return array


def _by_form(source: Source, limit: int) -> xr.DataArray:
    """Read numbers by the rows and columns that they stand in."""
    path = source.path
    head = list(itertools.islice(source.lines(), 4))
    if any("\x00" in line for _, line in head):
        raise ValueError(
            f"{path} is a binary file of unknown format, or UTF-16 text; text in UTF-8 or Latin-1, NetCDF, "
            "Zarr, .wdf, .xml and .spc are read. Export it as text from the instrument's software."
        )
    if not head:
        raise ValueError(f"{path} holds no spectrum: no line of numbers; export it again.")
    form = form_of(source, head)
    if form.layout == "columns":
        return read_columns(source, form.skip, limit)
    if form.layout == "long":
        return read_long(source, form.skip, list(form.names), limit)
    if form.layout == "sites":
        return read_sites(source, form.skip, form.width, limit)
    if form.layout == "wide":
        layout = source.layout("axis in the first column, one spectrum in each of the others")
        return read_wide(source, form.skip, form.width, list(form.names), limit, layout)
    return read_table(source, form.skip, form.leading, form.width, limit)


def _check_size(source: Source, array: xr.DataArray) -> None:
    """Refuse a spectrum that is shorter or longer than the instrument's header states."""
    if not source.wrote:
        return
    for key, stated in source.header.items():
        if key in _SIZES and stated.isdecimal() and int(stated) != array.sizes["shift"]:
            raise ValueError(
                f"{source.path} holds {array.sizes['shift']} of its {stated} points; was it cut off? Copy it "
                "again."
            )
