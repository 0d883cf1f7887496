# SPDX-License-Identifier: BSD-3-Clause
"""Pairs of Raman spectrum and DOS from the first-principles records."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from strain2dos._renamed import renamed_parameters
from strain2dos.datasets._bundled.dft import load_dft, states_for_a_model
from strain2dos.datasets._raman.line_positions import Calibration, PhononSource
from strain2dos.datasets._raman.line_shapes import independent_quantiles
from strain2dos.datasets._raman.measurement import Measurement
from strain2dos.datasets._raman.variation import SampleVariation, draw
from strain2dos.datasets._strained import StrainedDOS, edge_table
from strain2dos.raman._features.units import axis_of
from strain2dos.raman._materials.lookup import material_modes
from strain2dos.simulate._raman.phonons import ROOM_TEMPERATURE

#: Default axis in cm-1: holds E' and A1' of every bundled state, at the pixel of a 1800 lines/mm grating.
DEFAULT_SHIFT = np.round(np.arange(330.0, 440.0, 0.6), 6)


@dataclass(frozen=True, eq=False, repr=False)
class RamanDOS:
    """Spectra and the DOS that belongs to each of them.

    Parameters
    ----------
    spectra : ndarray of shape (n, n_shift)
        Counts.
    shift : ndarray of shape (n_shift,)
        Raman shift in cm-1.
    energies : ndarray of shape (n_energies,)
        eV against the vacuum level.
    dos : ndarray of shape (n, n_energies)
        States/eV/cell.
    vbm, cbm, gap : ndarray of shape (n,)
        Band edges in eV, from eigenvalues.
    strain : ndarray of shape (n, 3)
        [exx, eyy, exy] as fractions.
    phonons : ndarray of shape (n, 3)
        True line positions [E'-, E'+, A1'] in cm-1, shifts by doping and temperature included.
    doping : ndarray of shape (n,)
        Electron density in 1e13/cm2.
    groups : ndarray of shape (n,)
        Strain state of each spectrum: cross-validate with these, or copies of one curve land on both sides.
    name : list of str
        Name of each spectrum's strain state.
    provenance : dict
        Every constant of the simulation.
    valleys : DataFrame, optional
        Energies in eV of the valleys that the edges are made of, one row per spectrum, as
        `StrainedDOS.valleys`; None where the strain states have none.
    """

    spectra: NDArray[np.float64]
    shift: NDArray[np.float64]
    energies: NDArray[np.float64]
    dos: NDArray[np.float64]
    vbm: NDArray[np.float64]
    cbm: NDArray[np.float64]
    gap: NDArray[np.float64]
    strain: NDArray[np.float64]
    phonons: NDArray[np.float64]
    doping: NDArray[np.float64]
    groups: NDArray[np.intp]
    name: list[str]
    provenance: dict[str, object] = field(default_factory=dict)
    valleys: pd.DataFrame | None = None

    def __len__(self) -> int:
        return len(self.spectra)

    def __repr__(self) -> str:
        return (
            f"RamanDOS({len(self)} spectra of {np.unique(self.groups).size} strain states, {self.shift.size} "
            f"points {self.shift[0]:g}..{self.shift[-1]:g} cm-1, {self.energies.size} energies)"
        )

    @property
    def edges(self) -> NDArray[np.float64]:
        """Valence and conduction band edges, shape (n, 2) in eV."""
        return np.column_stack([self.vbm, self.cbm])

    @property
    def edge_targets(self) -> pd.DataFrame:
        """What `DOSRegressor.fit` takes best as ``edges``: `valleys` where known, else `edges`.

        A table in eV with one row per spectrum, as `StrainedDOS.edge_targets`.

        Examples
        --------
        >>> from strain2dos.datasets import make_raman_dos
        >>> make_raman_dos(32, random_state=0).edge_targets.shape
        (32, 5)
        """
        return edge_table(self.valleys, self.edges, self.name)


@renamed_parameters(polarisation="polarization")
def make_raman_dos(
    n_samples: int = 320,
    material: str = "MoS2",
    *,
    shift: ArrayLike | None = None,
    counts: tuple[float, float] = (1500.0, 12000.0),
    doping: float = 0.5,
    cosmic_rays: float = 0.0,
    phonons: PhononSource = "grueneisen",
    calibration: Calibration = "rates",
    temperature: float = ROOM_TEMPERATURE,
    instrument_fwhm: float = 0.0,
    polarization: tuple[float, float] | None = None,
    variation: SampleVariation | None = None,
    data: StrainedDOS | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> RamanDOS:
    """Noisy Raman spectra paired with first-principles DOS, to train and test a whole pipeline.

    Every strain state gives several spectra. Their lines sit at the calculated phonons, calibrated to the
    measured unstrained lines, or follow from the strain through Grueneisen parameters; a random doping and
    the temperature shift them. Widths, heights and background vary from spectrum to spectrum within what is
    usual at room temperature, and so do the unstrained positions, the temperature, defects and the smoothing
    of the noise (``variation``): what a model has not seen varying lies outside of its domain. None of these
    changes the DOS curve.

    Parameters
    ----------
    n_samples : int, default=320
        Number of spectra; strain states are taken in turn.
    material : str, default="MoS2"
        The layer. Only of MoS2 all rates with strain and doping are measured, as the defaults need them; the
        others take ``phonons="dft", calibration="offset", doping=0.0``, and a model trained so takes a shift
        by doping for strain. Of MoSe2 and WSe2 no rate with temperature is known either: they take
        ``variation=SampleVariation(temperature=0.0)`` too. Materials with fewer than eight bundled states are
        refused.
    shift : array-like of shape (n_shift,), optional
        Raman axis in cm-1 in steps of 0.6 that holds the lines when left out (330 to 440 for MoS2, 318 to 440
        for WS2).
    counts : tuple of float, default=(1500.0, 12000.0)
        Range of peak heights (drawn log-uniform). With shot noise this is a peak signal-to-noise ratio of 30
        to 100.
    doping : float, default=0.5
        Standard deviation of the electron density in 1e13/cm2. Give it the size it has in the samples to be
        mapped: intervals cover only what varied in training.
    cosmic_rays : float, default=0.0
        Probability that a spectrum carries a spike.
    phonons : {"grueneisen", "dft"}, default="grueneisen"
        Line positions from the strain through the measured rates and shear potential of the table of lines
        (:func:`strain2dos.simulate.strained_phonons`), by which :class:`~strain2dos.StrainDopingSeparator`
        reads them too, or from the calculated phonons.
    calibration : {"rates", "offset", "scale"}, default="rates"
        How calculated phonons are moved to the measured lines, from which PBE lines lie 12 (E') and 6 cm-1
        (A1') away (:func:`strain2dos.simulate.calibrate_phonons`). "rates": by one constant per mode, and
        their linear response to strain becomes the measured one; only the curvature is calculated. "offset":
        by one constant per mode, with the calculated rates. "scale": by one factor per mode. With the last
        two, the provenance states how strain then reads with the default coefficients.
    temperature : float, default=295.0
        Temperature in kelvin. It shifts the lines alone: widths, band edges and DOS stay.
    instrument_fwhm : float, default=0.0
        Full width at half maximum of the spectrometer's Gaussian response in cm-1; lines become Voigt lines.
    polarization : tuple of float, optional
        Angles of the incident and the scattered electric field against x (zigzag) in radians; left out: no
        analyzer.
    variation : SampleVariation, optional
        How far samples and instruments differ; by default as far as reported for natural monolayers.
        ``SampleVariation((0, 0), 0, 0, 0)`` keeps everything but strain, doping and line shapes the same: the
        error of a model trained so is that for perfectly calibrated samples without defects.
    data : StrainedDOS, optional
        Strain states with phonons on the scale of the bundled set, which is used when left out. With
        ``phonons="grueneisen"`` they need none.
    random_state : int, RandomState or None, default=None
        Seed: the same seed gives the same spectra bit for bit.

    Returns
    -------
    RamanDOS
        Spectra with their DOS, band edges, strain, true lines, and groups for cross-validation.

    Raises
    ------
    ValueError
        For an unknown material, phonon source or calibration, no samples, data without phonons, or a rate of
        the material that is not in the table of lines.

    References
    ----------
    Line positions: C. Lee et al., ACS Nano 4, 2695 (2010). Doping: B. Chakraborty et al., Phys. Rev. B 85,
    161403 (2012). Temperature: S. Sahoo et al., J. Phys. Chem. C 117, 9042 (2013).

    Examples
    --------
    >>> from strain2dos.datasets import make_raman_dos
    >>> data = make_raman_dos(32, random_state=0)
    >>> data
    RamanDOS(32 spectra of ... strain states, 184 points 330..439.8 cm-1, 651 energies)
    >>> data.spectra.shape, data.dos.shape
    ((32, 184), (32, 651))
    """
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, but is {n_samples}.")
    states = states_for_a_model(load_dft(material)) if data is None else data
    varied = SampleVariation() if variation is None else variation
    if varied.defects and material != "MoS2":
        raise ValueError(f"bands of defects are known of MoS2 only, but defects is {varied.defects}.")
    rng = check_random_state(random_state)
    rows = np.arange(n_samples) % len(states)
    chosen = states.subset(rows)
    axis = default_shift(material) if shift is None else np.asarray(axis_of(shift), dtype=np.float64)
    density = rng.normal(0.0, doping, n_samples)
    measurement = Measurement(
        counts, doping, cosmic_rays, phonons, calibration, temperature, instrument_fwhm, polarization,
        material=material,
    )  # fmt: skip
    lines, spectra = measurement.spectra(
        axis,
        chosen.strain,
        chosen.phonons,
        density,
        independent_quantiles(n_samples, rng),
        rng,
        draw(varied, n_samples, rng),
    )
    edges = {key: getattr(chosen, key) for key in ("vbm", "cbm", "gap")}
    return RamanDOS(
        spectra=spectra,
        shift=axis,
        energies=states.energies,
        dos=chosen.dos,
        **edges,
        strain=chosen.strain,
        phonons=lines,
        doping=density,
        groups=states.groups[rows],
        name=chosen.name,
        valleys=None if states.valleys is None else states.valleys.iloc[rows],
        provenance={"states": states.provenance} | measurement.provenance() | varied.provenance(),
    )


def default_shift(material: str) -> NDArray[np.float64]:
    """Axis that holds the windows of E' and A1' of a material, also where one is too weak to be sought."""
    if material == "MoS2":
        return DEFAULT_SHIFT.copy()
    modes = material_modes(material, optional=True)
    windows = np.array([mode.window for mode in modes if {"E'", "A1'"} & set(mode.name.split("+"))])
    axis: NDArray[np.float64] = np.arange(windows.min(), windows.max() + 10.0, 0.6, dtype=np.float64)
    return axis.round(6)
