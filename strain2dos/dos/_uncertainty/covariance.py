# SPDX-License-Identifier: BSD-3-Clause
"""Covariance of features: from a fit of spectra, by names, checked, and as steps along its axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator

from strain2dos._estimators.columns import column_names, column_order

Array = NDArray[np.float64]


def feature_covariance(featurizer: BaseEstimator, spectra: ArrayLike) -> tuple[Array, Array]:
    """Return what a featurizer makes of spectra, with the covariance of each row.

    Parameters
    ----------
    featurizer : transformer
        Fitted `RamanFeaturizer`, or any transformer with its ``fit_spectra`` and ``get_feature_names_out``.
    spectra : array-like of shape (n_samples, n_shift)
        Spectra.

    Returns
    -------
    features : ndarray of shape (n_samples, n_features)
        What ``transform`` returns; NaN rows where the fit is not to be trusted.
    covariance : ndarray of shape (n_samples, n_features, n_features)
        Covariance of the columns, NaN in the same rows. Columns made of others, such as the distance of two
        lines, are correlated with them as in the fit.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos import RamanFeaturizer
    >>> from strain2dos.dos import feature_covariance
    >>> shift = np.linspace(360, 430, 110)
    >>> spectrum = 100 / (1 + ((shift - 384.2) / 1.5) ** 2) + 120 / (
    ...     1 + ((shift - 403.1) / 2.5) ** 2
    ... )
    >>> spectrum = spectrum + np.random.RandomState(0).normal(size=110)
    >>> featurizer = RamanFeaturizer(shift, split=False, features=("center",)).fit(
    ...     spectrum[None]
    ... )
    >>> features, covariance = feature_covariance(featurizer, spectrum[None])
    >>> features.shape, np.sqrt(np.diag(covariance[0])).round(2)
    ((1, 2), array([0.01, 0.01]))
    """
    fit = featurizer.fit_spectra(spectra)
    if hasattr(featurizer, "features_of"):
        return featurizer.features_of(fit)
    columns = [list(fit.names).index(name) for name in featurizer.get_feature_names_out()]
    lost = np.asarray(fit.status) != 0
    features = np.where(lost[:, np.newaxis], np.nan, fit.params[:, columns])
    covariance = fit.covariance[:, columns][:, :, columns]
    return features, np.where(lost[:, np.newaxis, np.newaxis], np.nan, covariance)


def named_covariance(covariance: ArrayLike, columns: list[str] | None, wanted: list[str] | None) -> ArrayLike:
    """Bring a covariance to the order of the model's columns: by its own names, else by those of X."""
    own = column_names(covariance)
    have, wanted = own or columns, wanted or columns
    if have is None or wanted is None:
        return covariance
    order = column_order(have, wanted, what="covariance")
    blur = np.asarray(covariance, dtype=np.float64)
    index = getattr(covariance, "index", None)
    if own and index is not None and list(index) != own:
        raise ValueError(
            f"covariance must have the same names along both axes, but its rows are {list(index)} "
            f"and its columns {own}; reorder it with covariance.loc[names, names]."
        )
    fits = blur.ndim in (2, 3) and blur.shape[-2:] == (len(have), len(have))
    return blur[..., order, :][..., order] if fits else blur


def check_covariance(covariance: ArrayLike, rows: Array) -> Array:
    """Return a covariance for each of the rows (n, k), or refuse what is none."""
    n, k = rows.shape
    blur = np.asarray(covariance, dtype=np.float64)
    if blur.shape == (k, k):
        blur = np.broadcast_to(blur, (n, k, k))
    if blur.shape != (n, k, k):
        raise ValueError(
            f"covariance must have shape {(n, k, k)} or {(k, k)} for X of shape {(n, k)}, but its shape is "
            f"{blur.shape}; standard deviations s (n_features,) go in as np.diag(s**2)."
        )
    with np.errstate(invalid="ignore"):
        uneven = np.abs(blur - blur.transpose(0, 2, 1)).max((1, 2), initial=0.0)
    wrong = uneven > 1e-8 * np.abs(blur).max((1, 2), initial=0.0)
    if wrong.any():
        raise ValueError(
            f"covariance must be symmetric, but covariance[{int(np.flatnonzero(wrong)[0])}] is not."
        )
    return blur


def deviations_along_axes(blur: Array) -> Array:
    """Return (n, k, k): row j is the j-th eigenvector times one standard deviation."""
    # in units of the features' own errors: areas in counts would drown centers in cm-1 by rounding
    unit = np.sqrt(np.maximum(np.einsum("ijj->ij", blur), 0.0))
    unit = np.where(unit > 0, unit, 1.0)
    size, vectors = np.linalg.eigh(blur / (unit[:, :, np.newaxis] * unit[:, np.newaxis, :]))
    if size.size and size.min() < -1e-6 * max(float(size.max()), 1e-300):
        row = int(np.argmin(size.min(1)))
        raise ValueError(
            f"covariance must have no negative eigenvalue, but the one of row {row} (among the finite rows) "
            f"has, {size[row].min():.3g} in units of its diagonal."
        )
    scaled = vectors * np.sqrt(np.maximum(size, 0.0))[:, np.newaxis, :]
    return scaled.transpose(0, 2, 1) * unit[:, np.newaxis, :]
