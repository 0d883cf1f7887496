# SPDX-License-Identifier: BSD-3-Clause
"""From a file of spectra to the map of a flake, in one call."""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence

import numpy as np
import xarray as xr
from sklearn.pipeline import Pipeline

from strain2dos.mapping._flake.evaluate import FlakeEvaluator, flake_quantities, transitions
from strain2dos.mapping._flake.light import Light, add_light, read_light
from strain2dos.mapping._flake.positions import PositionErrors
from strain2dos.mapping._flake.prepared import Positions, PreparedFlake, prepare_flake
from strain2dos.mapping._flake.scissor import Scissor
from strain2dos.mapping._flake.shared import SharedError
from strain2dos.mapping._flake.strain import StrainLines
from strain2dos.mapping._flake.words import add_words
from strain2dos.mapping._pixels.blocks import map_in_memory, rows_per_chunk
from strain2dos.mapping._pixels.cube import align_columns, column_names
from strain2dos.mapping._pixels.evaluate import MOST_BYTES
from strain2dos.mapping._pixels.model import FittedModel
from strain2dos.mapping._sampling.common import SLOPES

# Errors of whole curves cost more than all else together; above so many pixels they are left out.
MOST_BANDS = 4096
# Chunks at work: while one fits its spectra, another finishes what takes one core.
_AT_ONCE = 2


def map_flake(
    source: xr.DataArray | str | os.PathLike[str],
    pl: Light | None = None,
    *,
    reference: str | None = None,
    unstrained: Positions | None = None,
    unstrained_region: tuple[float, float, float, float] | None = None,
    noise: str | None = None,
    lineshape: str | None = None,
    laser_nm: float | None = None,
    material: str = "MoS2",
    model: Pipeline | str | os.PathLike[str] | None = None,
    scissor: float | None = None,
    quantities: Sequence[str] | str = "auto",
    pl_unit: str | None = None,
    pl_max_shift: float = 0.0,
    progress: bool = False,
) -> xr.Dataset:
    """Map strain, doping and band gap of a flake from its Raman spectra, with errors.

    Each spectrum is fitted once. The positions of its lines give strain and doping by the rates of the table
    of lines (`StrainDopingSeparator`), and density of states, band edges and gaps by a model that was trained
    on first-principles calculations. Nothing has to be trained: a model for MoS2 comes with the package.

    Parameters
    ----------
    source : path or DataArray
        File of spectra in a layout of `read_raman`, or spectra with the dim "shift": a map (y, x), a line
        scan, sites, or one spectrum.
    pl : path, DataArray or Dataset, default=None
        Photoluminescence of the same flake, on these pixels or others: a file or cube of spectra, what
        `fit_pl` made of one, or a map of peak energies in eV.
    reference : {"Si"} or None, default=None
        Correct the axis of each spectrum by the silicon line.
    unstrained : mapping of str to float or (float, float), or two numbers, default=None
        Positions of the unstrained lines of this sample in cm-1, with or without errors; two numbers are
        those of E' and A1'. They are what matters most: without them strain is known to about 0.14 % only,
        for all pixels together.
    unstrained_region : tuple of float (x0, y0, x1, y1), default=None
        Instead: where on the map the flake is unstrained, in the unit of its coordinates.
    noise : {"gaussian", "poisson"}, default=None
        As for `RamanFeaturizer`: "poisson" where the spectra are counts of electrons, so that errors show
        of the noise that is largest on the lines. None: as the model has it ("gaussian" for the bundled one).
    lineshape : str, default=None
        As for `RamanFeaturizer`: "voigt" where the response of the spectrometer is as wide as a line or half
        of it, so that the lines' Gaussian part is not read as a split, which is shear. None: as the model has
        it ("lorentzian" for the bundled one).
    laser_nm : float, default=None
        Wavelength of the laser in nm, by which an axis in nm or eV becomes Raman shift. None: as the file
        states it.
    material : str, default="MoS2"
        The layer.
    model : Pipeline or path, default=None
        Another model that takes spectra, such as a fitted `raman_pipeline` or a file that `save_model` wrote.
    scissor : float, default=None
        Gap of the unstrained layer in eV, optical or quasiparticle, to which the conduction band is moved.
        None: gaps are those of the functional (PBE for the bundled model), about 0.3 eV below the optical
        ones.
    quantities : "auto" or sequence of str, default="auto"
        What to map. "auto": everything below, curves where their map stays under 1 GiB, and their errors
        ("dos_std") for up to 4096 pixels.
    pl_unit : {"nm", "eV"}, default=None
        Unit of the axis of photoluminescence spectra, where their file or ``units`` attribute does not state
        it.
    pl_max_shift : float, default=0
        Largest shift between the two maps that is searched, in the unit of the coordinates.
    progress : bool, default=False
        Show a progress bar.

    Returns
    -------
    Dataset
        ``gap``, ``gap_direct`` (at K, by which light is emitted), ``vbm``, ``cbm`` in eV; ``strain`` (mean in
        the plane), ``shear`` (difference of the principal strains), ``doping`` in 1e13 electrons/cm2; of each
        ``NAME_std``, the error of the pixel (noise, and that of the model as far as it differs from place to
        place), and ``NAME_common_std``, the error that all pixels share (unstrained positions, rates, and
        that of the model at the unstrained layer), which cancels in differences within the map.
        ``edge_valleys`` (direct or indirect), ``valleys`` (y, x, valley), ``features`` (y, x, feature),
        ``energy_slopes`` (y, x, slope), by which `region_contrast` knows what common errors leave,
        ``dos`` (y, x, energy); ``domain_score`` (above 1: outside the training domain) with
        ``domain_reason``, ``status`` and ``status_reason`` in words. With `pl`: ``pl_energy`` and its error
        on the same pixels, and the slope against the gap in the attributes.

    Raises
    ------
    ValueError
        If there is no model for the material, the axis does not hold its lines, or the source holds no
        spectra.

    Warns
    -----
    UserWarning
        If hardly any pixel can be used, with the likely cause.

    See Also
    --------
    SpatialMapper : Any model over any cube, also larger than memory.
    strain2dos.load_pretrained : The bundled model.

    Examples
    --------
    >>> from strain2dos import make_raman_map, map_flake
    >>> flake = make_raman_map((9, 12), random_state=0)
    >>> found = map_flake(flake.intensity, unstrained=(384.6, 402.7))
    >>> pixel = found.isel(y=4, x=6)
    >>> print(f"{pixel.gap:.2f} eV, strain {100 * pixel.strain:.1f} %")
    1.46 eV, strain 0.8 %
    >>> found.gap.attrs["functional"]
    'PBE'
    """
    prepared = prepare_flake(
        source,
        reference=reference,
        unstrained=unstrained,
        unstrained_region=unstrained_region,
        noise=noise,
        lineshape=lineshape,
        laser_nm=laser_nm,
        material=material,
        model=model,
    )
    return map_prepared(
        prepared,
        pl,
        scissor=scissor,
        quantities=quantities,
        pl_unit=pl_unit,
        pl_max_shift=pl_max_shift,
        progress=progress,
    )


