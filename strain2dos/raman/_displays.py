# SPDX-License-Identifier: BSD-3-Clause
"""Figures of fits: one spectrum with its lines, and the correlation of the two line positions."""

from types import ModuleType
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.raman._separator import PERCENT, StrainDopingSeparator
from strain2dos.raman._status import FitStatus

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from strain2dos.raman._featurizer import RamanFeaturizer

# Okabe and Ito, Color Universal Design (2008).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")


def _pyplot() -> ModuleType:
    import matplotlib.pyplot as plt

    return plt


class SpectrumFitDisplay:
    """A spectrum with the fitted curve, its lines and the residual.

    Make it with `from_estimator`.

    Parameters
    ----------
    shift, intensity, residual : (m,) ndarray
        Raman shift in cm-1, measured counts and what the fit leaves of them, over the range of the fit.
    curve_shift, baseline : (k,) ndarray
        Finer axis for the curves, and the baseline on it.
    components : dict of str to (k,) ndarray
        Each line without the baseline.
    status : FitStatus

    Attributes
    ----------
    ax_ : matplotlib Axes
        Spectrum and fit.
    residual_ax_ : matplotlib Axes or None
    figure_ : matplotlib Figure

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.raman import RamanFeaturizer, SpectrumFitDisplay
    >>> shift = np.linspace(360, 430, 110)
    >>> spectrum = 90 / (1 + ((shift - 384) / 1.5) ** 2) + 120 / (1 + ((shift - 403) / 2.5) ** 2)
    >>> featurizer = RamanFeaturizer(shift).fit(spectrum[np.newaxis])
    >>> display = SpectrumFitDisplay.from_estimator(featurizer, spectrum)
    >>> display.ax_.get_ylabel()
    'Intensity (counts)'
    """

    def __init__(
        self,
        shift: NDArray[np.float64],
        intensity: NDArray[np.float64],
        residual: NDArray[np.float64],
        curve_shift: NDArray[np.float64],
        baseline: NDArray[np.float64],
        components: dict[str, NDArray[np.float64]],
        status: FitStatus,
    ) -> None:
        self.shift = shift
        self.intensity = intensity
        self.residual = residual
        self.curve_shift = curve_shift
        self.baseline = baseline
        self.components = components
        self.status = status

    @classmethod
    def from_estimator(
        cls, estimator: "RamanFeaturizer", spectrum: ArrayLike, *, group: int = 0, ax: "Axes | None" = None
    ) -> Self:
        """Fit one spectrum and plot it.

        Parameters
        ----------
        estimator : RamanFeaturizer
            Fitted.
        spectrum : array-like of shape (n_shift,)
        group : int, default=0
            Which set of lines, where a material has lines too far apart for one baseline (graphene: 0 is G,
            1 is 2D).
        ax : matplotlib Axes, default=None
            Without it a new figure with a residual panel is made.

        Returns
        -------
        SpectrumFitDisplay
        """
        spectrum = np.asarray(spectrum, dtype=float)
        if spectrum.ndim != 1:
            raise ValueError(f"spectrum must be one row of X, but has shape {spectrum.shape}; pass X[i].")
        return cls(**estimator._curves(spectrum, group)).plot(ax=ax)

    def plot(self, *, ax: "Axes | None" = None) -> Self:
        """Draw into ``ax``, or into a new figure with a residual panel.

        Parameters
        ----------
        ax : matplotlib Axes, default=None

        Returns
        -------
        self
        """
        self.residual_ax_ = None
        if ax is None:
            _, (ax, self.residual_ax_) = _pyplot().subplots(
                2, 1, sharex=True, figsize=(6.4, 4.8), height_ratios=(4, 1), layout="constrained"
            )
        curve = self.baseline + sum(self.components.values())
        ax.plot(self.shift, self.intensity, "o", ms=3, color="0.45", label="measured")
        for colour, (name, line) in zip(COLOURS[1:], self.components.items(), strict=False):
            ax.fill_between(
                self.curve_shift,
                self.baseline,
                self.baseline + line,
                color=colour,
                alpha=0.35,
                lw=0,
                label=name,
            )
        ax.plot(self.curve_shift, self.baseline, "--", lw=1, color="0.3", label="baseline")
        ax.plot(self.curve_shift, curve, lw=1.5, color=COLOURS[0], label="fit")
        ax.set_ylabel("Intensity (counts)")
        ax.legend(frameon=False)
        if self.status != FitStatus.OK:
            ax.set_title(f"status: {self.status.name}")
        bottom = ax
        if self.residual_ax_ is not None:
            bottom = self.residual_ax_
            bottom.axhline(0.0, color="0.7", lw=0.8)
            bottom.plot(self.shift, self.residual, lw=1, color="0.3")
            bottom.set_ylabel("Residual")
            ax.figure.align_ylabels()
        bottom.set_xlabel("Raman shift (cm$^{-1}$)")
        self.ax_, self.figure_ = ax, ax.figure
        return self


