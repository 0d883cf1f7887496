# SPDX-License-Identifier: BSD-3-Clause
"""Measured spectra with their fits, for the pages that show them."""

from __future__ import annotations

import numpy as np
import xarray as xr
from sklearn.base import BaseEstimator

from strain2dos._estimators.wrappers import look_through

# A map with more spectra keeps the fits of a part of them: one is fitted again for each.
MAX_SPECTRA = 2500
# Spectra with fewer finite points are not fitted.
_FINITE = 0.9


def spectra_with_fit(
    cube: xr.DataArray, estimator: BaseEstimator, *, max_spectra: int = MAX_SPECTRA
) -> xr.Dataset:
    """Put measured spectra and fitted curves together over the range of the fit.

    Parameters
    ----------
    cube : DataArray of shape (y, x, shift), or (n, shift)
        Spectra.
    estimator : RamanFeaturizer, or a pipeline that starts with one
        Fitted on the axis of the spectra.
    max_spectra : int, default=2500
        Of more spectra every n-th row and column is kept; the others are NaN.

    Returns
    -------
    Dataset
        ``intensity`` and ``fit`` with the dims of `cube`, in counts. ``fit`` is NaN where there is none.

    Raises
    ------
    ValueError
        If the estimator reads no spectra.

    Examples
    --------
    >>> from strain2dos.datasets import make_raman_map
    >>> from strain2dos.raman import RamanFeaturizer
    >>> from strain2dos.report import spectra_with_fit
    >>> cube = make_raman_map((8, 8), random_state=0).intensity
    >>> featurizer = RamanFeaturizer(cube["shift"].values).fit(cube.values.reshape(64, -1))
    >>> sorted(spectra_with_fit(cube, featurizer).data_vars)
    ['fit', 'intensity']
    """
    featurizer = estimator
    if not hasattr(estimator, "_curves"):
        featurizer = look_through(estimator).featurizer
    if not hasattr(featurizer, "_curves"):
        raise ValueError(
            f"{type(estimator).__name__} reads no spectra, so there is no fit to show; give the pipeline "
            "whose first step is a RamanFeaturizer."
        )
    dims = tuple(str(dim) for dim in cube.dims if dim != "shift")
    cube = cube.transpose(*dims, "shift")
    rows = np.asarray(cube.values, dtype=np.float64).reshape(-1, cube.sizes["shift"])
    axis = np.asarray(cube["shift"].values, dtype=np.float64)
    kept = np.flatnonzero(_kept(cube, dims, max_spectra))
    intensity, fit = (np.full(rows.shape, np.nan) for _ in range(2))
    for k in kept:
        intensity[k] = rows[k]
        if np.isfinite(rows[k]).mean() > _FINITE:
            curves = featurizer._curves(rows[k], 0)
            fit[k, np.isin(axis, curves["shift"])] = curves["intensity"] - curves["residual"]
    share = np.isfinite(fit).mean(axis=0)
    # windows grow in a few spectra that show further lines; the page leaves these out
    fitted = np.flatnonzero(share > 0.5 * share.max(initial=0.0))
    window = slice(fitted[0], fitted[-1] + 1) if fitted.size else slice(None)
    shape = tuple(cube.sizes[dim] for dim in dims)
    coords = {str(name): value for name, value in cube.coords.items() if "shift" not in value.dims}
    return xr.Dataset(
        {
            name: ((*dims, "shift"), values[:, window].reshape(*shape, -1), {"units": "counts"})
            for name, values in (("intensity", intensity), ("fit", fit))
        },
        coords={**coords, "shift": ("shift", axis[window], {"units": "cm-1"})},
    )


def _kept(cube: xr.DataArray, dims: tuple[str, ...], most: int) -> np.ndarray:
    """Spectra (n,) that keep their curves: every n-th along each dim."""
    sizes = tuple(cube.sizes[dim] for dim in dims)
    kept = np.zeros(sizes, dtype=bool)
    step = int(np.ceil((kept.size / most) ** (1 / max(1, len(sizes))))) if kept.size > most else 1
    kept[tuple(slice(None, None, step) for _ in sizes)] = True
    return kept.ravel()
