# SPDX-License-Identifier: BSD-3-Clause
"""Pairs of Raman spectrum and DOS from the first-principles records."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state

from strain2dos.datasets._measured_scale import measured_phonons, only_mos2
from strain2dos.datasets._mos2_dft import load_mos2_dft
from strain2dos.datasets._strained import StrainedDOS
from strain2dos.simulate._raman import simulate_spectra

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
        True line positions [E'-, E'+, A1'] in cm-1, doping shift included.
    doping : ndarray of shape (n,)
        Electron density in 1e13/cm2.
    groups : ndarray of shape (n,)
        Strain state of each spectrum: cross-validate with these, or copies of one curve land on both sides.
    name : list of str
        Name of each spectrum's strain state.
    provenance : dict
        Every constant of the simulation.
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


def make_raman_dos(
    n_samples: int = 320,
    material: str = "MoS2",
    *,
    shift: ArrayLike | None = None,
    counts: tuple[float, float] = (1500.0, 12000.0),
    doping: float = 0.1,
    cosmic_rays: float = 0.0,
    data: StrainedDOS | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> RamanDOS:
    """Noisy Raman spectra paired with first-principles DOS, to train and test a whole pipeline.

    Every strain state gives several spectra. Their lines sit at the calculated phonons plus one constant per
    mode (measured minus calculated at zero strain), shifted by a random doping; widths, heights and
    background vary from spectrum to spectrum within what is usual at room temperature. Doping leaves the DOS
    curve as it is.

    Parameters
    ----------
    n_samples : int, default=320
        Number of spectra; strain states are taken in turn.
    material : str, default="MoS2"
        Only MoS2 has bundled records.
    shift : array-like of shape (n_shift,), optional
        Raman axis in cm-1; 330 to 440 in steps of 0.6 when left out.
    counts : tuple of float, default=(1500.0, 12000.0)
        Range of peak heights (drawn log-uniform). With shot noise this is a peak signal-to-noise ratio of 30
        to 100.
    doping : float, default=0.1
        Standard deviation of the electron density in 1e13/cm2.
    cosmic_rays : float, default=0.0
        Probability that a spectrum carries a spike.
    data : StrainedDOS, optional
        Strain states with phonons on the scale of the bundled set, which is used when left out.
    random_state : int, RandomState or None, default=None
        Seed: the same seed gives the same spectra bit for bit.

    Returns
    -------
    RamanDOS
        Spectra with their DOS, band edges, strain, true lines, and groups for cross-validation.

    Raises
    ------
    ValueError
        For an unknown material, no samples, or data without phonons.

    References
    ----------
    Line positions: C. Lee et al., ACS Nano 4, 2695 (2010). Doping: B. Chakraborty et al., Phys. Rev. B 85,
    161403 (2012).

    Examples
    --------
    >>> from strain2dos.datasets import make_raman_dos
    >>> data = make_raman_dos(32, random_state=0)
    >>> data
    RamanDOS(32 spectra of 16 strain states, 184 points 330..439.8 cm-1, 651 energies)
    >>> data.spectra.shape, data.dos.shape
    ((32, 184), (32, 651))
    """
    only_mos2(material)
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, but is {n_samples}.")
    states = load_mos2_dft() if data is None else data
    if states.phonons is None:
        raise ValueError("data must hold phonons to simulate spectra, but its phonons are None.")
    rng = check_random_state(random_state)
    rows = np.arange(n_samples) % len(states)
    chosen = states.subset(rows)
    axis = DEFAULT_SHIFT.copy() if shift is None else np.asarray(shift, dtype=np.float64)
    density = rng.normal(0.0, doping, n_samples)
    phonons = measured_phonons(chosen.phonons, density)
    spectra = simulate_spectra(
        phonons, axis, **draw_line_shapes(n_samples, counts, rng), cosmic_rays=cosmic_rays, random_state=rng
    )
    edges = {key: getattr(chosen, key) for key in ("vbm", "cbm", "gap")}
    return RamanDOS(
        spectra=spectra,
        shift=axis,
        energies=states.energies,
        dos=chosen.dos,
        **edges,
        strain=chosen.strain,
        phonons=phonons,
        doping=density,
        groups=states.groups[rows],
        name=chosen.name,
        provenance={
            "states": states.provenance,
            "counts": counts,
            "doping_std": doping,
            "cosmic_rays": cosmic_rays,
        },
    )


def draw_line_shapes(
    n: int, counts: tuple[float, float], rng: np.random.RandomState
) -> dict[str, NDArray[np.float64]]:
    """Widths (E' 2-3, A1' 4-5.5 cm-1), heights and background, as keywords of simulate_spectra."""
    low, high = counts
    if not 0 < low <= high:
        raise ValueError(f"counts must be a range of positive peak heights (low, high), but is {counts}.")
    scale = np.exp(rng.uniform(np.log(low), np.log(high), n))
    ratio = rng.uniform(0.9, 1.6, n)
    background = scale * rng.uniform(0.03, 0.15, n)
    return {
        "fwhm": np.column_stack([rng.uniform(2.0, 3.0, n), rng.uniform(4.0, 5.5, n)]),
        "height": np.column_stack([scale, ratio * scale]),
        "baseline": np.column_stack([background, background * rng.uniform(-0.004, 0.004, n)]),
    }
