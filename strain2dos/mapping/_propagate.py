# SPDX-License-Identifier: BSD-3-Clause
"""From the noise of spectra to the error bars of curves and band edges."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from strain2dos._estimators.columns import aligned, as_named
from strain2dos._estimators.wrappers import look_through
from strain2dos.dos import NoisePropagation, feature_covariance, propagate_noise


def propagate_spectra(
    estimator: Any,
    spectra: ArrayLike,
    *,
    method: str = "linear",
    n_draws: int = 200,
    model_std: bool = False,
    random_state: int | np.random.RandomState | None = None,
) -> NoisePropagation:
    """Predict curves and band edges of spectra with the error bars that the noise of the spectra gives them.

    Parameters
    ----------
    estimator : Pipeline
        Fitted pipeline that begins with `RamanFeaturizer` and ends in a regressor of curves.
    spectra : array-like of shape (n_samples, n_shift)
        Spectra. Rows whose fit is not to be trusted give NaN.
    method, n_draws, model_std, random_state
        As in `strain2dos.dos.propagate_noise`.

    Returns
    -------
    NoisePropagation
        ``(dos, dos_std, vbm_std, cbm_std, gap_std, edges)``.

    Raises
    ------
    ValueError
        If the pipeline does not begin with a featurizer that gives a covariance.

    See Also
    --------
    strain2dos.dos.propagate_noise : The same from features and their covariance.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from strain2dos import RamanFeaturizer
    >>> from strain2dos.datasets import make_raman_dos
    >>> from strain2dos.mapping import propagate_spectra
    >>> data = make_raman_dos(48, random_state=0)
    >>> pipeline = make_pipeline(RamanFeaturizer(data.shift, features=("center",)), LinearRegression())
    >>> found = propagate_spectra(pipeline.fit(data.spectra, data.dos), data.spectra)
    >>> found.dos_std.shape == data.dos.shape
    True
    """
    chain = look_through(estimator)
    if not chain.front or not hasattr(chain.first, "fit_spectra"):
        raise ValueError(
            f"estimator must be a pipeline that begins with RamanFeaturizer and ends in a regressor, but its "
            f"first step is {type(chain.first).__name__}; call strain2dos.dos.propagate_noise with features "
            "and their covariance."
        )
    rows = as_named(aligned(spectra, chain.columns, what="spectra"), chain.first)
    features, covariance = feature_covariance(chain.first, rows)
    return propagate_noise(
        chain.after(1),
        features,
        covariance,
        method=method,
        n_draws=n_draws,
        model_std=model_std,
        random_state=random_state,
    )
