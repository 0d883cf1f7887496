# SPDX-License-Identifier: BSD-3-Clause
"""From fitted parameters to features: values and, to first order, their covariance."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import erfcx

from strain2dos.raman._fitting._choice.background import BEND, STEP
from strain2dos.raman._fitting._squares.profiles import (
    AUTO_SHAPE,
    LN2,
    OLIVERO,
    has_mixing,
    profile,
    shape_codes,
)
from strain2dos.raman._fitting.extras import ExtraUnit
from strain2dos.raman._fitting.records import DOUBLET, N_GROUPS, Floats, GroupFit
from strain2dos.raman._fitting.region import SpectralRegion
from strain2dos.raman._fitting.status import FitStatus
from strain2dos.raman._materials.lookup import RamanMode

KINDS = ("center", "fwhm", "area")
HEIGHT = "height"
MIXING = "mixing"
DIFFERENCE = "difference"
EXTRA_KINDS = ("center", "fwhm", HEIGHT)
# Area of a line over its height times half its full width at half maximum.
LORENTZ_AREA = np.pi
GAUSS_AREA = np.sqrt(np.pi / np.log(2.0))


def line_kinds(lineshape: str) -> tuple[str, ...]:
    """Kinds of columns that each mode has."""
    has_column = lineshape != AUTO_SHAPE and has_mixing(shape_codes(lineshape)[1])
    return (*KINDS, MIXING, HEIGHT) if has_column else (*KINDS, HEIGHT)


def group_names(group: SpectralRegion, lineshape: str) -> list[str]:
    """Columns of one group: all kinds for each mode; the doublet's centers follow their mode."""
    names = []
    for j, mode in enumerate(group.modes):
        names += [f"{mode.name}_{kind}" for kind in line_kinds(lineshape)]
        if j == group.pair:
            names += [f"{mode.name}-_center", f"{mode.name}+_center"]
    return names


def extra_names(group: SpectralRegion) -> list[str]:
    """Columns of the extra lines of one group; a foreign line has none."""
    return [f"{unit.name}_{kind}" for _, unit, k in _shown(group) for kind in EXTRA_KINDS[k:]]


def _shown(group: SpectralRegion) -> list[tuple[int, ExtraUnit, int]]:
    """Units that have columns, and the first of their kinds: only the height of those not asked for."""
    last = len(EXTRA_KINDS) - 1
    units = [(u, unit) for u, unit in enumerate(group.units) if not unit.anywhere]
    return [(u, unit, 0 if unit.name in group.asked else last) for u, unit in units]


def extra_features(
    group: SpectralRegion, fit: GroupFit, *, with_covariance: bool
) -> tuple[Floats, Floats | None]:
    """Values (n, k) and covariance (n, k, k) of `extra_names`.

    The height is an average over the models, 0 in those without the line; where no model with the line was
    worth a fit, center and width are NaN.
    """
    columns = [(u, kind) for u, _, first in _shown(group) for kind in range(first, len(EXTRA_KINDS))]
    units, kinds = [u for u, _ in columns], [kind for _, kind in columns]
    values = fit.extra[:, units, kinds]
    if not with_covariance:
        return values, None
    n, k = values.shape
    cov, diagonal = np.zeros((n, k, k)), np.arange(k)
    # no error where there is no line: NaN would spread over all columns
    cov[:, diagonal, diagonal] = np.nan_to_num(fit.extra_sigma[:, units, kinds]) ** 2
    return values, cov


def difference_name(modes: tuple[RamanMode, ...]) -> str | None:
    """Column of the distance between the first two usual modes, which grows with the number of layers."""
    usual = usual_modes(modes)
    return f"{usual[1].name}-{usual[0].name}" if len(usual) > 1 else None


def usual_modes(modes: tuple[RamanMode, ...]) -> list[RamanMode]:
    """Modes without the optional ones, whose distance from others means nothing."""
    return [mode for mode in modes if not mode.optional]


