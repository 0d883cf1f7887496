# SPDX-License-Identifier: BSD-3-Clause
"""Predicted gap against photoluminescence, as a figure."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes

from strain2dos.mapping._photoluminescence.comparison import (
    PLComparison,
    chosen_gap,
    chosen_pl,
    compare_with_pl,
    paired_maps,
)

_INK, _LINE, _UNITY = "#0072B2", "#D55E00", "#555555"
_CROWD = 2000


class PLComparisonDisplay:
    """Scatter of photoluminescence (PL) peak energy against the predicted gap, with the fitted line.

    Parameters
    ----------
    gap, pl : array of shape (n,)
        Predicted gap and PL peak energy of the compared pixels, in eV.
    comparison : PLComparison
        Line and figures of merit.

    Attributes
    ----------
    ax_ : Axes
    figure_ : Figure

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.mapping import PLComparisonDisplay
    >>> gap = np.linspace(1.5, 1.7, 20).reshape(4, 5)
    >>> display = PLComparisonDisplay.from_maps(gap, gap + 0.2)
    >>> display.ax_.get_xlabel()
    'Predicted band gap (eV)'
    """

    def __init__(self, gap: np.ndarray, pl: np.ndarray, comparison: PLComparison) -> None:
        self.gap = gap
        self.pl = pl
        self.comparison = comparison

    @classmethod
    def from_maps(
        cls,
        gap_map: xr.Dataset | xr.DataArray | npt.ArrayLike,
        pl_map: xr.Dataset | xr.DataArray | npt.ArrayLike,
        *,
        mask: xr.DataArray | npt.ArrayLike | None = None,
        ax: Axes | None = None,
        **compare_options: Any,
    ) -> PLComparisonDisplay:
        """Compare two maps (see :func:`compare_with_pl`) and plot them."""
        comparison = compare_with_pl(gap_map, pl_map, mask=mask, **compare_options)
        gap, pl, use = paired_maps(chosen_gap(gap_map), chosen_pl(pl_map), mask)
        return cls(gap[use], pl[use], comparison).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> PLComparisonDisplay:
        """Draw into ``ax``, or a new figure; dense clouds become hexagons of pixel counts."""
        import matplotlib.pyplot as plt

        if ax is None:
            _, ax = plt.subplots(figsize=(5.0, 4.4), layout="constrained")
        if len(self.gap) > _CROWD:
            cells = ax.hexbin(self.gap, self.pl, gridsize=60, mincnt=1, cmap="cividis", linewidths=0)
            ax.figure.colorbar(cells, ax=ax, label="Pixels")
        else:
            ax.scatter(self.gap, self.pl, s=14, color=_INK, alpha=0.55, linewidths=0, label="Pixels")
        ends = np.array([self.gap.min(), self.gap.max()])
        fit = self.comparison
        error = "" if np.isnan(fit.slope_error) else f" ± {fit.slope_error:.3f}"
        ax.plot(ends, fit.predict(ends), color=_LINE, lw=2, label=f"Line, slope {fit.slope:.3f}{error}")
        offset = 1e-3 * fit.mean_offset_mev
        shift = f"{fit.mean_offset_mev:+.0f} meV"
        ax.plot(ends, ends + offset, color=_UNITY, lw=1.2, ls="--", label=f"Slope 1, offset {shift}")
        words = (
            f"$r$ = {fit.pearson:.3f}   $\\rho$ = {fit.spearman:.3f}\n"
            f"RMS residual {fit.rms_residual_mev:.1f} meV   $n$ = {fit.n_pixels}"
        )
        ax.set_title(words, fontsize="small", loc="left")
        ax.set(xlabel="Predicted band gap (eV)", ylabel="PL peak energy (eV)")
        ax.legend(loc="best", frameon=False, fontsize="small")
        self.ax_, self.figure_ = ax, ax.figure
        return self
