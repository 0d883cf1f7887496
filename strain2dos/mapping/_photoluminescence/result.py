# SPDX-License-Identifier: BSD-3-Clause
"""What a comparison with photoluminescence found: the line, its errors, and words for them."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt

from strain2dos.mapping._photoluminescence.rates import LITERATURE


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