def _voigt_area(share: Floats) -> Floats:
    """Area of a Voigt line of unit height and half width: a sqrt(pi) / w(i y), with w(i y) = erfcx(y)."""
    share = np.clip(share, 0.0, 1.0)
    a = np.sqrt(np.maximum((1.0 - share) * (1.0 + (1.0 - 2.0 * OLIVERO) * share), 1e-10) / LN2)
    return a * np.sqrt(np.pi) / erfcx(share / a)


def _area_factor(lineshape: str, mixing: Floats) -> tuple[Floats | float, Floats | float]:
    """Area of a line of unit height and half width, and its derivative by the mixing.

    The antisymmetric part of a Fano line has no area: its wings cancel.
    """
    if lineshape == "lorentzian":
        return LORENTZ_AREA, 0.0
    if lineshape == "gaussian":
        return GAUSS_AREA, 0.0
    if lineshape == "fano":
        return LORENTZ_AREA * (1.0 - mixing**2), -2.0 * LORENTZ_AREA * mixing
    if lineshape == "voigt":
        low, high = np.clip(mixing - 1e-4, 0.0, 1.0), np.clip(mixing + 1e-4, 0.0, 1.0)
        return _voigt_area(mixing), (_voigt_area(high) - _voigt_area(low)) / (high - low)
    return GAUSS_AREA + mixing * (LORENTZ_AREA - GAUSS_AREA), LORENTZ_AREA - GAUSS_AREA


def _transform(
    group: SpectralRegion, p: Floats, lineshape: str, *, doublet: bool, jacobian: bool
) -> tuple[Floats, Floats | None]:
    """Features (n, k) of one model and their Jacobian (n, k, n_parameters)."""
    n_modes, n = len(group.modes), p.shape[0]
    n_lines = n_modes + int(doublet)
    mixed = has_mixing(shape_codes(lineshape)[1])
    k = len(line_kinds(lineshape)) * n_modes + (2 if group.pair >= 0 else 0)
    values = np.empty((n, k))
    T = np.zeros((n, k, p.shape[1])) if jacobian else None

    def put(column: int, value: Floats, *terms: tuple[int, Floats | float]) -> None:
        values[:, column] = value
        if T is not None:
            for parameter, derivative in terms:
                T[:, column, parameter] += derivative

    column = 0
    for j in range(n_modes):
        pair = j == group.pair
        lines = [j, j + 1] if pair and doublet else [j + int(doublet and 0 <= group.pair < j)]
        g, ig = p[:, 2 * n_lines + j], 2 * n_lines + j
        mixing = p[:, ig + n_modes] if mixed else np.zeros(n)
        factor, by_mixing = _area_factor(lineshape, mixing)
        heights: Floats = np.sum([p[:, n_lines + i] for i in lines], axis=0)
        share = [p[:, n_lines + i] / heights if len(lines) > 1 else np.ones(n) for i in lines]
        center: Floats = np.sum([s * p[:, i] for s, i in zip(share, lines, strict=True)], axis=0)
        terms: list[tuple[int, Floats | float]] = list(zip(lines, share, strict=True))
        if len(lines) > 1:
            terms += [(n_lines + i, (p[:, i] - center) / heights) for i in lines]
        put(column, center, *terms)
        put(column + 1, 2.0 * g, (ig, 2.0))
        area_terms: list[tuple[int, Floats | float]] = [(ig, factor * heights)]
        area_terms += [(n_lines + i, factor * g) for i in lines]
        if mixed:
            area_terms.append((ig + n_modes, by_mixing * g * heights))
        put(column + 2, factor * g * heights, *area_terms)
        column += 3
        if mixed and lineshape != AUTO_SHAPE:
            put(column, mixing, (ig + n_modes, 1.0))
            column += 1
        put(column, heights, *[(n_lines + i, 1.0) for i in lines])
        column += 1
        if pair:
            put(column, p[:, lines[0]], (lines[0], 1.0))
            put(column + 1, p[:, lines[-1]], (lines[-1], 1.0))
            column += 2
    return values, T


