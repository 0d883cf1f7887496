# SPDX-License-Identifier: BSD-3-Clause
"""Does the predicted gap follow the photoluminescence?"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy import stats

from strain2dos.mapping._photoluminescence.pairs import GAPS, LIGHTS, chosen_gap, chosen_pl, paired_maps
from strain2dos.mapping._photoluminescence.rates import LITERATURE, StrainRate, strain_of, strain_rate
from strain2dos.mapping._photoluminescence.regression import block_labels, jackknife, moments, slope_of

# Parts of the range of gaps in which the model errs independently: as many as it has kinks and bends there.
_INDEPENDENT = 4


@dataclass(frozen=True)
class PLComparison:
    """How a map of the gap and a map of photoluminescence (PL) peak energies go together.

    Attributes
    ----------
    slope : float
        Change of the PL energy per change of the gap (eV/eV); 1 if the exciton follows the gap.
    slope_error : float
        Standard error of the slope from leaving out one block of neighboring pixels at a time; NaN for fewer
        than three blocks. Pixels are correlated in space, so an error that counts them as independent is too
        small.
    intercept : float
        PL energy of the line at gap 0, in eV.
    pearson, spearman : float
        Correlation of values and of ranks.
    rms_residual_mev : float
        Root mean square distance of the PL energies from the line, along the PL axis, in meV.
    mean_offset_mev : float
        Mean of PL energy minus gap, in meV: exciton binding and errors of the gap's zero together.
    n_pixels : int
        Pixels compared.
    method : str
        "deming" or "ols".
    rate, gap_rate : float or None
        Change of the PL energy and of the gap in meV per percent of mean strain in the plane, for maps that
        hold the strain.
    rate_error : float or None
        Standard error of `rate`.
    slope_model_error : float
        Error of the slope from errors of the gaps that do not average out: that of the model, taken as
        independent between the quarters of the gaps' range only, and that of the rates, which scales all of
        them; 0 where the map states no errors.
    remark : str
        A sentence where the contrast of a map is below its errors; empty elsewhere.

    Examples
    --------
    >>> from strain2dos.mapping import compare_with_pl
    >>> result = compare_with_pl([[1.5, 1.6], [1.7, 1.8]], [[1.80, 1.88], [1.99, 2.10]])
    >>> round(result.mean_offset_mev, 1), round(float(result.predict(1.6)), 3)
    (292.5, 1.892)
    """

    slope: float
    slope_error: float
    intercept: float
    pearson: float
    spearman: float
    rms_residual_mev: float
    mean_offset_mev: float
    n_pixels: int
    method: str
    rate: float | None = None
    gap_rate: float | None = None
    rate_error: float | None = None
    slope_model_error: float = 0.0
    remark: str = ""

    @property
    def slope_total_error(self) -> float:
        """Both errors of the slope together; NaN where `slope_error` is."""
        return float(np.hypot(self.slope_error, self.slope_model_error))

    def predict(self, gap: npt.ArrayLike) -> np.ndarray:
        """PL energy of the line at ``gap``, in eV.

        Parameters
        ----------
        gap : array-like
            Gaps in eV.

        Returns
        -------
        ndarray
            Energies in eV, of the shape of `gap`.
        """
        return self.intercept + self.slope * np.asarray(gap, dtype=np.float64)

    def summary(self) -> dict[str, str | float | int]:
        """Figures of merit with names and units as a report shows them.

        Returns
        -------
        dict
            Value by name with unit.
        """
        error = "" if np.isnan(self.slope_error) else f" ± {self.slope_total_error:.3f}"
        return {
            "slope (eV/eV)": f"{self.slope:.3f}{error}",
            "intercept (eV)": self.intercept,
            "Pearson correlation": self.pearson,
            "Spearman correlation": self.spearman,
            "RMS residual (meV)": self.rms_residual_mev,
            "mean offset PL - gap (meV)": self.mean_offset_mev,
            "pixels": self.n_pixels,
            **self._rates(),
        }

    def _rates(self) -> dict[str, str | float | int]:
        if self.rate is None or self.gap_rate is None:
            return {}
        error = "" if np.isnan(self.rate_error or np.nan) else f" ± {self.rate_error:.1f}"
        return {
            "PL against strain (meV/%)": f"{self.rate:.1f}{error}",
            "gap against strain (meV/%)": self.gap_rate,
            "literature": LITERATURE,
        }

    def words(self, gap: str = "gap") -> str:
        """Two sentences for a caption.

        Parameters
        ----------
        gap : str, default="gap"
            Name of the gap that was compared.

        Returns
        -------
        str
            The sentences.
        """
        error = "" if np.isnan(self.slope_error) else f" ± {self.slope_total_error:.2f}"
        kind = "gap at K" if gap == "gap_direct" else "smallest gap"
        words = f"The photoluminescence follows the {kind} with a slope of {self.slope:.2f}{error} eV/eV."
        if self.rate is not None:
            words += f" It moves by {self.rate:.0f} meV per % of strain; literature: {LITERATURE}."
        return f"{words} {self.remark}".strip()

    def to_dict(self) -> dict[str, float | int | str]:
        """All values by name, for tables.

        Returns
        -------
        dict
            Value by name of the field.
        """
        return asdict(self)


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
    errors = [_error_of(gap_map, GAPS, use), _error_of(pl_map, LIGHTS, use)]
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
        slope_model_error=abs(slope) * _lasting_error(gap_map, use) / float(x.std()),
        remark=_remark(x, y, errors),
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


def _error_of(values: object, names: tuple[str, ...], use: np.ndarray) -> float:
    """Median error of the compared pixels of the chosen variable; 0 where it is not known."""
    if not isinstance(values, xr.Dataset):
        return 0.0
    name = next((name for name in names if name in values), "")
    if f"{name}_std" not in values:
        return 0.0
    found = np.asarray(values[f"{name}_std"].transpose("y", "x").values, dtype=np.float64)[use]
    return float(np.nanmedian(found)) if np.isfinite(found).any() else 0.0


def _lasting_error(gap_map: object, use: np.ndarray) -> float:
    """Error in eV that does not average out over the pixels compared, as it acts on a slope."""
    if not isinstance(gap_map, xr.Dataset):
        return 0.0
    name = next((name for name in GAPS if name in gap_map), "")
    common = gap_map.get(f"{name}_common_std")
    shared = 0.0
    if common is not None:
        # an error that is the same everywhere moves the line; what differs between pixels tilts it
        shared = float(np.nanstd(np.asarray(common.transpose("y", "x").values, dtype=np.float64)[use]))
    return float(np.hypot(_error_of(gap_map, GAPS, use) / np.sqrt(_INDEPENDENT), shared))


def _remark(gap: np.ndarray, pl: np.ndarray, errors: list[float]) -> str:
    """Name the map whose contrast is below its errors."""
    low = [
        f"the {name} varies by {1e3 * np.std(values):.1f} meV and a pixel errs by {1e3 * error:.1f} meV"
        for name, values, error in (("gap", gap, errors[0]), ("PL", pl, errors[1]))
        if np.std(values) < error
    ]
    return f"Contrast below its error: {'; '.join(low)}." if low else ""
