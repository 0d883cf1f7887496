# SPDX-License-Identifier: BSD-3-Clause
"""From modes and an axis to what the compiled fit needs: columns, windows, bounds, tied widths."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from strain2dos.raman._fitting.extras import (
    ExtraUnit,
    foreign_unit,
    is_required,
    known_units,
    model_family,
    without_known_bands,
)
from strain2dos.raman._fitting.records import TAPS, Floats, Integers, LineTable, ModelFamily
from strain2dos.raman._materials.lookup import RamanMode

# Lines are sought with no fewer points than this per width of the narrowest.
POINTS_PER_WIDTH = 3.0


@dataclass(frozen=True)
class SpectralRegion:
    """Modes that are fitted together on one baseline.

    Attributes
    ----------
    modes : tuple of RamanMode
    columns : slice
        Columns of the spectra, in the direction in which the axis rises.
    x : (m,) ndarray
        Axis of these columns, rising, cm-1.
    basis : (n_base, m) ndarray
        Powers of the axis scaled to -1...1.
    n_terms : int
        So many of them every baseline has; one more where the spectrum shows that it bends.
    pair : int
        Index of the line that may be a doublet, -1 where none may.
    family : ModelFamily
        One line per mode, or one of them a doublet of common width: each with every choice of ``units``.
    units : tuple of ExtraUnit
        Lines that the spectrum may hold beside those of the modes.
    asked : tuple of str
        Names of the lines that were asked for; one of them may be a unit.
    required : (n_modes,) ndarray of int
        1 for modes without which a spectrum has no numbers.
    fwhm_limit : (n_modes,) ndarray
        Widest plausible lines, cm-1.
    checked : bool
        Whether widths and ends of the axis are judged: not where the axis is an index.
    taps : ndarray
        Smoothing that seeds are found with, filled up with zeros to a multiple of `TAPS`.
    norm : (m // bin,) ndarray
        One over the sum of the taps that lie on the axis.
    bin : int
        Lines are sought on the means of so many points: a fine axis tells no more about where they are.
    bins : (m // bin,) ndarray
        Axis of these means.
    narrowest : float
        Full width, in points, of the narrowest line a spike filter must keep.
    margin : float
    """

    modes: tuple[RamanMode, ...]
    columns: slice
    x: Floats
    basis: Floats
    n_terms: int
    pair: int
    family: ModelFamily
    units: tuple[ExtraUnit, ...]
    asked: tuple[str, ...]
    required: Integers
    fwhm_limit: Floats
    checked: bool
    taps: Floats
    norm: Floats
    bin: int
    bins: Floats
    narrowest: float
    margin: float


def _line_set(modes: tuple[RamanMode, ...], copies: list[int], step: float) -> LineTable:
    lines = [mode for mode, n in zip(modes, copies, strict=True) for _ in range(n)]
    group = [j for j, n in enumerate(copies) for _ in range(n)]
    gap = [0.0] + [
        (0.7 if first == second else 0.8) * modes[second].fwhm for first, second in pairwise(group)
    ]
    fwhm = np.array([line.fwhm for line in lines])
    return LineTable(
        low=np.array([line.window[0] for line in lines], dtype=float),
        high=np.array([line.window[1] for line in lines], dtype=float),
        gap=np.array(gap),
        # A doublet's partner further away than this must be strong, or noise would be taken for it (12 cm-1
        # are 6 % of uniaxial strain; strains of opposite sign tear the branches 30 cm-1 apart).
        reach=np.array([np.inf] + [5.0 * modes[i].fwhm if i == j else np.inf for i, j in pairwise(group)]),
        fwhm=fwhm,
        # A line narrower than 0.7 points is one point, and no center can be read from one point.
        fwhm_low=np.maximum(0.25 * fwhm, 0.7 * step),
        fwhm_high=8.0 * fwhm,
        group=np.array(group, dtype=np.int64),
        prior_index=np.zeros((0, 4), dtype=np.int64),
        prior=np.zeros((0, 4)),
        n_groups=len(copies),
        n_base=len(lines),
    )


def _widest(mode: RamanMode, step: float) -> float:
    """Widest line that a phonon and a spectrometer make: disorder doubles the width, an instrument adds 7."""
    return max(2.5 * mode.fwhm, mode.fwhm + 7.0, 5.0 * step)


def _taps(fwhm_points: float, m: int) -> tuple[Floats, Floats]:
    """Gaussian weights, filled up to whole `TAPS`, and one over their sum inside of m points."""
    half = max(1, round(fwhm_points))
    k = np.arange(-half, half + 1)
    taps = np.exp(-4.0 * np.log(2.0) * (k / max(fwhm_points, 1.0)) ** 2)
    norm = 1.0 / np.convolve(np.ones(m), taps)[half : half + m]
    return np.append(taps, np.zeros(-taps.size % TAPS)), norm


def _columns(modes: tuple[RamanMode, ...], axis: Floats, padding: float) -> slice:
    """Columns of the axis around the windows of all modes, so that it rises."""
    low, high = min(mode.window[0] for mode in modes), max(mode.window[1] for mode in modes)
    first, last = np.flatnonzero((axis >= low - padding) & (axis <= high + padding))[[0, -1]]
    rising = axis.size < 2 or axis[-1] > axis[0]
    return slice(first, last + 1) if rising else slice(last, first - 1 if first else None, -1)


def spectral_region(
    modes: tuple[RamanMode, ...],
    axis: Floats,
    *,
    baseline_degree: int | str,
    split: bool,
    material: str | None = None,
    checked: bool = True,
    padding: float | None = None,
) -> SpectralRegion | None:
    """Describe the joint fit of ``modes`` on a strictly monotonic axis; None where the axis misses a mode.

    Parameters
    ----------
    modes : tuple of RamanMode
        Rising positions.
    axis : (n_shift,) ndarray
        cm-1, strictly rising or falling.
    baseline_degree : int or "auto"
        "auto": straight, of degree 2 where the spectrum shows that the background bends.
    split : bool
        Whether a mode that can split gets a doublet model.
    material : str, optional
        Whose defect bands, beside lines of substrates and a foreign one, are fitted where the spectrum shows
        them; None: none of these.
    checked : bool, default=True
        Whether widths and ends of the axis are judged.
    padding : float, optional
        Points this far outside the windows are cut off; by default the largest margin.
    """
    asked = tuple(mode.name for mode in modes)
    if material is not None:
        modes = without_known_bands(modes, material)
    margin = max(mode.margin for mode in modes)
    padding = margin if padding is None else padding
    for mode in modes:
        if not np.any((axis >= mode.window[0]) & (axis <= mode.window[1])):
            return None
    columns = _columns(modes, axis, padding)
    x = np.array(axis[columns], dtype=float, order="C")  # a copy: see the engine on read-only arrays
    step = float(np.median(np.diff(x))) if x.size > 1 else 1.0
    half = 0.5 * (x[-1] - x[0]) or 1.0
    u = (x - 0.5 * (x[0] + x[-1])) / half
    pair = next((j for j, mode in enumerate(modes) if mode.splits), -1) if split else -1
    copies = [1] * len(modes)
    singlets = _line_set(modes, copies, step)
    if pair >= 0:
        copies[pair] = 2
    doublets = _line_set(modes, copies, step)
    narrow = min(mode.fwhm for mode in modes)
    merged = int(np.clip(narrow / step / POINTS_PER_WIDTH, 1, max(x.size // 3, 1)))
    bins = x[: x.size // merged * merged].reshape(-1, merged).mean(axis=1)
    taps, norm = _taps(narrow / step / merged, bins.size)
    units = [] if material is None else [*known_units(modes, material, margin), foreign_unit(x)]
    bases = [singlets, doublets] if pair >= 0 else [singlets]
    bends = baseline_degree == "auto"
    degree = 1 if bends else int(baseline_degree)
    return SpectralRegion(
        modes=modes,
        columns=columns,
        x=x,
        basis=np.vander(u, degree + 1 + int(bends), increasing=True).T.copy(),
        n_terms=degree + 1,
        pair=pair,
        family=model_family(bases, units, modes, pair, step),
        units=tuple(units),
        asked=asked,
        required=np.array([int(is_required(mode, material)) for mode in modes], dtype=np.int64),
        fwhm_limit=np.array([_widest(mode, step) for mode in modes]),
        checked=checked,
        taps=taps,
        norm=norm,
        bin=merged,
        bins=bins,
        narrowest=max(0.6 * narrow / step, 1.0),
        margin=margin,
    )


def regions_of(modes: tuple[RamanMode, ...]) -> list[tuple[RamanMode, ...]]:
    """Modes in groups that share a baseline: those whose fitted ranges touch."""
    ordered = sorted(modes, key=lambda mode: mode.position)
    groups: list[list[RamanMode]] = []
    for mode in ordered:
        if groups and mode.window[0] - mode.margin <= max(m.window[1] + m.margin for m in groups[-1]):
            groups[-1].append(mode)
        else:
            groups.append([mode])
    return [tuple(group) for group in groups]