def group_features(
    group: SpectralRegion, fit: GroupFit, lineshape: str, *, with_covariance: bool
) -> tuple[Floats, Floats | None]:
    """Features (n, k) and covariance (n, k, k) of one group, averaged over the models.

    Singlet and doublet are averaged with the probability of the doublet (Bayesian model averaging, A. E.
    Raftery, Sociol. Methodol. 25, 111 (1995)), so that features move smoothly where a line begins to split;
    the spread between the models adds to the covariance.
    """
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        values, T = _transform(group, fit.params1, lineshape, doublet=False, jacobian=with_covariance)
        cov = T @ fit.cov1 @ T.transpose(0, 2, 1) if T is not None else None
        rows = np.flatnonzero(fit.weight > 0.0)
        if not rows.size:
            return values, cov
        w = fit.weight[rows, None]
        split, T2 = _transform(group, fit.params2[rows], lineshape, doublet=True, jacobian=with_covariance)
        single = np.where(w < 1.0, values[rows], split)
        values[rows] = (1.0 - w) * single + w * split
        if cov is not None and T2 is not None:
            w = w[:, :, None]
            cov2 = T2 @ fit.cov2[rows] @ T2.transpose(0, 2, 1)
            apart = split - single
            cov[rows] = (
                np.where(w < 1.0, (1.0 - w) * cov[rows], 0.0)
                + w * cov2
                + w * (1.0 - w) * apart[:, :, None] * apart[:, None, :]
            )
    return values, cov


def group_status(fit: GroupFit) -> NDArray[np.int64]:
    """Status of the model that counts for more."""
    return np.where(fit.weight > 0.5, fit.status[:, 1], fit.status[:, 0])


def group_chi2(fit: GroupFit) -> Floats:
    """Chi-square of the model that counts for more."""
    return np.where(fit.weight > 0.5, fit.chi2[:, 1], fit.chi2[:, 0])


def group_curves(
    group: SpectralRegion, fit: GroupFit, lineshape: str, x: Floats | None = None
) -> tuple[Floats, Floats, dict[str, Floats]]:
    """Better model of the first spectrum in counts: axis, baseline and lines, each (m,).

    Without ``x`` the axis is that of the group, cut to the range of the fit.
    """
    p, family, n_units = fit.best[0], group.family, len(group.units)
    number = int(fit.best_model[0])
    kind, mask = number >> n_units, number & (1 << n_units) - 1
    names = [mode.name for mode in group.modes]
    if kind == DOUBLET:
        j = group.pair
        names[j : j + 1] = [f"{names[j]}-", f"{names[j]}+"]
    n_base = len(names)
    names += [m.name for u, unit in enumerate(group.units) if mask >> u & 1 for m in unit.modes]
    n_lines, widths = len(names), int(family.sizes[number, N_GROUPS])
    if x is None:
        far = (group.x < p[0] - group.margin) | (group.x > p[n_base - 1] + group.margin)
        # a line left out may stand anywhere
        x = group.x if group_status(fit)[0] == FitStatus.UNEXPLAINED_LINE else group.x[~far]
    components = {}
    rows, ones = np.zeros((5, x.size)), np.ones(x.size)
    code = shape_codes(lineshape)[int(fit.second[0])]
    for i, name in enumerate(names):
        g = 2 * n_lines + int(family.group[number, i])
        mixing = p[g + widths] if has_mixing(code) else 0.0
        profile(code, x, ones, x.size, p[i], 1.0, p[g], mixing, rows, 0, 1, 2, 3, 4)
        components[name] = p[n_lines + i] * rows[0]
    first = 2 * n_lines + widths * (2 if has_mixing(code) else 1)
    terms = p[first : first + group.basis.shape[0]]
    return x, _baseline(group, terms, fit.term[0], x), components


def _baseline(group: SpectralRegion, terms: Floats, last: Floats, x: Floats) -> Floats:
    """Polynomial baseline, the last term of which may be a step or a kink at ``last[1]`` instead (cm-1)."""
    half = 0.5 * (group.x[-1] - group.x[0]) or 1.0
    u = (x - 0.5 * (group.x[0] + group.x[-1])) / half
    if last[0] == BEND:
        return np.polynomial.polynomial.polyval(u, terms)
    beyond = np.where(x >= last[1], 1.0 if last[0] == STEP else (x - last[1]) / half, 0.0)
    return np.polynomial.polynomial.polyval(u, terms[:-1]) + terms[-1] * beyond
