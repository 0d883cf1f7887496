# SPDX-License-Identifier: BSD-3-Clause
"""Lines beside those that are asked for: bands of defects, of the substrate, a foreign one."""

from dataclasses import dataclass

import numpy as np

from strain2dos.raman._fitting.records import U_APART, U_NEAR, Floats, LineTable, ModelFamily
from strain2dos.raman._materials.lookup import SUBSTRATES, RamanMode, material_modes

# -2 ln(prior odds) against each. Bands and substrate lines stand where they are known to stand and cost one
# height; a foreign line may be at some fifty places. Chosen on simulated spectra: below 1 % false ones.
KNOWN_COST = 4.0
FOREIGN_COST = 13.0
# Full widths of plasma and lamp lines: the instrument.
FOREIGN_FWHM = (2.0, 5.0)
# A line of a substrate stands this far from its place where the axis was not corrected (standard deviation).
AXIS_SPREAD = 1.5
# A second line tied to the first may stray from its ratio by this share of the span of the spectrum.
RATIO_SPREAD = 0.015
# Half widths of the two differ from what is known of them by this much, cm-1.
WIDTH_SPREAD = 0.3


@dataclass(frozen=True)
class ExtraUnit:
    """One extra line, or two in a known ratio.

    Attributes
    ----------
    modes : tuple of RamanMode
    anchor : int
        Index of the mode beside which the first line stands; -1 for a place of its own.
    anywhere : bool
        Its place is not known.
    """

    modes: tuple[RamanMode, ...]
    anchor: int = -1
    anywhere: bool = False

    @property
    def name(self) -> str:
        """Name of the first line."""
        return self.modes[0].name


def without_known_bands(modes: tuple[RamanMode, ...], material: str) -> tuple[RamanMode, ...]:
    """Modes less those bands that are fitted beside the others wherever the spectrum shows them."""
    names = {mode.name for mode in modes}
    bands = {mode.name: mode for mode in material_modes(material, optional=True) if mode.anchor is not None}
    rest = tuple(m for m in modes if bands.get(m.name) != m or m.anchor[0] not in names)
    found = (
        {unit.name for unit in known_units(rest, material, max(m.margin for m in rest))} if rest else set()
    )
    return tuple(mode for mode in modes if mode.name not in found or bands.get(mode.name) != mode)


def is_required(mode: RamanMode, material: str | None) -> bool:
    """Whether a spectrum without this line has no numbers: not for lines that are known to be optional."""
    known = () if material is None else material_modes(material, optional=True)
    return not mode.optional and mode.name not in {m.name for m in known if m.optional}


def _is_there(mode: RamanMode, modes: tuple[RamanMode, ...]) -> bool:
    """Whether a line is among ``modes``, maybe under a name of the user's own."""
    return any(mode.name == m.name or abs(mode.position - m.position) < 4.0 for m in modes)


def known_units(modes: tuple[RamanMode, ...], material: str, margin: float) -> list[ExtraUnit]:
    """Extra lines of the material and of substrates that may stand in the fitted range of ``modes``."""
    names = [mode.name for mode in modes]
    first, last = modes[0].position - margin, modes[-1].position + margin
    units = []
    for mode in material_modes(material, optional=True):
        if mode.anchor is None or _is_there(mode, modes) or mode.anchor[0] not in names:
            continue
        if first < mode.position < last:
            units.append(ExtraUnit((mode,), names.index(mode.anchor[0])))
    for mode in SUBSTRATES.values():
        if mode.anchor is not None or _is_there(mode, modes) or not first < mode.position < last:
            continue
        partners = [m for m in SUBSTRATES.values() if m.anchor is not None and m.anchor[0] == mode.name]
        units.append(ExtraUnit((mode, *[m for m in partners if first < m.position < last][:1])))
    return units


def foreign_unit(x: Floats) -> ExtraUnit:
    """A narrow line anywhere."""
    low, high = FOREIGN_FWHM
    mode = RamanMode(
        "foreign", 0.5 * (x[0] + x[-1]), (float(x[0]), float(x[-1])), low, optional=True,
        fwhm_range=(0.7, high), source="a plasma or lamp line, as wide as the instrument resolves",
    )  # fmt: skip
    return ExtraUnit((mode,), anywhere=True)


def _place(unit: ExtraUnit, modes: tuple[RamanMode, ...]) -> tuple[float, float]:
    """Place of the first line and its standard deviation: beside the anchor, or on the axis."""
    mode = unit.modes[0]
    if unit.anchor >= 0 and mode.anchor is not None:
        return mode.position - modes[unit.anchor].position, (mode.anchor[2] - mode.anchor[1]) / 6.0
    return mode.position, AXIS_SPREAD


def _width_range(mode: RamanMode) -> tuple[float, float]:
    return mode.fwhm_range if mode.fwhm_range is not None else (0.5 * mode.fwhm, 2.0 * mode.fwhm)


def _limits(unit: ExtraUnit, mode: RamanMode, modes: tuple[RamanMode, ...]) -> tuple[float, float]:
    """Window of a line: where its anchor may lie, shifted; it only keeps the fit from running away."""
    if unit.anchor >= 0 and mode.anchor is not None:
        window = modes[unit.anchor].window
        return window[0] + mode.anchor[1] - 3.0, window[1] + mode.anchor[2] + 3.0
    return mode.window


