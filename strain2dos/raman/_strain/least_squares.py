# SPDX-License-Identifier: BSD-3-Clause
"""Least squares from line shifts to strain and doping, row by row, and what it gives."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2 as chi2_distribution

from strain2dos._reprs import counted, one_line, span, table
from strain2dos.raman._strain.plausibility import LineReason

Floats = NDArray[np.float64]

# Directions whose variance is this much smaller than the largest are ties between lines (both branches of a
# doublet that is not split): they hold exactly, and where all unknowns move both alike they say nothing.
TIED = 1e-10


class DomainCheck(NamedTuple):
    """Whether the lines of each row agree with one strain and doping.

    Attributes
    ----------
    chi2 : (n,) ndarray
        Weighted sum of squared residuals of the lines; NaN where it cannot be formed.
    dof : (n,) ndarray of int
        Lines beyond the unknowns (0 where lines of a row are tied to each other and nothing is left to test).
    in_domain : (n,) ndarray of bool
        Whether chi2 lies below its quantile at the level; False where it is NaN.
    """

    chi2: Floats
    dof: NDArray[np.int64]
    in_domain: NDArray[np.bool_]


@dataclass(frozen=True)
class Separation:
    """Strain and doping of n spectra with their errors.

    Attributes
    ----------
    values : (n, k) ndarray
        In the order of ``names``: strain as a fraction, doping in 1e13 electrons/cm2.
    sigma : (n, k) ndarray
        One standard deviation of each. NaN for a deviator whose branches are tied (the fit found one line):
        it is then only known to be smaller than the fit can tell.
    covariance : (n, k, k) ndarray
    names : tuple of str
    domain : DomainCheck or None
        None where there are no more lines than unknowns, so that nothing can be tested.
    common : (n, k, k) ndarray or None
        Covariance of the errors that all spectra share, for the values of each row: those of the unstrained
        positions and of the rates. They come on top of ``covariance`` where absolute values count, and cancel
        (positions) or scale (rates) where places of one map are compared.
    reason : (n,) ndarray of int or None
        `LineReason` codes: 0, or why the positions are not those of one layer as samples are; None for
        materials and lines that cannot be judged.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos import RamanFeaturizer, StrainDopingSeparator
    >>> shift = np.linspace(360, 430, 110)
    >>> spectrum = 100 / (1 + ((shift - 382.5) / 1.5) ** 2) + 120 / (1 + ((shift - 401.4) / 2.5) ** 2)
    >>> noise = np.random.default_rng(0).normal(0, 1, shift.size)
    >>> fit = RamanFeaturizer(shift, split=False).fit([spectrum]).fit_spectra([spectrum + noise])
    >>> separation = StrainDopingSeparator().separate(fit)
    >>> separation.to_dataframe().iloc[:, :4].round(4)
       strain  strain_sigma  doping  doping_sigma
    0  0.0048           0.0  0.0358        0.0066

    The unstrained positions were not given, so that strain and doping are less well known than their
    differences within a map:

    >>> separation.common_sigma.round(4)
    array([[0.0014, 0.3945]])
    """

    values: Floats
    sigma: Floats
    covariance: Floats
    names: tuple[str, ...]
    domain: DomainCheck | None = None
    common: Floats | None = None
    reason: NDArray[np.int64] | None = None

    def __repr__(self) -> str:
        """Middle of each value with both errors, and counted remarks."""
        return one_line(type(self).__name__, *self._told())

    def _repr_html_(self) -> str:
        return table(type(self).__name__, *self._told())

    def _told(self) -> tuple[str, dict[str, str]]:
        known = np.isfinite(self.values).all(axis=1)
        rows = {}
        for j, name in enumerate(self.names):
            unit, digits = ("1e13/cm2", 2) if name == "doping" else ("", 4)
            rows[name] = span(self.values[:, j], unit, digits)
            errors = [("pixel", self.sigma[known, j]), ("common", self.common_sigma[known, j])]
            told = [f"{words} {np.nanmedian(e):.2g}" for words, e in errors if np.isfinite(e).any()]
            rows[name] += f", errors: {', '.join(told)}" if told else ""
        if self.reason is not None and (outside := self.reason[known & (self.reason != 0)]).size:
            rows["remarks"] = counted([LineReason(code).words for code in outside])
        return f"{int(known.sum())} of {len(known)} spectra", rows

    @property
    def common_sigma(self) -> Floats:
        """Error that all spectra share, one standard deviation of each value (n, k); 0 where unknown."""
        if self.common is None:
            return np.zeros_like(self.values)
        # what the lines do not move at all is zero but for rounding
        return np.sqrt(np.maximum(np.diagonal(self.common, axis1=1, axis2=2), 0.0))

    def to_dataframe(self) -> pd.DataFrame:
        """One row per spectrum: each unknown, ``<name>_sigma`` and ``<name>_common_sigma``, and the rest.

        The rest: "remark" ("more than one layer?" and the like; empty where nothing is to be said), and chi2,
        dof and in_domain where there are more lines than unknowns.

        Returns
        -------
        pandas.DataFrame
            One row per spectrum.
        """
        columns = {}
        for j, name in enumerate(self.names):
            columns[name] = self.values[:, j]
            columns[f"{name}_sigma"] = self.sigma[:, j]
        if self.common is not None:
            columns |= {f"{name}_common_sigma": self.common_sigma[:, j] for j, name in enumerate(self.names)}
        if self.reason is not None:
            columns["remark"] = [LineReason(code).words for code in self.reason]
        if self.domain is not None:
            columns |= self.domain._asdict()
        return pd.DataFrame(columns)


def times(rows: Floats, matrix: Floats) -> Floats:
    """``rows @ matrix.T``, summed in one order: a matrix product may sum otherwise for other batch sizes."""
    columns = []
    for weights in matrix:
        total = rows[:, 0] * weights[0]
        for j in range(1, weights.size):
            total = total + rows[:, j] * weights[j]
        columns.append(total)
    return np.column_stack(columns)


def fixed_inverse(matrix: Floats, sigma: Floats | None) -> Floats:
    """Least-squares inverse (k, m) of a matrix (m, k), the same for all rows."""
    if matrix.shape[0] == matrix.shape[1]:
        return np.linalg.inv(matrix)
    sigma = np.ones(matrix.shape[0]) if sigma is None else sigma
    return np.linalg.pinv(matrix / sigma[:, None]) / sigma


def weighted_rows(
    matrix: Floats, shift: Floats, covariance: Floats
) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    """Generalized least squares of each row with its own covariance.

    A. C. Aitken, Proc. R. Soc. Edinburgh 55, 42 (1936). Ties between lines (directions without variance)
    are kept to; a tie that no unknown could break is no degree of freedom.

    Parameters
    ----------
    matrix : (m, k) ndarray
    shift : (n, m) ndarray
    covariance : (n, m, m) ndarray

    Returns
    -------
    values : (n, k) ndarray
        NaN where shift or covariance are not finite or do not determine the unknowns.
    covariance : (n, k, k) ndarray
    chi2 : (n,) ndarray
    dof : (n,) ndarray of int
    """
    n, (m, k) = shift.shape[0], matrix.shape
    values, chi2 = np.full((n, k), np.nan), np.full(n, np.nan)
    spread, dof = np.full((n, k, k), np.nan), np.zeros(n, dtype=np.int64)
    good = np.flatnonzero(np.isfinite(shift).all(axis=1) & np.isfinite(covariance).all(axis=(1, 2)))
    if not good.size:
        return values, spread, chi2, dof
    variance, axes = np.linalg.eigh(covariance[good])
    floor = TIED * np.maximum(variance[:, -1:], 1e-300)
    # Whitened along the axes of the covariance, one direction per row.
    whitener = axes.transpose(0, 2, 1) / np.sqrt(np.maximum(variance, floor))[:, :, None]
    design = whitener @ matrix
    target = (whitener @ shift[good][:, :, None])[:, :, 0]
    scale = np.linalg.norm(matrix, axis=0)
    silent = (variance <= floor) & (np.abs(axes.transpose(0, 2, 1) @ (matrix / scale)).max(axis=2) < 1e-6)
    u, s, vt = np.linalg.svd(design / scale, full_matrices=False)
    known = s[:, -1] > TIED * s[:, 0]
    inverse = (vt.transpose(0, 2, 1) / np.where(known[:, None], s, 1.0)[:, None, :]) @ u.transpose(0, 2, 1)
    inverse = inverse / scale[:, None]
    found = (inverse @ target[:, :, None])[:, :, 0]
    residual = target - (design @ found[:, :, None])[:, :, 0]
    rows = good[known]
    values[rows] = found[known]
    spread[rows] = (inverse @ inverse.transpose(0, 2, 1))[known]
    dof[rows] = (m - k - silent.sum(axis=1))[known]
    tested = dof > 0
    total = np.full(n, np.nan)
    total[good] = (residual**2).sum(axis=1)
    chi2[tested] = total[tested]
    return values, spread, chi2, dof


def check_domain(chi2: Floats, dof: NDArray[np.int64], level: float) -> DomainCheck:
    """Compare chi-square with its quantile.

    Raises
    ------
    ValueError
        For a level outside of (0, 1).
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie between 0 and 1, but is {level!r}; 0.99 flags 1 % of sound rows.")
    limit = chi2_distribution.ppf(level, np.maximum(dof, 1))
    return DomainCheck(chi2, dof, np.less_equal(chi2, limit))


