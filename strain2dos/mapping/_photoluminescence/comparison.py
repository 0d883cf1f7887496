# SPDX-License-Identifier: BSD-3-Clause
"""Does the predicted gap follow the photoluminescence?"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import stats

from strain2dos.mapping._photoluminescence.errors import error_of, lasting_error, remark
from strain2dos.mapping._photoluminescence.pairs import GAPS, LIGHTS, chosen_gap, chosen_pl, paired_maps
from strain2dos.mapping._photoluminescence.rates import StrainRate, strain_of, strain_rate
from strain2dos.mapping._photoluminescence.regression import block_labels, jackknife, moments, slope_of
from strain2dos.mapping._photoluminescence.result import PLComparison


def compare_with_pl(
    gap_map: xr.Dataset | xr.DataArray | npt.ArrayLike,
    pl_map: xr.Dataset | xr.DataArray | npt.ArrayLike,
    *,
    mask: xr.DataArray | npt.ArrayLike | None = None,
    method: str = "deming",
    error_ratio: float | None = None,
    block: int | None = None,
) -> PLComparison:
    r"""Compare predicted gaps with measured photoluminescence peak energies, pixel by pixel.

    Parameters
    ----------
    gap_map : Dataset, DataArray or array of shape (y, x)
        Predicted gap in eV. Of a Dataset ``gap_direct`` is taken where there is one, as light comes of the
        direct gap, and else ``gap``.
    pl_map : Dataset, DataArray or array of shape (y, x)
        PL peak energy in eV on the same pixels; of a Dataset, as from `fit_pl`, ``A_center``. A map on other
        pixels is brought over by :func:`register_maps`.
    mask : bool array of shape (y, x), default=None
        True where pixels shall be compared; pixels that are not finite in both maps are left out anyway.
    method : {"deming", "ols"}, default="deming"
        Deming regression allows for errors in both maps (with `error_ratio` 1 it is orthogonal regression);
        ordinary least squares takes the gaps as exact, which biases the slope towards 0 when they are not.
    error_ratio : float, default=None
        Variance of the PL errors over that of the gap errors, for "deming". None: from the errors
        (``NAME_std``) of two Datasets that hold them, else 1.
    block : int, default=None
        Side in pixels of the blocks left out in turn for `slope_error`; a quarter of the longer side by
        default.

    Returns
    -------
    PLComparison
        Slope, offset and correlation with their errors.

    Raises
    ------
    ValueError
        If the shapes or coordinates differ, fewer than 3 pixels remain, or a map does not vary.

    Notes
    -----
    With the covariances :math:`s_{gg}, s_{gp}, s_{pp}` of gap and PL and the error ratio :math:`\delta`,

    .. math:: \text{slope} = \frac{s_{pp} - \delta s_{gg} + \sqrt{(s_{pp} - \delta s_{gg})^2
              + 4 \delta s_{gp}^2}}{2 s_{gp}}.

    References
    ----------
    W. E. Deming, Statistical Adjustment of Data, Wiley (1943).

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.mapping import compare_with_pl
    >>> gap = np.linspace(1.5, 1.7, 20).reshape(4, 5)
    >>> result = compare_with_pl(gap, 0.9 * gap + 0.4)
    >>> round(result.slope, 6), round(result.intercept, 6), result.n_pixels
    (0.9, 0.4, 20)
    """
    if method not in ("deming", "ols"):
        raise ValueError(f"method must be 'deming' or 'ols', but got {method!r}.")
    if error_ratio is not None and not error_ratio > 0:
        raise ValueError(f"error_ratio must be positive, but got {error_ratio}.")
    gap, pl, use = paired_maps(chosen_gap(gap_map), chosen_pl(pl_map), mask)
    errors = [error_of(gap_map, GAPS, use), error_of(pl_map, LIGHTS, use)]
    if error_ratio is None:
        error_ratio = (errors[1] / errors[0]) ** 2 if all(errors) else 1.0
    ratio = error_ratio if method == "deming" else np.inf
    labels = block_labels(gap.shape, block)
    rates = _rates(strain_of(gap_map), gap, pl, use, labels)
    x, y = gap[use], pl[use]
    slope = slope_of(moments(x, y), ratio)
    intercept = float(y.mean() - slope * x.mean())
    residual = y - (intercept + slope * x)
    return PLComparison(
        slope=slope,
        slope_error=jackknife(x, y, labels[use], ratio),
        intercept=intercept,
        pearson=float(stats.pearsonr(x, y).statistic),
        spearman=float(stats.spearmanr(x, y).statistic),
        rms_residual_mev=float(1e3 * np.sqrt(np.mean(residual**2))),
        mean_offset_mev=float(1e3 * (y - x).mean()),
        n_pixels=int(use.sum()),
        method=method,
        **rates,
        slope_model_error=abs(slope) * lasting_error(gap_map, use) / float(x.std()),
        remark=remark(x, y, errors),
    )


def _rates(
    strain: np.ndarray | None, gap: np.ndarray, pl: np.ndarray, use: np.ndarray, labels: np.ndarray
) -> dict[str, float | None]:
    """Rates of both energies against strain, where it is known and varies."""
    if strain is None or strain.shape != gap.shape:
        return {}
    found: list[StrainRate | None] = [strain_rate(strain, energy, use, labels) for energy in (pl, gap)]
    if found[0] is None or found[1] is None:
        return {}
    error = None if np.isnan(found[0].error) else found[0].error
    return {"rate": found[0].value, "rate_error": error, "gap_rate": found[1].value}
