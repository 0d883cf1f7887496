# SPDX-License-Identifier: BSD-3-Clause
"""Strain and doping of spectra with their errors, and whether their lines agree."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import chi2 as chi2_distribution

from strain2dos._renamed import RenamedAttribute
from strain2dos._reprs import counted, one_line, span, table
from strain2dos.raman._strain.plausibility import LineReason

Floats = NDArray[np.float64]


class ConsistencyTest(NamedTuple):
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
        One standard deviation of each. A deviator is never below zero, and 0 where the fit found one line:
        1.645 times its ``sigma`` is then the largest that this spectrum hides in one case of ten, for
        branches of equal area.
    covariance : (n, k, k) ndarray
    names : tuple of str
    consistency : ConsistencyTest or None
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
    >>> spectrum = 100 / (1 + ((shift - 382.5) / 1.5) ** 2) + 120 / (
    ...     1 + ((shift - 401.4) / 2.5) ** 2
    ... )
    >>> noise = np.random.default_rng(0).normal(0, 1, shift.size)
    >>> fit = (
    ...     RamanFeaturizer(shift, split=False)
    ...     .fit([spectrum])
    ...     .fit_spectra([spectrum + noise])
    ... )
    >>> separation = StrainDopingSeparator().separate(fit)
    >>> separation.to_dataframe().iloc[:, :4].round(4)
       strain  strain_sigma  doping  doping_sigma
    0  0.0048           0.0  0.0358        0.0069

    The unstrained positions were not given, so that strain and doping are less well known than their
    differences within a map:

    >>> separation.common_sigma.round(4)
    array([[0.0014, 0.3945]])
    """

    values: Floats
    sigma: Floats
    covariance: Floats
    names: tuple[str, ...]
    consistency: ConsistencyTest | None = None
    common: Floats | None = None
    reason: NDArray[np.int64] | None = None
    domain = RenamedAttribute("consistency")

    def __repr__(self) -> str:
        """Middle of each value with both errors, and counted remarks."""
        return one_line(type(self).__name__, *self._described())

    def _repr_html_(self) -> str:
        return table(type(self).__name__, *self._described())

    def _described(self) -> tuple[str, dict[str, str]]:
        known: NDArray[np.bool_] = np.asarray(np.isfinite(self.values).all(axis=1))
        rows = {}
        for j, name in enumerate(self.names):
            unit, digits = ("1e13/cm2", 2) if name == "doping" else ("", 4)
            rows[name] = span(self.values[:, j], unit, digits)
            errors = [("pixel", self.sigma[known, j]), ("common", self.common_sigma[known, j])]
            known_errors = [f"{words} {np.nanmedian(e):.2g}" for words, e in errors if np.isfinite(e).any()]
            rows[name] += f", errors: {', '.join(known_errors)}" if known_errors else ""
        if self.reason is not None and (outside := self.reason[known & (self.reason != 0)]).size:
            rows["remarks"] = counted([LineReason(code).words for code in outside])
        return f"{int(known.sum())} of {len(self.values)} spectra", rows

    @property
    def common_sigma(self) -> Floats:
        """Error that all spectra share, one standard deviation of each value (n, k); 0 where unknown."""
        if self.common is None:
            return np.zeros_like(self.values)
        # what the lines do not move at all is zero but for rounding
        return np.sqrt(np.maximum(np.diagonal(self.common, axis1=1, axis2=2), 0.0))

    def to_dataframe(self) -> pd.DataFrame:
        """One row per spectrum: each unknown, ``<name>_sigma`` and ``<name>_common_sigma``, and the rest.

        The rest: "remark" ("more than one layer?" and the like; empty where there is none), and chi2,
        dof and in_domain where there are more lines than unknowns.

        Returns
        -------
        pandas.DataFrame
            One row per spectrum.
        """
        columns: dict[str, NDArray | list[str]] = {}
        for j, name in enumerate(self.names):
            columns[name] = self.values[:, j]
            columns[f"{name}_sigma"] = self.sigma[:, j]
        if self.common is not None:
            columns |= {f"{name}_common_sigma": self.common_sigma[:, j] for j, name in enumerate(self.names)}
        if self.reason is not None:
            columns["remark"] = [LineReason(code).words for code in self.reason]
        if self.consistency is not None:
            columns |= self.consistency._asdict()
        return pd.DataFrame(columns)


def consistency_of(chi2: Floats, dof: NDArray[np.int64], level: float) -> ConsistencyTest:
    """Compare chi-square with its quantile.

    Raises
    ------
    ValueError
        For a level outside of (0, 1).
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie between 0 and 1, but is {level!r}; 0.99 flags 1 % of sound rows.")
    limit = chi2_distribution.ppf(level, np.maximum(dof, 1))
    return ConsistencyTest(chi2, dof, np.less_equal(chi2, limit))
