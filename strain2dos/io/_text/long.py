# SPDX-License-Identifier: BSD-3-Clause
"""Text with one point per row: position, shift, intensity, as WiRE exports maps."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field

import numpy as np
import xarray as xr

from strain2dos.io._common.array import SpectraBuilder
from strain2dos.io._common.memory import warn_caller
from strain2dos.io._text.commas import Commas
from strain2dos.io._text.lines import Source
from strain2dos.io._text.rows import bare_header, units_of

#: Names of the spectral axis.
SPECTRAL = {"wave", "wavenumber", "shift", "raman shift", "raman_shift", "ramanshift", "wavelength",
    "lambda", "energy", "photon energy"}  # fmt: skip


def read_long(source: Source, skip: int, names: list[str], limit: int) -> xr.DataArray:
    """Read rows of positions, shift and intensity; the points of a spectrum stand together.

    Parameters
    ----------
    source : Source
        The file and its delimiter.
    skip : int
        Lines above the numbers.
    names : list of str
        What the columns are; the last two are shift and intensity.
    limit : int
        Bytes of spectra that may be held in memory.

    Raises
    ------
    ValueError
        When a row is faulty, or the spectra do not share one axis.

    Warns
    -----
    UserWarning
        When the last spectrum is cut off; it is NaN.
    """
    if names[-2] not in SPECTRAL:
        raise ValueError(
            f"{source.path}: columns {', '.join(names)}; the last two must be shift and intensity, after the "
            f"positions."
        )
    if len(set(names)) < len(names) or "" in names:
        raise ValueError(f"{source.path}: columns {', '.join(names)}; each needs a name of its own.")
    survey = _Survey(source, names[:-2])
    survey.run(skip)
    m, count = len(survey.axis), len(survey.places[0])
    positions = {
        name: np.array(place) for name, place in zip(survey.where, survey.places, strict=True) if name != "n"
    }
    units = units_of(source.header)
    axis = np.array([source.number(0, cell, [cell], 0) for cell in survey.axis])
    layout = source.layout(f"one point per row: {', '.join(names)}")
    builder = SpectraBuilder(
        source.path, axis, count, limit, positions, units, bare_header(source.header), layout
    )
    values, k = np.full(m, np.nan), 0
    for number, line in source.lines(skip, "reading"):
        if k == survey.whole * m:
            break
        cells = source.cells(line, len(names))
        values[k % m] = source.numbers(number, line, cells, len(names) - 1)[0]
        k += 1
        if k % m == 0:
            builder.add(k // m - 1, values)
    if k < survey.whole * m:
        raise ValueError(f"{source.path} changes while it is read; wait until it is written.")
    if survey.whole < count:
        builder.add(count - 1, np.full(m, np.nan))
    return builder.result()


@dataclass
class _Survey:
    """Pass over the rows: axis as written, positions, and how many spectra are whole."""

    source: Source
    where: list[str]
    places: list[array[float]] = field(default_factory=list)
    axis: list[str] = field(default_factory=list)
    whole: int = 0
    _points: int = 0
    _place: list[str] | None = None

    def run(self, skip: int) -> None:
        """Read all but the intensities."""
        source, width = self.source, len(self.where) + 2
        self.places = [array("d") for _ in self.where]
        commas, broken = Commas(source), None
        for number, line in source.lines(skip, "looking through"):
            if broken is not None:
                raise ValueError(
                    f"{source.path}, line {broken[0]}: {broken[1]} columns instead of {width}; repair "
                    f"that line."
                )
            commas.see(number, line)
            cells = source.cells(line, width)
            if len(cells) == width:
                self._row(number, line, cells)
            else:
                broken = (number, len(cells))
        commas.decide()
        self._end(broken[0] if broken else None)

    def _row(self, number: int, line: str, cells: list[str]) -> None:
        shift = cells[-2]
        if cells[:-2] != self._place or (self._points > 1 and shift == self.axis[0]):
            if self._place is not None:
                self._close(number)
            self._place, self._points = cells[:-2], 0
            for column, place in enumerate(self.places):
                place.append(self.source.number(number, line, cells, column))
        if not self.whole:
            self.source.number(number, line, cells, len(cells) - 2)
            self.axis.append(shift)
        elif self._points >= len(self.axis):
            self._close(number + 1)
        elif shift != self.axis[self._points]:
            expected = self.axis[self._points]
            if self.source.number(number, line, cells, len(cells) - 2) != self.source.number(
                0, "", [expected], 0
            ):
                raise ValueError(
                    f"{self.source.path}, line {number}: shift {shift.strip()[:40]}, but the first spectrum "
                    f"has {expected.strip()[:40]} as point {self._points + 1}; all spectra must share one "
                    "axis."
                )
        self._points += 1

    def _close(self, number: int) -> None:
        """End a spectrum; the first one sets the axis."""
        if self._points < 2 or (self.whole and self._points != len(self.axis)):
            expected = f" instead of {len(self.axis)}" if self.whole else ""
            raise ValueError(
                f"{self.source.path}: the spectrum above line {number} has {self._points} points{expected}; "
                "the points of each spectrum must stand together, all on one axis."
            )
        self.whole += 1

    def _end(self, broken: int | None) -> None:
        whole = self._points == len(self.axis) and (self.whole or broken is None)
        if self._points < 2 and not self.whole:
            raise ValueError(f"{self.source.path}: a spectrum of one point; was the file cut off?")
        if not whole and not self.whole:
            raise ValueError(
                f"{self.source.path}, line {broken}: the file was cut off in its first spectrum."
            )
        self.whole += bool(whole)
        if not whole:
            warn_caller(
                f"{self.source.path.name} ends within a spectrum, after {self._points} of {len(self.axis)} "
                "points, so 1 spectrum is incomplete and all NaN; copy it again."
            )
        elif broken is not None:
            warn_caller(
                f"{self.source.path.name} ends within line {broken}, so 1 spectrum is incomplete and is left "
                "out; copy it again."
            )
