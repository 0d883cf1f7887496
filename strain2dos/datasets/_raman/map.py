# SPDX-License-Identifier: BSD-3-Clause
"""A Raman map of a strained flake whose strain, band edges and photoluminescence are known."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import gaussian_filter
from sklearn.utils import check_random_state

from strain2dos._renamed import renamed_parameters
from strain2dos.datasets._raman.dos import DEFAULT_SHIFT
from strain2dos.datasets._raman.interpolation import interpolate_states
from strain2dos.datasets._raman.line_positions import (
    EXCITON_UNSTRAINED,
    Calibration,
    PhononSource,
    exciton_offset,
    only_mos2,
)
from strain2dos.datasets._raman.line_shapes import smooth_quantiles
from strain2dos.datasets._raman.measurement import Measurement
from strain2dos.datasets._raman.scenes import Scene, flake_outline, stretched_membrane
from strain2dos.raman._features.units import axis_of
from strain2dos.simulate._films.wrinkle import random_strain_field
from strain2dos.simulate._raman.effects import SpectrumEffects
from strain2dos.simulate._raman.phonons import ROOM_TEMPERATURE

_LONG_NAMES = {
    "exx": ("strain along x (zigzag)", "1"),
    "eyy": ("strain along y (armchair)", "1"),
    "exy": ("tensor shear strain", "1"),
    "height": ("out-of-plane position", "um"),
    "doping": ("electron density", "1e13 cm-2"),
    "vbm": ("true valence band maximum", "eV"),
    "cbm": ("true conduction band minimum", "eV"),
    "gap": ("true band gap", "eV"),
    "gap_direct": ("true gap at K", "eV"),
    "pl_energy": ("photoluminescence energy (A exciton)", "eV"),
}


@renamed_parameters(polarisation="polarization")
def make_raman_map(
    shape: tuple[int, int] = (33, 33),
    *,
    material: str = "MoS2",
    scene: Scene = "wrinkle",
    shift: ArrayLike | None = None,
    step: float = 0.5,
    max_strain: float = 0.025,
    random_strain: float = 0.001,
    counts: tuple[float, float] = (3000.0, 6000.0),
    doping: float = 0.05,
    cosmic_rays: float = 0.01,
    n_dead: int = 4,
    pl_noise: float = 0.002,
    phonons: PhononSource = "grueneisen",
    calibration: Calibration = "rates",
    temperature: float = ROOM_TEMPERATURE,
    instrument_fwhm: float = 0.0,
    polarization: tuple[float, float] | None = None,
    effects: SpectrumEffects | None = None,
    random_state: int | np.random.RandomState | None = None,
) -> xr.Dataset:
    """Raman map of a synthetic strained flake with known strain, band edges and photoluminescence.

    A flake lies on a substrate that shows at its margin. A wrinkle or a bubble stretches it as a membrane, or
    a random field strains it in the plane. A weaker random field adds to that, some spectra carry cosmic rays
    and a few pixels are dead; line widths, heights and background vary smoothly over the map. Band edges and
    phonons follow from the strain through the bundled first-principles states: valley energies are
    interpolated one by one (cubic radial basis functions in the strain invariants), so that the kinks of VBM
    and CBM survive.

    Parameters
    ----------
    shape : tuple of int, default=(33, 33)
        Number of pixels (y, x).
    material : str, default="MoS2"
        Only of MoS2 all rates with strain and doping are measured.
    scene : {"wrinkle", "bubble", "random"}, default="wrinkle"
        One sinuous wrinkle (:func:`strain2dos.simulate.wrinkle_strain`), one circular bubble
        (:func:`strain2dos.simulate.bubble_strain`), or a flat film with smooth strain of either sign
        (:func:`strain2dos.simulate.random_strain_field`).
    shift : array-like of shape (n_shift,), optional
        Raman axis in cm-1; 330 to 440 in steps of 0.6 when left out.
    step : float, default=0.5
        Pixel distance in um.
    max_strain : float, default=0.025
        Largest principal strain of the scene, before the weaker random field: across the wrinkle on its
        flanks, in every direction at the apex of the bubble, of either sign in the random scene. At most
        0.04, in the random scene 0.025: there the bundled states end.
    random_strain : float, default=0.001
        Root mean square of exx + eyy of the weaker random field.
    counts : tuple of float, default=(3000.0, 6000.0)
        Range of peak heights.
    doping : float, default=0.05
        Standard deviation, over the map, of the smoothly varying electron density in 1e13/cm2.
    cosmic_rays : float, default=0.01
        Probability that a spectrum carries a spike.
    n_dead : int, default=4
        Number of dead pixels, in turn all zero and all NaN.
    pl_noise : float, default=0.002
        Standard deviation of the photoluminescence energy in eV.
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
        Temperature in kelvin. It shifts the lines alone: widths, band edges and photoluminescence stay.
    instrument_fwhm : float, default=0.0
        Full width at half maximum of the spectrometer's Gaussian response in cm-1; lines become Voigt lines.
    polarization : tuple of float, optional
        Angles of the incident and the scattered electric field against x (zigzag) in radians; left out: no
        analyzer.
    effects : SpectrumEffects, optional
        What measured spectra show besides: bands of defects and substrates, foreign lines, steps, fringes, an
        axis that drifts, noise that neighboring points share. Arrays in it have one value per pixel.
    random_state : int, RandomState or None, default=None
        Seed: the same seed gives the same map bit for bit.

    Returns
    -------
    xarray.Dataset
        ``intensity`` (y, x, shift); truth ``exx``, ``eyy``, ``exy``, ``height``, ``doping``, ``vbm``,
        ``cbm``, ``gap``, ``gap_direct`` and the noisy ``pl_energy``, all (y, x) and NaN off the flake; masks
        ``flake`` and ``dead``. The photoluminescence energy is the gap at K plus a constant that puts the
        unstrained A exciton at 1.87 eV. Attributes state every parameter.

    Raises
    ------
    ValueError
        For an unknown material, scene, phonon source or calibration, a map smaller than 8 x 8, or a strain
        beyond the bundled states.

    References
    ----------
    Membrane strain: L. D. Landau, E. M. Lifshitz, Theory of Elasticity, section 14; bubble: K. Yue et al., J.
    Appl. Phys. 112, 083512 (2012). Exciton under strain: D. Lloyd et al., Nano Lett. 16, 5836 (2016).

    Examples
    --------
    >>> from strain2dos.datasets import make_raman_map
    >>> data = make_raman_map((12, 16), random_state=0)
    >>> data.intensity.dims, data.intensity.shape
    (('y', 'x', 'shift'), (12, 16, 184))
    >>> print(data.gap.attrs["units"], data["shift"].attrs["units"], data.x.attrs["units"])
    eV cm-1 um
    """
    only_mos2(material)
    _check(shape, scene, max_strain, n_dead)
    rng = check_random_state(random_state)
    axis: NDArray[np.float64] = (
        DEFAULT_SHIFT.copy() if shift is None else np.asarray(axis_of(shift), dtype=np.float64)
    )
    y, x = (step * np.arange(n, dtype=np.float64) for n in shape)
    flake = flake_outline(y, x)
    height, strain = stretched_membrane(scene, y, x, max_strain, rng)
    strain = strain + random_strain_field(shape, amplitude=random_strain, random_state=rng)
    strain[~flake], height[~flake] = np.nan, np.nan
    density = np.where(flake, _smooth_noise(shape, rng) * doping, np.nan)
    tensors = strain.reshape(-1, 3)
    state = interpolate_states(tensors)
    measurement = Measurement(
        counts, doping, cosmic_rays, phonons, calibration, temperature, instrument_fwhm, polarization,
        effects,
    )  # fmt: skip
    _, spectra = measurement.spectra(
        axis, tensors, state["phonons"], density.ravel(), smooth_quantiles(shape, rng), rng
    )
    dead = _kill_pixels(spectra, flake, n_dead, rng)
    truth = {key: state[key].reshape(shape) for key in ("vbm", "cbm", "gap", "gap_direct")}
    truth |= {"exx": strain[..., 0], "eyy": strain[..., 1], "exy": strain[..., 2]}
    truth |= {"height": height, "doping": density}
    truth["pl_energy"] = truth["gap_direct"] + exciton_offset() + rng.normal(0.0, pl_noise, shape)
    attrs: dict[str, object] = {
        "material": material,
        "scene": scene,
        "max_strain": max_strain,
        "random_strain": random_strain,
        "pl_noise": pl_noise,
        "n_dead": n_dead,
    } | measurement.provenance()
    # attributes of NetCDF cannot be None
    attrs["polarization_rad"] = "none" if polarization is None else list(polarization)
    return _dataset(spectra.reshape(*shape, -1), truth, {"flake": flake, "dead": dead}, (y, x, axis), attrs)


def _check(shape: tuple[int, int], scene: Scene, max_strain: float, n_dead: int) -> None:
    if len(shape) != 2 or min(shape) < 8:
        raise ValueError(f"shape must be (y, x) with at least 8 pixels each, but is {shape}.")
    # a random field also shears and compresses, which reaches the border of the states sooner
    limit = 0.025 if scene == "random" else 0.04
    if not 0 <= max_strain <= limit:
        raise ValueError(
            f"max_strain must lie between 0 and {limit} for the scene {scene!r}, where first-principles "
            f"states exist, but is {max_strain}; give it as a fraction (2.5 % is 0.025)."
        )
    if not 0 <= n_dead <= shape[0] * shape[1] // 4:
        raise ValueError(f"n_dead must lie between 0 and a quarter of the pixels, but is {n_dead}.")


def _smooth_noise(shape: tuple[int, int], rng: np.random.RandomState) -> NDArray[np.float64]:
    noise = gaussian_filter(rng.normal(size=shape), 4.0, mode="reflect")
    return noise / noise.std()


def _kill_pixels(
    spectra: NDArray[np.float64], flake: NDArray[np.bool_], n_dead: int, rng: np.random.RandomState
) -> NDArray[np.bool_]:
    chosen = rng.choice(np.flatnonzero(flake), n_dead, replace=False)
    spectra[chosen[::2]] = 0.0
    spectra[chosen[1::2]] = np.nan
    dead = np.zeros(flake.shape, dtype=bool)
    dead.flat[chosen] = True
    return dead


def _dataset(
    cube: NDArray[np.float64],
    truth: dict[str, NDArray[np.float64]],
    masks: dict[str, NDArray[np.bool_]],
    axes: tuple[NDArray[np.float64], ...],
    attrs: dict[str, object],
) -> xr.Dataset:
    y, x, shift = axes
    coords = {
        "y": ("y", y, {"units": "um", "long_name": "y"}),
        "x": ("x", x, {"units": "um", "long_name": "x"}),
        "shift": ("shift", shift, {"units": "cm-1", "long_name": "Raman shift"}),
    }
    variables: dict[str, tuple[object, ...]] = {
        "intensity": (("y", "x", "shift"), cube, {"units": "counts", "long_name": "Raman intensity"})
    }
    for key, (long_name, unit) in _LONG_NAMES.items():
        variables[key] = (("y", "x"), truth[key], {"units": unit, "long_name": long_name})
    variables |= {key: (("y", "x"), mask) for key, mask in masks.items()}
    constants = {
        "exciton_unstrained_eV": EXCITON_UNSTRAINED,
        "exciton_offset_eV": exciton_offset(),
        "energy_reference": "vacuum level",
        "interpolation": "valley energies, cubic radial basis functions in strain invariants",
    }
    return xr.Dataset(variables, coords, attrs=attrs | constants)
