# SPDX-License-Identifier: BSD-3-Clause
"""Figure of one spectrum with its fit."""

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos._plotting.axes import COLORS, pyplot, status_words
from strain2dos._plotting.labels import mode_label
from strain2dos._renamed import renamed_parameters
from strain2dos.raman._fitting.status import FitStatus

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from strain2dos.raman._features.featurizer import RamanFeaturizer

_SHIFT_LABEL = "Raman shift (cm$^{-1}$)"


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
        Whether the numbers are to be trusted.
    centers : dict of str to (float, float), optional
        Position of each line and its standard deviation in cm-1, for the legend.
    masked : (m,) ndarray of bool, optional
        Points that stayed out of the fit; those that are not finite always count as such.

    Attributes
    ----------
    ax_ : matplotlib Axes
        Spectrum and fit.
    residual_ax_ : matplotlib Axes or None
    figure_ : matplotlib Figure
    noise_ : float
        Standard deviation of the residual in counts (from its median absolute value), the unit of the lower
        panel.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.raman import RamanFeaturizer, SpectrumFitDisplay
    >>> shift = np.linspace(360, 430, 110)
    >>> spectrum = 90 / (1 + ((shift - 384) / 1.5) ** 2) + 120 / (
    ...     1 + ((shift - 403) / 2.5) ** 2
    ... )
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
        *,
        centers: dict[str, tuple[float, float]] | None = None,
        masked: NDArray[np.bool_] | None = None,
    ) -> None:
        self.shift = shift
        self.intensity = intensity
        self.residual = residual
        self.curve_shift = curve_shift
        self.baseline = baseline
        self.components = components
        self.status = status
        self.centers = centers
        self.masked = masked

    @classmethod
    @renamed_parameters(group="region")
    def from_estimator(
        cls, estimator: "RamanFeaturizer", spectrum: ArrayLike, *, region: int = 0, ax: "Axes | None" = None
    ) -> Self:
        """Fit one spectrum and plot it.

        Parameters
        ----------
        estimator : RamanFeaturizer
            Fitted.
        spectrum : array-like of shape (n_shift,)
            Counts on the axis of the fit.
        region : int, default=0
            Which set of lines, where a material has lines too far apart for one baseline (graphene: 0 is G,
            1 is 2D).
        ax : matplotlib Axes, default=None
            Without it a new figure with a residual panel is made.

        Returns
        -------
        SpectrumFitDisplay

        Raises
        ------
        ValueError
            If ``spectrum`` is not a single row.

        Notes
        -----
        The curves lie on the axis as measured. With ``reference="Si"`` the centers in the legend are those of
        the features, on the axis that the silicon line corrects.
        """
        spectrum = np.asarray(spectrum, dtype=float)
        if spectrum.ndim != 1:
            raise ValueError(f"spectrum must be one row of X, but has shape {spectrum.shape}; pass X[i].")
        return cls(**estimator._curves(spectrum, region), centers=line_centers(estimator, spectrum)).plot(
            ax=ax
        )

    def plot(self, *, ax: "Axes | None" = None) -> Self:
        """Draw into ``ax``, or into a new figure with a residual panel.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        self
            The display itself.
        """
        self.residual_ax_ = None
        if ax is None:
            _, (ax, self.residual_ax_) = pyplot().subplots(
                2, 1, sharex=True, figsize=(6.4, 5.0), height_ratios=(4, 1.2), layout="constrained"
            )
        self.draw(ax)
        ax.set_ylabel("Intensity (counts)")
        ax.legend(frameon=False, fontsize="small")
        if self.status != FitStatus.OK:
            ax.set_title(f"Not used: {status_words(self.status)}", fontsize="medium")
        self.noise_ = _robust_sigma(self.residual[~self._out()])
        if self.residual_ax_ is not None:
            self._draw_residual(self.residual_ax_)
        (self.residual_ax_ or ax).set_xlabel(_SHIFT_LABEL)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def draw(self, ax: "Axes", *, size: float = 3.0) -> None:
        """Draw points, lines and fit only, in markers of ``size`` points: no labels, no legend.

        Parameters
        ----------
        ax : Axes
            Where to draw.
        size : float, default=3.0
            Diameter of the points, in points of type.
        """
        out = self._out()
        if out.all() and out.size:
            ax.set_xlim(self.shift[0], self.shift[-1])
            ax.set_yticks([])
        ax.plot(self.shift[~out], self.intensity[~out], "o", ms=size, mew=0, color="0.45", label="measured")
        total = self.baseline + sum(self.components.values())
        for k, (name, line) in enumerate(self.components.items()):
            ax.fill_between(
                self.curve_shift,
                self.baseline,
                self.baseline + line,
                color=COLORS[1 + k % (len(COLORS) - 1)],
                alpha=0.4,
                lw=0,
                label=self._line_label(name),
            )
        ax.plot(self.curve_shift, self.baseline, "--", lw=1, color="0.3", label="baseline")
        ax.plot(self.curve_shift, total, lw=1.5, color=COLORS[0], label="fit")
        if out.any() and not out.all():
            _draw_masked(ax, self.shift[out], self._height_of_masked(out, total), size)

    def _out(self) -> NDArray[np.bool_]:
        gone = ~np.isfinite(self.intensity)
        return gone if self.masked is None else gone | np.asarray(self.masked, dtype=bool)

    def _height_of_masked(self, out: NDArray[np.bool_], total: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where masked points are marked: on the fit, else on a line between the points beside them."""
        if np.isfinite(total).all():
            return np.interp(self.shift[out], self.curve_shift, total)
        return np.interp(self.shift[out], self.shift[~out], self.intensity[~out])

    def _line_label(self, name: str) -> str:
        center, sigma = (self.centers or {}).get(name, (np.nan, np.nan))
        if self.status != FitStatus.OK or not np.isfinite([center, sigma]).all():
            return mode_label(name)
        # Two digits of the error, as metrology wants it.
        digits = int(np.clip(1 - np.floor(np.log10(max(sigma, 1e-4))), 0, 4))
        return f"{mode_label(name)}: {center:.{digits}f} ± {sigma:.{digits}f} cm$^{{-1}}$"

    def _draw_residual(self, ax: "Axes") -> None:
        out = self._out()
        scale = self.noise_ if self.noise_ > 0.0 else 1.0
        ax.axhspan(-2.0, 2.0, color="0.93", lw=0)
        ax.axhline(0.0, color="0.7", lw=0.8)
        ax.plot(self.shift, np.where(out, np.nan, self.residual) / scale, lw=1, color="0.3")
        ax.set_ylabel(r"Residual / $\sigma$")
        ax.figure.align_ylabels()


def line_centers(
    estimator: "RamanFeaturizer", spectrum: NDArray[np.float64]
) -> dict[str, tuple[float, float]]:
    """Positions of the lines of one spectrum with their standard deviations, by name of the line."""
    fit = estimator.fit_spectra(spectrum[np.newaxis])
    kind = "_center"
    return {
        name.removesuffix(kind): (float(fit.params[0, j]), float(fit.sigma[0, j]))
        for j, name in enumerate(fit.names)
        if name.endswith(kind)
    }


def _draw_masked(ax: "Axes", x: NDArray[np.float64], y: NDArray[np.float64], size: float) -> None:
    ax.plot(
        x, y, "x", ms=2.0 * size, mew=0.5 * size, color="black", label="masked (not in the fit)", zorder=5
    )


def _robust_sigma(residual: NDArray[np.float64]) -> float:
    residual = np.abs(residual[np.isfinite(residual)])
    return float(1.4826 * np.median(residual)) if residual.size else 0.0
