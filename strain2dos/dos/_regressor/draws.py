# SPDX-License-Identifier: BSD-3-Clause
"""Curves drawn from what a fitted regressor predicts, and their quantiles."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import norm, qmc
from sklearn.utils import check_random_state

from strain2dos.dos._common.threads import one_thread
from strain2dos.dos._regressor.parameters import check_device
from strain2dos.dos._regressor.rows import CheckedRows, without_rows

Array = NDArray[np.float64]

# Curves behind a quantile: a power of two, as Sobol sequences want it. Thirteen lie below the 5 % quantile.
_DRAWS = 256


class Draws(CheckedRows):
    """Give the regressor its draws and quantiles."""

    def predict_quantiles(self, X: ArrayLike, q: ArrayLike) -> Array:
        """Predict quantiles of the density at each energy.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Strain components or Raman features.
        q : float or array-like of shape (n_quantiles,)
            Probabilities between 0 and 1.

        Returns
        -------
        ndarray of shape (n_samples, n_energies), or (n_quantiles, n_samples, n_energies) for several `q`
            Quantiles [states/eV/cell] of 256 curves drawn from the mixture, the same draws for each row.

        Raises
        ------
        ValueError
            If a probability lies outside 0 to 1.
        """
        X, lost = self._check_rows(X)
        wanted = np.asarray(q, dtype=np.float64)
        if wanted.ndim > 1 or not ((wanted >= 0) & (wanted <= 1)).all():
            raise ValueError(
                f"q must hold probabilities between 0 and 1, but it is {q!r}; pass for instance 0.9."
            )
        places, normals = _fixed_draws(len(self.fitted_.basis.directions))
        with one_thread():
            parts = self.fitted_.samples(X, check_device(self.device), places, normals)
            quantiles = [np.quantile(curves, wanted, axis=1) for _, curves in parts]
        found = without_rows(np.concatenate(quantiles, axis=wanted.ndim), lost, axis=wanted.ndim)
        return found[..., 0] if self.fitted_.flat else found

    def sample_curves(
        self, X: ArrayLike, n_samples: int = 1, random_state: int | np.random.RandomState | None = None
    ) -> Array:
        """Draw curves from the predictive distribution; densities of one curve err together.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Strain components or Raman features.
        n_samples : int, default=1
            Curves to draw for each row.
        random_state : int, RandomState instance or None, default=None
            Seed of the draws.

        Returns
        -------
        ndarray of shape (len(X), n_samples, n_energies)
            Curves [states/eV/cell]: a member of the mixture is drawn, then scores from its normal law.

        Raises
        ------
        ValueError
            If `n_samples` is not positive.
        """
        X, lost = self._check_rows(X)
        if int(n_samples) != n_samples or n_samples < 1:
            raise ValueError(f"n_samples must be a positive integer, but it is {n_samples!r}.")
        random, size = check_random_state(random_state), (len(X), int(n_samples))
        places = random.uniform(size=size)
        normals = random.normal(size=(*size, len(self.fitted_.basis.directions)))
        with one_thread():
            parts = self.fitted_.samples(X, check_device(self.device), places, normals)
            drawn = np.concatenate([curves for _, curves in parts])
        drawn = without_rows(drawn, lost)
        return drawn[..., 0] if self.fitted_.flat else drawn


def _fixed_draws(n_scores: int) -> tuple[Array, Array]:
    """Return (1, n) places in the mixture and (1, n, n_scores) normal numbers, the same at every call."""
    uniform = qmc.Sobol(n_scores + 1, seed=np.random.default_rng(0)).random(_DRAWS)
    uniform = np.clip(uniform, 1e-9, 1 - 1e-9)
    return uniform[None, :, 0], norm.ppf(uniform[None, :, 1:])
