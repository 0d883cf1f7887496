# SPDX-License-Identifier: BSD-3-Clause
"""Predicted gap against photoluminescence, as a figure."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from matplotlib.axes import Axes

from strain2dos._plotting.axes import BLUE, GRAY, VERMILION, new_axes
from strain2dos._plotting.labels import with_minus
from strain2dos.mapping._photoluminescence.comparison import compare_with_pl
from strain2dos.mapping._photoluminescence.pairs import chosen_gap, chosen_pl, paired_maps
from strain2dos.mapping._photoluminescence.rates import LITERATURE_RATES
from strain2dos.mapping._photoluminescence.result import PLComparison

# Points beyond which a scatter hides how many lie upon each other.
_CROWD = 2000


class PLComparisonDisplay:
    """Scatter of photoluminescence (PL) peak energy against the predicted gap, with the fitted line.

    Parameters
    ----------
    gap, pl : array of shape (n,)
        Predicted gap and PL peak energy of the compared pixels, in eV.
    comparison : PLComparison
        Line and figures of merit.
    gap_label : str, default="Predicted band gap (eV)"
        Of the abscissa.

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

    def __init__(
        self,
        gap: np.ndarray,
        pl: np.ndarray,
        comparison: PLComparison,
        gap_label: str = "Predicted band gap (eV)",
    ) -> None:
        self.gap = gap
        self.pl = pl
        self.comparison = comparison
        self.gap_label = gap_label

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
        """Compare two maps (see :func:`compare_with_pl`) and plot them.

        Parameters
        ----------
        gap_map, pl_map : Dataset, DataArray or array of shape (y, x)
            Predicted gap and PL peak energy in eV, as of `compare_with_pl`.
        mask : bool array of shape (y, x), default=None
            True where pixels shall be compared.
        ax : Axes, default=None
            Where to draw; a new figure by default.
        **compare_options : dict
            For `compare_with_pl`.

        Returns
        -------
        PLComparisonDisplay
            The display.
        """
        comparison = compare_with_pl(gap_map, pl_map, mask=mask, **compare_options)
        chosen = chosen_gap(gap_map)
        gap, pl, use = paired_maps(chosen, chosen_pl(pl_map), mask)
        return cls(gap[use], pl[use], comparison, _label(chosen)).plot(ax=ax)

    def plot(self, ax: Axes | None = None) -> PLComparisonDisplay:
        """Draw into ``ax``, or a new figure; dense clouds become hexagons of pixel counts.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        PLComparisonDisplay
            The display itself.
        """
        ax = new_axes(ax, (5.0, 4.4))
        if len(self.gap) > _CROWD:
            cells = ax.hexbin(self.gap, self.pl, gridsize=60, mincnt=1, cmap="cividis", linewidths=0)
            ax.figure.colorbar(cells, ax=ax, label="Pixels")
        else:
            ax.scatter(self.gap, self.pl, s=14, color=BLUE, alpha=0.55, linewidths=0, label="Pixels")
        ends = np.array([self.gap.min(), self.gap.max()])
        fit = self.comparison
        error = "" if np.isnan(fit.slope_error) else f" ± {fit.slope_total_error:.3f}"
        ax.plot(ends, fit.predict(ends), color=VERMILION, lw=2, label=f"Line, slope {fit.slope:.3f}{error}")
        offset = 1e-3 * fit.mean_offset_mev
        shift = with_minus(f"{fit.mean_offset_mev:+.0f} meV")
        self._draw_literature(ax, ends)
        ax.plot(ends, ends + offset, color=GRAY, lw=1.2, ls="--", label=f"Slope 1, offset {shift}")
        words = (
            f"$r$ = {fit.pearson:.3f}   $\\rho$ = {fit.spearman:.3f}\n"
            f"RMS residual {fit.rms_residual_mev:.1f} meV   $n$ = {fit.n_pixels}"
        )
        if fit.remark:
            words += f"\n{textwrap.fill(fit.remark, 60)}"
        ax.set_title(words, fontsize="small", loc="left")
        ax.set(xlabel=self.gap_label, ylabel="PL peak energy (eV)")
        ax.legend(loc="best", frameon=False, fontsize="small")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw_literature(self, ax: Axes, ends: np.ndarray) -> None:
        """Shade where the light would lie with the rates that others measured on other flakes."""
        rate = self.comparison.gap_rate
        if not rate:
            return
        middle = np.array([self.gap.mean(), self.pl.mean()])
        lines = [middle[1] + slope / rate * (ends - middle[0]) for slope in LITERATURE_RATES]
        label = with_minus("Other flakes, -40 to -110 meV/%")
        ax.fill_between(ends, *np.sort(lines, axis=0), color=GRAY, alpha=0.15, lw=0, label=label)


def _label(gap: xr.DataArray | npt.ArrayLike) -> str:
    """Which gap is shown, and of which functional."""
    attrs = getattr(gap, "attrs", {})
    words = "direct gap at K" if getattr(gap, "name", None) == "gap_direct" else "band gap"
    functional = f", {attrs['functional']}" if attrs.get("functional") else ""
    return f"Predicted {words}{functional} (eV)"