def full_covariance(covariance: ArrayLike, n: int, m: int) -> Floats:
    """Covariance (n, m, m) of the positions, from itself or from standard deviations (n, m).

    Raises
    ------
    ValueError
        For another shape.
    """
    covariance = np.asarray(covariance, dtype=float)
    if covariance.shape == (n, m):
        return covariance[:, :, None] ** 2 * np.eye(m)
    if covariance.shape != (n, m, m):
        raise ValueError(
            f"covariance must have shape ({n}, {m}, {m}), or ({n}, {m}) for standard deviations, but has "
            f"{covariance.shape}; take the rows and columns of the {m} centers."
        )
    return covariance


def solved_rows(
    matrix: Floats, inverse: Floats, shift: Floats, covariance: Floats
) -> tuple[Floats, Floats, Floats, NDArray[np.int64]]:
    """Values, covariance, chi-square, degrees of freedom: exact, or weighed by each row's own errors.

    Shapes as for `weighted_rows`.
    """
    if matrix.shape[0] > matrix.shape[1]:
        return weighted_rows(matrix, shift, covariance)
    n = shift.shape[0]
    spread = inverse @ covariance @ inverse.T
    return times(shift, inverse), spread, np.full(n, np.nan), np.zeros(n, dtype=np.int64)


def standard_deviations(spread: Floats, inverse: Floats, covariance: Floats) -> Floats:
    """Root of the diagonal; NaN where ties between the lines leave no variance to speak of."""
    variance = np.diagonal(spread, axis1=1, axis2=2)
    untied = times(np.diagonal(covariance, axis1=1, axis2=2), inverse**2)
    return np.sqrt(np.where(variance > 100.0 * TIED * untied, variance, np.nan))
