# SPDX-License-Identifier: BSD-3-Clause
"""Is this strain map written in the unit of the training data?"""

from __future__ import annotations

import warnings

import numpy as np
import numpy.typing as npt
import xarray as xr

from strain2dos.mapping._pixels.model import FittedModel

# |log10(ratio) - 1| below this counts as "a factor near 10": 7.1 to 14.1.
_NEAR = 0.15


def check_strain_unit(strain_map: xr.DataArray | npt.ArrayLike, training_range: npt.ArrayLike) -> float:
    """Warn when a strain map looks written in another unit than the training strains.

    A table labeled 0 to 0.333 and a map from 0.0004 to 0.0333 (as published together with the first
    notebooks of this kind) differ tenfold, and neither file states its unit. A factor near 10 or 100 (within
    7.1 to 14.1 or 71 to 141, either way) between the largest magnitudes therefore causes a warning; values
    are never rescaled.

    Parameters
    ----------
    strain_map : DataArray or array of any shape
        Strains to be mapped; NaN are left out.
    training_range : array-like
        Smallest and largest strain of the training data.

    Returns
    -------
    float
        Largest magnitude of the training strains over that of the map; NaN if either is zero or missing.

    Warns
    -----
    UserWarning
        If the factor is near 10 or 100 in either direction.

    Examples
    --------
    >>> import warnings
    >>> from strain2dos.mapping import check_strain_unit
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     factor = check_strain_unit([0.0004, 0.0333], (0, 0.333))
    >>> round(factor, 3)
    10.0
    >>> "10 times smaller" in str(caught[0].message)
    True
    """
    values = np.asarray(strain_map, dtype=np.float64)
    values = values[np.isfinite(values)]
    trained = np.asarray(training_range, dtype=np.float64).ravel()
    most, most_trained = np.abs(values).max(initial=0.0), np.abs(trained).max(initial=0.0)
    if not most or not most_trained:
        return float("nan")
    factor = float(most_trained / most)
    decades = np.log10(factor)
    if round(abs(decades)) in (1, 2) and abs(abs(decades) - round(abs(decades))) < _NEAR:
        smaller = "smaller" if factor > 1 else "larger"
        unit = getattr(strain_map, "attrs", {}).get("strain_unit")
        stated = f" (stated unit: {unit})" if unit else ""
        warnings.warn(
            f"the strain map runs from {values.min():.4g} to {values.max():.4g}{stated}, but the model was "
            f"trained on {trained.min():.4g} to {trained.max():.4g}: the map is about "
            f"{max(factor, 1 / factor):.3g} times {smaller}, as if it were in another unit. Nothing was "
            "rescaled; if the units differ, read the map again with its own strain_unit ('fraction', "
            "'percent' or 'label').",
            UserWarning,
            stacklevel=2,
        )
    return factor


def compare_with_training(cube: xr.DataArray, model: FittedModel) -> None:
    """Check the unit of a strain map against the range of training strains that the regressor keeps."""
    trained = getattr(model.final, "feature_range_", None)
    is_strain = cube.dims[-1] == "feature" and "feature" in cube.coords and cube.sizes["feature"] == 1
    if (
        trained is None
        or not is_strain
        or str(cube["feature"].values[0]) != "strain"
        or cube.chunks is not None
    ):
        return
    trained = np.asarray(trained, dtype=np.float64).reshape(-1, 1)
    if all(hasattr(step, "inverse_transform") for step in model.front):
        for step in reversed(model.front):
            trained = np.asarray(step.inverse_transform(trained))
        check_strain_unit(cube, trained.ravel())
