# SPDX-License-Identifier: BSD-3-Clause
"""How synthetic spectra are measured: from strain, phonons and doping to noisy counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.datasets._raman.line_positions import (
    Calibration,
    PhononSource,
    line_positions,
    position_provenance,
)
from strain2dos.datasets._raman.line_shapes import line_shapes
from strain2dos.datasets._raman.variation import Drawn
from strain2dos.simulate._raman.effects import SpectrumEffects
from strain2dos.simulate._raman.spectra import simulate_spectra

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Measurement:
    """Conditions under which spectra are taken; `make_raman_dos` describes each of them."""

    counts: tuple[float, float]
    doping: float
    cosmic_rays: float
    phonons: PhononSource
    calibration: Calibration
    temperature: float
    instrument_fwhm: float
    polarization: tuple[float, float] | None
    effects: SpectrumEffects | None = None
    material: str = "MoS2"

    def spectra(
        self,
        axis: Array,
        strain: Array,
        calculated: Array | None,
        density: Array,
        quantiles: Array,
        rng: np.random.RandomState,
        drawn: Drawn | None = None,
    ) -> tuple[Array, Array]:
        """Return true line positions and noisy spectra.

        Parameters
        ----------
        axis : ndarray of shape (n_shift,)
            Raman shift in cm-1.
        strain : ndarray of shape (n, 3)
            [exx, eyy, exy] as fractions.
        calculated : ndarray of shape (n, 3) or None
            Phonons [E'-, E'+, A1'] in cm-1 on the scale of the records.
        density : ndarray of shape (n,)
            Electron density in 1e13/cm2.
        quantiles : ndarray of shape (6, n)
            Where widths, heights and background of each spectrum lie in their ranges, from 0 to 1.
        rng : RandomState
            Source of the noise.
        drawn : Drawn, optional
            In what the samples differ besides.

        Returns
        -------
        lines : ndarray of shape (n, 3)
            [E'-, E'+, A1'] in cm-1.
        spectra : ndarray of shape (n, n_shift)
            Counts.
        """
        lines = line_positions(
            strain,
            calculated,
            doping=density,
            temperature=self.temperature + (0.0 if drawn is None else drawn.warmer),
            phonons=self.phonons,
            calibration=self.calibration,
            material=self.material,
        )
        shapes = line_shapes(quantiles, self.counts)
        if drawn is None:
            return lines, self._simulated(lines, axis, shapes, strain, self.effects, rng)
        lines = lines + drawn.moved
        shapes["fwhm"] = shapes["fwhm"] * drawn.widening
        spectra = np.empty((len(lines), axis.size))
        for alike in (False, True):
            rows = np.flatnonzero(drawn.smoothed == alike)
            if rows.size:
                part = {name: values[rows] for name, values in shapes.items()}
                effects = drawn.effects(rows, axis)
                spectra[rows] = self._simulated(lines[rows], axis, part, strain[rows], effects, rng)
        return lines, spectra

    def _simulated(
        self,
        lines: Array,
        axis: Array,
        shapes: dict[str, Array],
        strain: Array,
        effects: SpectrumEffects | None,
        rng: np.random.RandomState,
    ) -> Array:
        return simulate_spectra(
            lines,
            axis,
            fwhm=shapes["fwhm"],
            height=shapes["height"],
            baseline=shapes["baseline"],
            instrument_fwhm=self.instrument_fwhm,
            polarization=self.polarization,
            strain=strain,
            cosmic_rays=self.cosmic_rays,
            effects=effects,
            random_state=rng,
        )

    def provenance(self) -> dict[str, Any]:
        """Every constant of the measurement, by name and unit."""
        return (
            {
                "counts": self.counts,
                "doping_std": self.doping,
                "cosmic_rays": self.cosmic_rays,
                "instrument_fwhm_cm-1": self.instrument_fwhm,
                "polarization_rad": self.polarization,
            }
            | self._effects()
            | position_provenance(self.phonons, self.calibration, self.temperature, self.material)
        )

    def _effects(self) -> dict[str, Any]:
        stated = {} if self.effects is None else self.effects.provenance()
        return {f"effect {name}": value for name, value in stated.items()}
