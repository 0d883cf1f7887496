# SPDX-License-Identifier: BSD-3-Clause
"""Which feature's error makes a number uncertain."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from strain2dos._estimators.columns import finite_rows, scatter_rows
from strain2dos.explain._values.evaluations import Evaluations
from strain2dos.mapping._pixels.model import EDGE_NAMES, FittedModel

if TYPE_CHECKING:
    from strain2dos.dos import ConformalDOSRegressor


class ErrorShares(NamedTuple):
    r"""Variance of a number of each sample, divided among the errors of the features and of the model.

    With slopes :math:`g` of the number and the covariance :math:`C` of the features, the variance is
    :math:`g^T C g`, and feature j has the part :math:`g_j (C g)_j` of it. Parts add up to the variance. One
    can be negative: the error of its feature cancels some of that of another.

    Attributes
    ----------
    target : str
        What is uncertain, such as "gap".
    sources : tuple of str
        Features, then "model" where the model states its own error.
    variance : ndarray of shape (n, n_sources)
        In eV², or the square of the target's unit.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.explain import ErrorShares
    >>> found = ErrorShares("gap", ("E'_center", "model"), np.array([[9e-6, 16e-6]]))
    >>> found.std.round(4), found.share.round(2)
    (array([0.005]), array([[0.36, 0.64]]))
    """

    target: str
    sources: tuple[str, ...]
    variance: np.ndarray

    @property
    def std(self) -> np.ndarray:
        """Standard deviation (n,) from all sources."""
        return np.sqrt(np.maximum(self.variance.sum(axis=1), 0.0))

    @property
    def share(self) -> np.ndarray:
        """Parts (n, n_sources) of the variance; rows add up to 1."""
        total = self.variance.sum(axis=1, keepdims=True)
        return np.divide(self.variance, total, out=np.full_like(self.variance, np.nan), where=total > 0)

    def summary(self) -> pd.DataFrame:
        """Mean part of each source in the variance, and its standard deviation alone in meV.

        Returns
        -------
        DataFrame
            One row per source.
        """
        alone = 1e3 * np.sqrt(np.maximum(np.nanmean(self.variance, axis=0), 0.0))
        table = {
            "share of the variance": np.nanmean(self.share, axis=0),
            f"std of {self.target} (meV)": alone,
        }
        return pd.DataFrame(table, index=pd.Index(self.sources, name="source"))


def error_shares(
    model: FittedModel,
    conformal: ConformalDOSRegressor | None,
    target: str,
    sources: tuple[str, ...],
    rows: np.ndarray,
    covariance: np.ndarray,
) -> ErrorShares:
    """Divide the variance of a number of each row (n, p); NaN where row or covariance is not finite."""
    good = finite_rows(rows) & np.isfinite(covariance).all(axis=(1, 2))
    means = Evaluations(model, conformal, (target,))
    means.check()

    def function(some: np.ndarray) -> np.ndarray:
        return means(some[:, np.newaxis])[0][:, 0]

    parts = variance_parts(function, rows[good], covariance[good])
    if target in EDGE_NAMES and model.edges_have_std:
        own = Evaluations(model, None, (f"{target}_std",))(rows[good][:, np.newaxis])[0]
        parts, sources = np.column_stack([parts, np.square(own)]), (*sources, "model")
    return ErrorShares(target, sources, scatter_rows(parts, good))


def variance_parts(
    function: Callable[[np.ndarray], np.ndarray], rows: np.ndarray, covariance: np.ndarray
) -> np.ndarray:
    """Parts (n, p) of the variance of a function (n,) of rows (n, p), by the covariance of these (n, p, p).

    Slopes are mean ones over a standard deviation to either side, as in `propagate_noise`.
    """
    sigma = np.sqrt(np.maximum(np.einsum("nii->ni", covariance), 0.0))
    slopes = np.zeros_like(rows)
    for j in range(rows.shape[1]):
        some = np.flatnonzero(sigma[:, j] > 0)
        if not len(some):
            continue
        step = np.zeros((len(some), rows.shape[1]))
        step[:, j] = sigma[some, j]
        slopes[some, j] = (function(rows[some] + step) - function(rows[some] - step)) / (2 * sigma[some, j])
    return slopes * np.einsum("nij,nj->ni", covariance, slopes)