def _extend(
    base: LineTable, units: list[ExtraUnit], modes: tuple[RamanMode, ...], pair: int, step: float
) -> LineTable:
    """Lines of ``base`` followed by those of ``units``, with what is known of them."""
    lines = [(unit, mode, k) for unit in units for k, mode in enumerate(unit.modes)]
    n_base, n = base.low.size, base.low.size + len(lines)
    limits = np.array([_limits(unit, mode, modes) for unit, mode, _ in lines]).reshape(-1, 2)
    widths = np.array([_width_range(mode) for _, mode, _ in lines]).reshape(-1, 2)
    index, prior = [], []
    for i, (unit, mode, k) in enumerate(lines):
        own, half = n_base + i, 2 * n + base.n_groups + i
        if not unit.anywhere:
            low, high = _width_range(mode)
            index.append((half, half, half, 0))
            prior.append((0.0, 0.0, 0.5 * mode.fwhm, (12.0 / (high - low)) ** 2))
        if k == 1:
            first, ratio = unit.modes[0], 0.5 * sum(mode.height_range or (0.0, 1.0))
            index += [(own, own - 1, own - 1, 0), (n + own, n + own - 1, n + own - 1, 0)]
            index.append((half, half - 1, half - 1, 0))
            prior.append((1.0, 0.0, mode.position - first.position, 1.0))
            prior.append((ratio, 0.0, 0.0, RATIO_SPREAD**-2))
            prior.append((1.0, 0.0, 0.5 * (mode.fwhm - first.fwhm), WIDTH_SPREAD**-2))
        elif not unit.anywhere:
            place, spread = _place(unit, modes)
            j = unit.anchor + int(0 <= pair < unit.anchor and base.low.size > len(modes))
            split = base.low.size > len(modes) and unit.anchor == pair and unit.anchor >= 0
            anchored = 0.0 if unit.anchor < 0 else 0.5 if split else 1.0
            j = max(j, 0)
            index.append((own, j, j + 1 if split else j, int(unit.anchor < 0)))
            prior.append((anchored, 0.5 if split else 0.0, place, spread**-2))
    added = len(lines)
    return LineTable(
        low=np.append(base.low, limits[:, 0]),
        high=np.append(base.high, limits[:, 1]),
        gap=np.append(base.gap, np.zeros(added)),
        reach=np.append(base.reach, np.full(added, np.inf)),
        fwhm=np.append(base.fwhm, [mode.fwhm for _, mode, _ in lines]),
        fwhm_low=np.append(base.fwhm_low, np.maximum(0.9 * widths[:, 0], 1.2 * step)),
        fwhm_high=np.append(base.fwhm_high, np.maximum(1.1 * widths[:, 1], 2.0 * step)),
        group=np.append(base.group, base.n_groups + np.arange(added)),
        prior_index=np.array(index, dtype=np.int64).reshape(-1, 4),
        prior=np.array(prior, dtype=float).reshape(-1, 4),
        n_groups=base.n_groups + added,
        n_base=base.low.size,
    )


def model_family(
    bases: list[LineTable], units: list[ExtraUnit], modes: tuple[RamanMode, ...], pair: int, step: float
) -> ModelFamily:
    """Stack all models of a region: each kind of lines with each choice of extra ones."""
    sets = []
    for base in bases:
        for mask in range(2 ** len(units)):
            active = [unit for k, unit in enumerate(units) if mask >> k & 1]
            sets.append(_extend(base, active, modes, pair, step))
    rows = max(lines.low.size for lines in sets)
    priors = max(1, *(lines.prior.shape[0] for lines in sets))

    def stacked(name: str) -> Floats:
        arrays = [getattr(lines, name) for lines in sets]
        size = priors if arrays[0].ndim == 2 else rows
        out = np.zeros((len(sets), size, *arrays[0].shape[1:]), dtype=arrays[0].dtype)
        for k, array in enumerate(arrays):
            out[k, : len(array)] = array
        return out

    names = ("low", "high", "gap", "reach", "fwhm", "fwhm_low", "fwhm_high")
    sizes = [(s.low.size, s.n_groups, s.n_base, s.prior.shape[0]) for s in sets]
    unit, unit_index = np.zeros((len(units), U_APART + 1)), np.zeros((len(units), U_NEAR + 1), dtype=np.int64)
    for k, each in enumerate(units):
        first, second = each.modes[0], each.modes[-1]
        ratio = 0.5 * sum(second.height_range or (0.0, 0.0)) if len(each.modes) > 1 else 0.0
        cost = FOREIGN_COST if each.anywhere else KNOWN_COST
        apart = second.position - first.position
        tall = first.height_range[1] if each.anchor >= 0 and first.height_range else np.inf
        near = min(range(len(modes)), key=lambda j: abs(modes[j].position - first.position))
        beside = first.position - modes[near].position
        unit[k] = (_place(each, modes)[0], first.fwhm, ratio, apart, second.fwhm, cost, tall, beside)
        unit_index[k] = (each.anchor, len(each.modes), int(each.anywhere), near)
    return ModelFamily(
        values=np.ascontiguousarray(np.stack([stacked(name) for name in names], axis=1)),
        group=stacked("group"),
        prior_index=stacked("prior_index"),
        prior=stacked("prior"),
        sizes=np.array(sizes, dtype=np.int64),
        unit=unit,
        unit_index=unit_index,
    )
