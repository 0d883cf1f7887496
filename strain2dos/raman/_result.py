# SPDX-License-Identifier: BSD-3-Clause
"""What a fit of many spectra gives besides the features."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from strain2dos.raman._status import FitStatus


@dataclass(frozen=True)
class SpectraFit:
    """Fitted features of n spectra with their errors.

    Attributes
    ----------
    params : (n, k) ndarray
        Features in the order of ``names``: centres and widths in cm-1, areas in counts x cm-1. Kept where the
        status is ``NOT_CONVERGED`` or later; NaN where nothing was fitted.
    sigma : (n, k) ndarray
        One standard deviation of each.
    covariance : (n, k, k) ndarray
    chi2 : (n,) ndarray
        Weighted sum of squared residuals: in counts squared for ``noise="gaussian"``, without unit for
        "poisson".
    status : (n,) ndarray of int
        `FitStatus` codes; 0 is a good fit.
    names : tuple of str
        The k feature names.
    n_points : (n,) ndarray of int
        Points that entered the fit.
    split_probability : (n,) ndarray
        Probability that the line which strain can split is a doublet; 0 for ``split=False``, 1 for
        ``split=True``.
    """

    params: NDArray[np.float64]
    sigma: NDArray[np.float64]
    covariance: NDArray[np.float64]
    chi2: NDArray[np.float64]
    status: NDArray[np.int64]
    names: tuple[str, ...]
    n_points: NDArray[np.int64]
    split_probability: NDArray[np.float64]

    def to_dataframe(self) -> pd.DataFrame:
        """One row per spectrum: features, ``<name>_sigma``, chi2, n_points, split_probability and status
        (name).

        Returns
        -------
        pandas.DataFrame
        """
        columns = {}
        for j, name in enumerate(self.names):
            columns[name] = self.params[:, j]
            columns[f"{name}_sigma"] = self.sigma[:, j]
        columns |= {
            "chi2": self.chi2,
            "n_points": self.n_points,
            "split_probability": self.split_probability,
            "status": [FitStatus(code).name for code in self.status],
        }
        return pd.DataFrame(columns)