class CorrelationDisplay:
    """Positions of the two lines against each other, with the axes of pure strain and pure doping.

    Make it with `from_estimator`.

    Parameters
    ----------
    centers : (n, 2) ndarray
        Positions of the first and second line in cm-1.
    origin : (2,) ndarray
        Unstrained and neutral.
    matrix : (2, 2) ndarray
        Shifts per unit of strain (fraction) and per 1e13 electrons/cm2.
    mode_names : pair of str
    values : (n,) ndarray, optional
        Colour of the points; by default the strain in percent.
    value_label : str

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    colorbar_ : matplotlib Colorbar

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.raman import CorrelationDisplay, StrainDopingSeparator
    >>> centers = np.array([[384.6, 402.7], [380.3, 400.2], [382.4, 400.9]])
    >>> separator = StrainDopingSeparator().fit(centers)
    >>> display = CorrelationDisplay.from_estimator(separator, centers)
    >>> display.ax_.get_xlabel()
    "E' (cm$^{-1}$)"
    """

    def __init__(
        self,
        centers: NDArray[np.float64],
        origin: NDArray[np.float64],
        matrix: NDArray[np.float64],
        mode_names: tuple[str, str] = ("E'", "A1'"),
        *,
        values: NDArray[np.float64] | None = None,
        value_label: str = "Biaxial strain (%)",
    ) -> None:
        self.centers = centers
        self.origin = origin
        self.matrix = matrix
        self.mode_names = mode_names
        self.values = values
        self.value_label = value_label

    @classmethod
    def from_estimator(
        cls, estimator: StrainDopingSeparator, X: ArrayLike, *, ax: "Axes | None" = None
    ) -> Self:
        """Plot the positions in X with the axes of a fitted separator.

        Parameters
        ----------
        estimator : StrainDopingSeparator
        X : array-like of shape (n_samples, n_features)
            As for its ``transform``; rows with NaN are left out.
        ax : matplotlib Axes, default=None

        Returns
        -------
        CorrelationDisplay
        """
        separated = np.asarray(estimator.transform(X), dtype=float)
        centers = estimator.inverse_transform(separated)
        names = tuple(estimator.mode_names_)
        return cls(
            centers, estimator.origin_, estimator.matrix_, names, values=PERCENT * separated[:, 0]
        ).plot(ax=ax)

    def plot(self, *, ax: "Axes | None" = None) -> Self:
        """Draw into ``ax`` or a new figure.

        Parameters
        ----------
        ax : matplotlib Axes, default=None

        Returns
        -------
        self
        """
        if ax is None:
            _, ax = _pyplot().subplots(figsize=(5.6, 4.6), layout="constrained")
        values = np.zeros(len(self.centers)) if self.values is None else self.values
        good = np.isfinite(self.centers).all(axis=1)
        centers, values = self.centers[good], values[good]
        limit = max(float(np.abs(values).max(initial=0.0)), 1e-3)
        self._draw_axes(ax, centers)
        points = ax.scatter(
            *centers.T,
            c=values,
            cmap="RdBu_r",
            vmin=-limit,
            vmax=limit,
            s=14,
            edgecolors="0.35",
            linewidths=0.3,
            zorder=3,
        )
        self.colorbar_ = ax.figure.colorbar(points, ax=ax, label=self.value_label)
        ax.set_xlabel(f"{self.mode_names[0]} (cm$^{{-1}}$)")
        ax.set_ylabel(f"{self.mode_names[1]} (cm$^{{-1}}$)")
        ax.legend(frameon=False, loc="best")
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _draw_axes(self, ax: "Axes", centers: NDArray[np.float64]) -> None:
        everything = np.vstack([centers, self.origin])
        low, high = everything.min(axis=0), everything.max(axis=0)
        pad = 0.08 * np.maximum(high - low, 2.0)
        directions = (self.matrix[:, 0] / PERCENT, self.matrix[:, 1])
        labels = ("strain, 1 % between marks", r"doping, $10^{13}$ e/cm$^2$ between marks")
        for direction, label, colour in zip(directions, labels, COLOURS[:2], strict=True):
            marks = self.origin + np.arange(-20, 21)[:, None] * direction
            ax.plot(*marks.T, "-", marker="|", ms=8, lw=1.2, color=colour, label=label, zorder=2)
        ax.plot(*self.origin, "k*", ms=10, label="unstrained, neutral", zorder=4)
        ax.set_xlim(low[0] - pad[0], high[0] + pad[0])
        ax.set_ylim(low[1] - pad[1], high[1] + pad[1])
