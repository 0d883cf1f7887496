# SPDX-License-Identifier: BSD-3-Clause
"""From the noise of spectra to the error bars of curves and band edges."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator

from strain2dos._estimators.chain import Chain
from strain2dos._estimators.columns import aligned, as_named
from strain2dos._estimators.wrappers import look_through
from strain2dos._grids import energy_coordinate
from strain2dos.dos import NoisePropagation, feature_covariance, propagate_noise
from strain2dos.mapping._pixels.cube import align_columns, as_cube
from strain2dos.mapping._pixels.dataset import attrs_of, dims_of
from strain2dos.mapping._pixels.model import FittedModel
from strain2dos.raman._features.to_xarray import places_of


def propagate_spectra(
    estimator: BaseEstimator,
    spectra: ArrayLike | xr.DataArray,
    *,
    method: str = "linear",
    n_draws: int = 200,
    model_std: bool = False,
    random_state: int | np.random.RandomState | None = None,
) -> NoisePropagation | xr.Dataset:
    """Predict curves and band edges of spectra with the error bars that the noise of the spectra gives them.

    Parameters
    ----------
    estimator : Pipeline
        Fitted pipeline that begins with `RamanFeaturizer` and ends in a regressor of curves.
    spectra : array-like of shape (n_samples, n_shift), or DataArray with dims y, x and shift
        Spectra. Those whose fit is not to be trusted give NaN.
    method, n_draws, model_std, random_state : optional
        As in `strain2dos.dos.propagate_noise`.

    Returns
    -------
    NoisePropagation, or Dataset for a DataArray with dims y and x
        ``(dos, dos_std, vbm_std, cbm_std, gap_std, edges)``; in a Dataset, maps of the same names and of
        ``vbm``, ``cbm`` and ``gap``.

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
    >>> pipeline = make_pipeline(
    ...     RamanFeaturizer(data.shift, features=("center",)), LinearRegression()
    ... )
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
    options: dict[str, Any] = {
        "method": method,
        "n_draws": n_draws,
        "model_std": model_std,
        "random_state": random_state,
    }
    if isinstance(spectra, xr.DataArray) and {"y", "x"} <= set(spectra.dims):
        cube = align_columns(as_cube(spectra), FittedModel.from_estimator(estimator))
        rows = np.asarray(cube.values, dtype=np.float64).reshape(-1, cube.shape[-1])
        return _as_maps(_propagate_rows(chain, rows, options), cube, chain.energies)
    return _propagate_rows(chain, spectra, options)


def _propagate_rows(chain: Chain, spectra: ArrayLike, options: dict[str, Any]) -> NoisePropagation:
    rows = as_named(aligned(spectra, chain.columns, what="spectra"), chain.first)
    features, covariance = feature_covariance(chain.first, rows)
    return propagate_noise(chain.after(1), features, covariance, **options)


def _as_maps(found: NoisePropagation, cube: xr.DataArray, energies: np.ndarray | None) -> xr.Dataset:
    """Lay rows on the pixels of a cube (y, x, shift)."""
    shape = cube.shape[:2]
    values = {name: getattr(found, name) for name in ("dos", "dos_std", "vbm_std", "cbm_std", "gap_std")}
    if found.edges is not None:
        values |= found.edges._asdict()
    coords = places_of(cube)
    coords["energy"] = energy_coordinate(energies, found.dos.shape[1])
    variables = {
        name: (dims_of(name), np.reshape(array, (*shape, *np.shape(array)[1:])), attrs_of(name))
        for name, array in values.items()
        if array is not None
    }
    return xr.Dataset(variables, coords=coords)
