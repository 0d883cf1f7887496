# SPDX-License-Identifier: BSD-3-Clause
"""Unstrained positions out of spectra of an unstrained place."""

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone

from strain2dos.raman._features.featurizer import RamanFeaturizer
from strain2dos.raman._features.units import in_wavenumbers
from strain2dos.raman._fitting.status import FitStatus

if TYPE_CHECKING:
    import xarray as xr


def measure_unstrained(
    spectra: "xr.DataArray | ArrayLike",
    shift: ArrayLike | None = None,
    *,
    region: tuple[float, float, float, float] | None = None,
    featurizer: RamanFeaturizer | None = None,
    **options: Any,
) -> dict[str, tuple[float, float]]:
    """Positions of the unstrained lines and their errors, from a spectrum or a region of a map.

    Parameters
    ----------
    spectra : DataArray with dim "shift", or array-like of shape (n_shift,) or (n, n_shift)
        Spectra of the unstrained material, or a map (y, x, shift) that holds some in ``region``.
    shift : array-like of shape (n_shift,), optional
        Axis in cm-1; that of the DataArray where left out.
    region : tuple of float (x0, y0, x1, y1), optional
        Corners of the unstrained place, in the units of the map's coordinates x and y.
    featurizer : RamanFeaturizer, optional
        How to fit; by default ``RamanFeaturizer(shift, **options)``. Its own ``unstrained`` is left out.
    **options
        Parameters of `RamanFeaturizer`, such as ``reference="Si"`` or ``noise="poisson"``.

    Returns
    -------
    dict of str to (float, float)
        Position and standard error in cm-1 of each usual line, for ``RamanFeaturizer(unstrained=...)``. The
        error is that of the mean: from the errors of the fits, or the scatter of the spectra where that is
        larger.

    Raises
    ------
    ValueError
        Where the region holds no spectrum, or no spectrum could be fitted.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.raman import RamanFeaturizer, measure_unstrained
    >>> from strain2dos.simulate import simulate_spectra
    >>> shift = np.arange(350.0, 440.0, 0.5)
    >>> spectra = simulate_spectra([[384.1, 384.1, 403.0]] * 25, shift, random_state=0)
    >>> unstrained = measure_unstrained(spectra, shift)
    >>> {name: position.__round__(1) for name, (position, _) in unstrained.items()}
    {"E'": 384.1, "A1'": 403.0}
    >>> featurizer = RamanFeaturizer(shift, unstrained=unstrained)
    >>> centers = featurizer.fit(spectra).fit_spectra(spectra).to_dataframe()["E'_center"]
    >>> float(centers.mean().round(1))
    384.6
    """
    rows, axis = _rows(spectra, shift, region)
    if featurizer is None:
        featurizer = RamanFeaturizer(axis, **options)
    model = clone(featurizer).set_params(shift=axis, unstrained=None)
    fit = model.fit(rows).fit_spectra(rows)
    good = fit.status == FitStatus.OK
    if not good.any():
        reasons = sorted({FitStatus(code).name for code in fit.status})
        raise ValueError(
            f"none of the {len(rows)} spectra of the unstrained place could be fitted "
            f"({', '.join(reasons)}); "
            'take another place, or give positions: unstrained={"E\'": 384.2, "A1\'": 403.1}.'
        )
    found = {}
    for name in fit.calibration.names:
        j = fit.names.index(f"{name}_center")
        values, sigma = fit.params[good, j], np.maximum(fit.sigma[good, j], 1e-6)
        weights = sigma**-2
        mean = float(np.average(values, weights=weights))
        scatter = float(np.sqrt(np.average((values - mean) ** 2, weights=weights) / max(len(values) - 1, 1)))
        found[name] = (mean, max(float(weights.sum() ** -0.5), scatter))
    return found


def _rows(
    spectra: Any,
    shift: ArrayLike | None,
    region: tuple[float, float, float, float] | None,
) -> tuple[np.ndarray, np.ndarray | None]:
    axis = None if shift is None else np.asarray(shift, dtype=float)
    if not hasattr(spectra, "dims"):
        if region is not None:
            raise ValueError(
                "region needs a labeled map (DataArray with x and y), but spectra has no labels."
            )
        return np.atleast_2d(np.asarray(spectra, dtype=float)), axis
    spectra = in_wavenumbers(spectra)
    if region is not None:
        x0, y0, x1, y1 = region
        inside = (spectra.x >= min(x0, x1)) & (spectra.x <= max(x0, x1))
        inside = inside & (spectra.y >= min(y0, y1)) & (spectra.y <= max(y0, y1))
        if not bool(inside.any()):
            raise ValueError(
                f"region {region} holds no spectrum: x runs from {float(spectra.x.min()):g} to "
                f"{float(spectra.x.max()):g} and y from {float(spectra.y.min()):g} to "
                f"{float(spectra.y.max()):g}."
            )
        spectra = spectra.where(inside)
    values = spectra.transpose(..., "shift").values.reshape(-1, spectra.sizes["shift"])
    values = values[np.isfinite(values).any(axis=1)]
    return values, spectra["shift"].values.astype(float) if axis is None else axis
