# SPDX-License-Identifier: BSD-3-Clause
"""WITec TrueMatch: one block of settings and one of numbers for each particle."""

from __future__ import annotations

import re

import numpy as np
import xarray as xr

from strain2dos.io._common.array import SpectraBuilder
from strain2dos.io._text.lines import Source, is_number
from strain2dos.io._text.logs import entry

_FIRST = "[WITEC_TRUEMATCH_ASCII_HEADER]"
#: Settings that belong to the file, not to one spectrum.
_SHARED = ("Version", "ExcitationWavelength", "XDataKind")


def is_truematch(line: str) -> bool:
    """Whether a file that starts with this line is a TrueMatch export."""
    return line.strip().upper() == _FIRST


def read_truematch(source: Source, limit: int) -> xr.DataArray:
    """Read all spectra; what is measured of each particle becomes a coordinate along n.

    Parameters
    ----------
    source : Source
        The file.
    limit : int
        Bytes of spectra that may be held in memory; those of this format are always.

    Raises
    ------
    ValueError
        When spectra do not share one axis, are shorter than stated, or hold something else than numbers.
    """
    abouts, points = _blocks(source)
    for about, rows in zip(abouts, points, strict=True):
        stated = about.get("SpectrumSize", str(len(rows)))
        if len(rows) < 2 or str(len(rows)) != stated:
            raise ValueError(
                f"{source.path}: spectrum {about.get('Title', '')!r} has {len(rows)} of its {stated} points; "
                "was the file cut off? Copy it again."
            )
    spectra = [np.array(rows) for rows in points]
    if not spectra:
        raise ValueError(f"{source.path} holds no spectrum: no [SpectrumData]; export it again.")
    axis = spectra[0][:, 0]
    for about, one in zip(abouts, spectra, strict=True):
        if not np.array_equal(one[:, 0], axis):
            raise ValueError(
                f"{source.path}: spectrum {about.get('Title', '')!r} has another axis than the first one; "
                "export spectra of one calibration together."
            )
    header: dict[str, object] = {key: abouts[0][key] for key in _SHARED if key in abouts[0]}
    header["titles"] = "; ".join(about.get("Title", "") for about in abouts)
    shared = set.intersection(*(set(about) for about in abouts)) - {*_SHARED, "SpectrumSize", "Title"}
    positions = {
        key.lower().replace(" ", "_"): np.array([float(about[key]) for about in abouts])
        for key in abouts[0]
        if key in shared and all(is_number(about[key]) for about in abouts)
    }
    units = {"shift": abouts[0].get("XDataKind", "unknown")}
    size = 8 * len(spectra) * axis.size
    builder = SpectraBuilder(
        source.path, axis, len(spectra), max(limit, size), positions, units, header, "WITec TrueMatch text"
    )
    builder.add(slice(None), np.array([one[:, 1] for one in spectra]))
    return builder.result()


def _blocks(source: Source) -> tuple[list[dict[str, str]], list[list[list[float]]]]:
    """Settings and rows of numbers of each spectrum."""
    abouts: list[dict[str, str]] = []
    points: list[list[list[float]]] = []
    shared: dict[str, str] = {}
    section = ""
    source.delimiter = "\t"
    for number, written in source.raw_lines():
        # numbers stand between tabs, so that a comma is a decimal sign
        line = re.sub(r"(?<=\d),(?=\d)", ".", written)
        text = line.strip()
        if text.startswith("["):
            section = text.strip("[]").lower()
            if section == "spectrumheader":
                abouts.append(dict(shared))
                points.append([])
        elif text and section == "spectrumdata" and points:
            cells = source.cells(line, 2)
            if len(cells) != 2:
                raise ValueError(
                    f"{source.path}, line {number}: {len(cells)} columns instead of 2; repair it."
                )
            points[-1].append(source.numbers(number, line, cells).tolist())
        elif found := entry(line):
            (abouts[-1] if abouts else shared).setdefault(*found)
    return abouts, points