def map_prepared(
    prepared: PreparedFlake,
    pl: Light | None = None,
    *,
    scissor: float | None = None,
    quantities: Sequence[str] | str = "auto",
    pl_unit: str | None = None,
    pl_max_shift: float = 0.0,
    progress: bool = False,
) -> xr.Dataset:
    """Map spectra by a calibrated model; parameters as of `map_flake`."""
    # first, as a file without a unit would else be refused only when the map is done
    light = None if pl is None else read_light(pl, unit=pl_unit, progress=progress)
    model = FittedModel.from_estimator(prepared.pipeline)
    cube = align_columns(prepared.cube, model)
    lines = StrainLines.of(model.reads_spectra_by)
    positions = PositionErrors.of(model) if lines is None else None
    known = flake_quantities(model, lines, positions, dos=model.energies is not None)
    wanted = _wanted(quantities, known, cube.sizes["y"] * cube.sizes["x"], model)
    moved = None if scissor is None else Scissor.to(float(scissor), model)
    functional = prepared.functional
    if moved is not None and functional is not None:
        functional = f"{functional} + scissor"
    left_out = tuple(name for name in known if name not in wanted)
    columns = column_names(cube, model)
    evaluator = FlakeEvaluator(
        model,
        wanted,
        np.dtype(np.float64),
        columns,
        functional,
        left_out,
        lines,
        positions,
        moved,
        SharedError.of(model),
    )
    step = rows_per_chunk(cube, evaluator, "auto")
    with warnings.catch_warnings():
        # add_words warns instead, and names the likely cause
        warnings.filterwarnings("ignore", "none of the .* pixels could be evaluated", UserWarning)
        flake = map_in_memory(
            cube, evaluator, prepared.pipeline, step=step, progress=progress, at_once=_AT_ONCE
        )
    if SLOPES in flake:
        flake = flake.assign_coords(slope=evaluator.slope_names)
    if lines is not None:
        flake.attrs |= lines.terms.as_attr()
    _describe(flake, transitions(model), moved)
    flake.attrs |= prepared.provenance()
    flake = add_words(flake)
    return flake if light is None else add_light(flake, light, max_shift=pl_max_shift)


def _describe(flake: xr.Dataset, valley_pairs: list[str], moved: Scissor | None) -> None:
    """Name the pairs of valleys and the scissor in the attributes of a map."""
    if "edge_valleys" in flake:
        flake["edge_valleys"].attrs |= {
            "flag_values": np.arange(len(valley_pairs), dtype=np.float64),
            "flag_meanings": " ".join(valley_pairs),
            "comment": "valence_conduction; direct where both are the same",
        }
    if moved is not None:
        flake.attrs |= {"scissor": moved.words, "scissor_gap_eV": moved.gap, "scissor_shift_eV": moved.shift}
        for name in ("gap", "gap_direct", "cbm"):
            if name in flake:
                flake[name].attrs["scissor"] = moved.words


def _wanted(
    quantities: Sequence[str] | str, known: tuple[str, ...], n_pixels: int, model: FittedModel
) -> tuple[str, ...]:
    """Quantities to map: for "auto" what the model can give, curves and their errors only of small maps."""
    if isinstance(quantities, str) and quantities == "auto":
        size = 8 * n_pixels * (0 if model.energies is None else len(model.energies))
        names = tuple(name for name in known if name != "dos" or size < MOST_BYTES)
        return (*names, "dos_std") if "dos" in names and n_pixels <= MOST_BANDS else names
    given = (quantities,) if isinstance(quantities, str) else tuple(quantities)
    allowed = (*known, "dos_std")
    unknown = [name for name in given if name not in allowed]
    if unknown or not given:
        raise ValueError(
            f'quantities must be "auto" or some of {list(allowed)}, which this model can give, but has '
            f"{unknown or 'none'}."
        )
    return tuple(dict.fromkeys(given))
