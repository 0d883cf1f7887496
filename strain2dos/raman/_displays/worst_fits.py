# SPDX-License-Identifier: BSD-3-Clause
"""A page of the spectra whose fits deserve a look."""

import textwrap
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from strain2dos._noise import white_noise
from strain2dos._plotting.axes import pyplot, status_words
from strain2dos._renamed import renamed_parameters
from strain2dos.raman._displays.spectrum_fit import SpectrumFitDisplay
from strain2dos.raman._fitting.status import FitStatus

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from strain2dos.raman._features.featurizer import RamanFeaturizer
    from strain2dos.raman._features.result import SpectraFit

# Panels side by side, each still wide enough to read.
_COLUMNS = 4
# Letters that fit into the width of a panel.
_PANEL_CHARS = 36


class WorstFitsDisplay:
    """The worst fits of many spectra as a page of small panels.

    Make it with `from_estimator`.

    Parameters
    ----------
    fits : list of SpectrumFitDisplay
        Worst first.
    index : (k,) ndarray of int
        Row of each in X (in a map: of the pixels in C order).
    misfit : (k,) ndarray
        Mean squared residual in units of the noise; 1 is a perfect fit, NaN where nothing was fitted.
    labels : list of str
        What stands above each panel.
    counts : dict of FitStatus to int
        How many spectra have which status.

    Attributes
    ----------
    axes_ : ndarray of matplotlib Axes
    figure_ : matplotlib Figure

    Notes
    -----
    First come spectra that failed: one of each reason in the order of the codes of `FitStatus`, then a second
    of each and so on, up to half of the page where there are good fits to show as well. Then follow the
    fitted spectra with the largest misfit, the chi-square per point over the noise variance. For
    ``noise="poisson"`` chi-square has no unit, so it is taken as it is; otherwise the noise is that from
    point to point (median absolute second difference of each spectrum), which a line that does not fit leaves
    alone. Shot noise makes strong lines noisier than the background, so values up to about 3 are usual there.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.raman import RamanFeaturizer, WorstFitsDisplay
    >>> from strain2dos.simulate import simulate_spectra
    >>> shift = np.arange(360.0, 430.0, 0.6)
    >>> spectra = simulate_spectra(
    ...     np.tile([384.5, 384.5, 403.0], (20, 1)), shift, random_state=0
    ... )
    >>> spectra[7] = np.nan
    >>> display = WorstFitsDisplay.from_estimator(
    ...     RamanFeaturizer(shift).fit(spectra), spectra, n=4
    ... )
    >>> int(display.index[0]), len(display.fits), display.axes_[0].get_title(loc="left")
    (7, 4, 'spectrum 7')
    """

    def __init__(
        self,
        fits: list[SpectrumFitDisplay],
        index: NDArray[np.int64],
        misfit: NDArray[np.float64],
        labels: list[str],
        counts: dict[FitStatus, int],
    ) -> None:
        self.fits = fits
        self.index = index
        self.misfit = misfit
        self.labels = labels
        self.counts = counts

    @classmethod
    @renamed_parameters(group="region")
    def from_estimator(
        cls, estimator: "RamanFeaturizer", X: ArrayLike | xr.DataArray, *, n: int = 12, region: int = 0
    ) -> Self:
        """Fit all spectra and show the worst.

        Parameters
        ----------
        estimator : RamanFeaturizer
            Fitted.
        X : array-like of shape (n_samples, n_shift), or DataArray with the dims of a map and "shift"
            Spectra of a DataArray are named by their position.
        n : int, default=12
            How many to show; all of them where there are fewer.
        region : int, default=0
            Which set of lines, as for `SpectrumFitDisplay.from_estimator`.

        Returns
        -------
        WorstFitsDisplay

        Raises
        ------
        ValueError
            If ``n`` is below 1.
        """
        if n < 1:
            raise ValueError(f"n must be at least 1, but is {n}; it is the number of panels.")
        spectra, names = _rows(X)
        fit = estimator.fit_spectra(spectra)
        misfit = _misfit(fit, spectra, poisson=estimator.noise == "poisson")
        index = _worst_first(fit.status, misfit, n)
        fits = [
            SpectrumFitDisplay(**estimator._curves(np.asarray(spectra[i], dtype=float), region))
            for i in index
        ]
        for display, i in zip(fits, index, strict=True):
            display.status = FitStatus(int(fit.status[i]))  # with all groups and the reference line
        codes, numbers = np.unique(fit.status, return_counts=True)
        counts = {FitStatus(int(c)): int(k) for c, k in zip(codes, numbers, strict=True)}
        return cls(fits, index, misfit[index], [names(i) for i in index], counts).plot()

    def plot(self) -> Self:
        """Draw a new figure with one panel per fit.

        Returns
        -------
        self
            The display itself.
        """
        n_columns = min(_COLUMNS, len(self.fits))
        n_rows = -(-len(self.fits) // n_columns)
        width = max(2.5 * n_columns, 4.5)
        figure, axes = pyplot().subplots(
            n_rows, n_columns, figsize=(width, 2.2 * n_rows + 0.7), squeeze=False, layout="constrained"
        )
        for number, ax in enumerate(axes.flat):
            if number < len(self.fits):
                self._draw_panel(ax, number)
            else:
                ax.set_axis_off()
        total = sum(self.counts.values())
        failed = total - self.counts.get(FitStatus.OK, 0)
        figure.suptitle(f"{failed} of {total} spectra failed; worst fits first", fontsize="medium")
        figure.supxlabel("Raman shift (cm$^{-1}$)", fontsize="medium")
        figure.supylabel("Intensity (counts)", fontsize="medium")
        self.axes_, self.figure_ = axes.ravel()[: len(self.fits)], figure
        return self

    def _draw_panel(self, ax: "Axes", number: int) -> None:
        display, misfit = self.fits[number], self.misfit[number]
        display.draw(ax, size=2.0)
        ax.set_title(self.labels[number], fontsize="small", loc="left", pad=3)
        ax.tick_params(labelsize="x-small")
        if display.shift.size:
            ax.set_xlim(display.shift[0], display.shift[-1])
        failed = display.status != FitStatus.OK
        words, _, code = status_words(display.status).partition(" (")
        lines = [*textwrap.wrap(words, _PANEL_CHARS), f"({code}"] if failed else []
        lines += [f"χ²/N = {misfit:.3g}"] if np.isfinite(misfit) else []
        bottom, top = ax.get_ylim()
        ax.set_ylim(bottom, top + (0.05 + 0.15 * len(lines)) * (top - bottom))  # room for the words
        ax.text(
            0.03,
            0.97,
            "\n".join(lines),
            transform=ax.transAxes,
            va="top",
            fontsize="x-small",
            color="#A03000" if failed else "black",
            bbox={"facecolor": "white", "alpha": 0.75, "linewidth": 0, "pad": 1.0},
            zorder=6,
        )


def _rows(X: ArrayLike | xr.DataArray) -> tuple[NDArray[np.float64], Callable[[int], str]]:
    """Spectra (n, n_shift), and what names the i-th of them."""
    if not isinstance(X, xr.DataArray):
        return np.asarray(X), lambda i: f"spectrum {i}"
    shift = "shift" if "shift" in X.dims else X.dims[-1]
    X = X.transpose(..., shift)
    dims, sizes = X.dims[:-1], X.shape[:-1]

    def name(i: int) -> str:
        at = np.unravel_index(i, sizes)
        return ", ".join(f"{dim} {k}" for dim, k in zip(dims, at, strict=True))

    return np.asarray(X.values).reshape(-1, X.shape[-1]), name


def _misfit(fit: "SpectraFit", spectra: NDArray[np.float64], *, poisson: bool) -> NDArray[np.float64]:
    """Chi-square per point over the variance of the noise: (n,), NaN where there is none."""
    misfit = np.full(len(spectra), np.nan)
    fitted = np.flatnonzero(np.isfinite(fit.params[:, 0]) & (fit.n_points > 0))
    misfit[fitted] = fit.chi2[fitted] / fit.n_points[fitted]
    if not poisson and fitted.size:
        rows = np.where(np.isfinite(spectra[fitted]), spectra[fitted], np.nan)
        variance = white_noise(rows) ** 2
        misfit[fitted] /= np.where(variance > 0.0, variance, np.nan)
    return misfit


def _worst_first(status: NDArray[np.int64], misfit: NDArray[np.float64], n: int) -> NDArray[np.int64]:
    """Failed spectra, one of each reason in turn, then the others from the largest misfit on."""
    failed = np.flatnonzero(status != FitStatus.OK)
    good = np.flatnonzero(status == FitStatus.OK)
    turn = np.zeros(len(failed), dtype=np.int64)
    for code in np.unique(status[failed]):
        same = status[failed] == code
        turn[same] = np.arange(same.sum())
    failed = failed[np.lexsort((status[failed], turn))]
    good = good[np.argsort(-np.nan_to_num(misfit[good]), kind="stable")]
    n_failed = min(len(failed), max(n // 2, n - len(good)))
    n_failed = max(n_failed, min(len(failed), 1))
    return np.concatenate([failed[:n_failed], good[: n - n_failed]])
