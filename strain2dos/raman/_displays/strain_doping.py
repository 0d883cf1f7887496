# SPDX-License-Identifier: BSD-3-Clause
"""Figure of the correlation of two line positions."""

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos._plotting.axes import pyplot
from strain2dos._plotting.labels import mode_label
from strain2dos.raman._displays.error_ellipse import draw_ellipse
from strain2dos.raman._displays.strain_doping_grid import draw_grid
from strain2dos.raman._displays.strain_doping_points import draw_density, draw_points, set_limits
from strain2dos.raman._fitting.status import FitStatus
from strain2dos.raman._strain.separator import PERCENT, StrainDopingSeparator

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from strain2dos.raman._features.result import SpectraFit

# Beyond this many, points cover each other.
_MANY = 3000


def _check_plane(estimator: StrainDopingSeparator) -> None:
    """Refuse what does not fit into a plane of two positions."""
    lines, outputs = estimator.matrix_.shape
    if (lines, outputs) != (2, 2):
        raise ValueError(
            f"the correlation plot needs a separator of two lines with output='biaxial', but this one has "
            f"{lines} lines and {outputs} outputs; fit another one for the plot."
        )


class CorrelationDisplay:
    """Positions of the two lines against each other, with the axes of pure strain and pure doping.

    Make it with `from_estimator` or `from_fit`.

    Parameters
    ----------
    centers : (n, 2) ndarray
        Positions of the first and second line in cm-1.
    origin : (2,) ndarray
        Unstrained and neutral.
    matrix : (2, 2) ndarray
        Shifts per unit of strain (fraction) and per 1e13 electrons/cm2.
    mode_names : pair of str
        Names of the two lines, for the axes.
    values : (n,) ndarray, optional
        Color of the points; without it they are all of one color.
    value_label : str
        What the values are, for the color bar.
    covariance : (n, 2, 2) ndarray, optional
        Of the positions in cm-2; the ellipse of one standard deviation of a typical point (the median of each
        element) is drawn.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    colorbar_ : matplotlib Colorbar
    ellipse_ : matplotlib Ellipse or None
    magnification_ : int
        By how much the ellipse is drawn too large, a power of ten.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.raman import CorrelationDisplay, StrainDopingSeparator
    >>> centers = np.array([[384.6, 402.7], [380.3, 400.2], [382.4, 400.9]])
    >>> separator = StrainDopingSeparator().fit(centers)
    >>> display = CorrelationDisplay.from_estimator(separator, centers)
    >>> display.ax_.get_xlabel()
    'E′ (cm⁻¹)'
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
        covariance: NDArray[np.float64] | None = None,
    ) -> None:
        self.centers = centers
        self.origin = origin
        self.matrix = matrix
        self.mode_names = mode_names
        self.values = values
        self.value_label = value_label
        self.covariance = covariance

    @classmethod
    def from_estimator(
        cls,
        estimator: StrainDopingSeparator,
        X: ArrayLike,
        *,
        covariance: ArrayLike | None = None,
        density: bool | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Plot the positions in X with the axes of a fitted separator.

        Parameters
        ----------
        estimator : StrainDopingSeparator
            Fitted, with two lines.
        X : array-like of shape (n_samples, n_features)
            As for its ``transform``; rows with NaN are left out.
        covariance : array-like of shape (n_samples, 2, 2), default=None
            Of the two positions in cm-2, as for ``StrainDopingSeparator.propagate``.
        density : bool, default=None
            For `plot`.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        CorrelationDisplay

        Raises
        ------
        ValueError
            If the covariance does not belong to X, or the separator does not give strain and doping from two
            lines.
        """
        _check_plane(estimator)
        separated = np.asarray(estimator.transform(X), dtype=float)
        centers = estimator.inverse_transform(separated)
        if covariance is not None:
            covariance = np.asarray(covariance, dtype=float)
            if covariance.shape != (len(centers), 2, 2):
                raise ValueError(
                    f"covariance must have shape ({len(centers)}, 2, 2), but has {covariance.shape}; take "
                    "the rows and columns of the two centers, or use CorrelationDisplay.from_fit."
                )
        return cls._of(estimator, centers, separated[:, 0], covariance).plot(density=density, ax=ax)

    @classmethod
    def from_fit(
        cls,
        estimator: StrainDopingSeparator,
        fit: "SpectraFit",
        *,
        density: bool | None = None,
        ax: "Axes | None" = None,
    ) -> Self:
        """Plot the good fits of a `SpectraFit` with the error ellipse of a typical one.

        Parameters
        ----------
        estimator : StrainDopingSeparator
            Fitted.
        fit : SpectraFit
            From `RamanFeaturizer.fit_spectra`.
        density : bool, default=None
            For `plot`.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        CorrelationDisplay

        Raises
        ------
        ValueError
            If the fit lacks a line of the separator, or that does not give strain and doping from two lines.
        """
        _check_plane(estimator)
        wanted = [f"{name}_center" for name in estimator.mode_names_]
        if not set(wanted) <= set(fit.names):
            raise ValueError(
                f"fit must hold {wanted}, but holds {list(fit.names)}; fit both lines, or use a separator of "
                "the same material."
            )
        columns = [fit.names.index(name) for name in wanted]
        good = fit.status == FitStatus.OK
        centers = fit.params[good][:, columns]
        strain = (centers - estimator.origin_) @ np.linalg.inv(estimator.matrix_)[0]
        covariance = fit.covariance[good][:, columns][:, :, columns]
        return cls._of(estimator, centers, strain, covariance).plot(density=density, ax=ax)

    @classmethod
    def _of(
        cls,
        estimator: StrainDopingSeparator,
        centers: NDArray[np.float64],
        strain: NDArray[np.float64],
        covariance: NDArray[np.float64] | None,
    ) -> Self:
        """Points in the plane of a separator, colored by their strain."""
        first, second = estimator.mode_names_
        plane = (estimator.origin_, estimator.matrix_, (first, second))
        return cls(centers, *plane, values=PERCENT * strain, covariance=covariance)

    def plot(self, *, density: bool | None = None, ax: "Axes | None" = None) -> Self:
        """Draw into ``ax`` or a new figure.

        Parameters
        ----------
        density : bool, default=None
            True: cells colored by the number of their spectra; False: one mark per spectrum. None: the former
            from 3000 spectra on.
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.

        Returns
        -------
        self
            The display itself.
        """
        if ax is None:
            _, ax = pyplot().subplots(figsize=(6.0, 5.2), layout="constrained")
        good = np.isfinite(self.centers).all(axis=1)
        centers = self.centers[good]
        set_limits(ax, centers, self.origin)
        if density or (density is None and len(centers) > _MANY):
            self.colorbar_ = draw_density(ax, centers)
        else:
            values = np.zeros(len(centers)) if self.values is None else self.values[good]
            self.colorbar_ = draw_points(ax, centers, values, self.value_label)
        directions = (self.matrix[:, 0] / PERCENT, self.matrix[:, 1])
        labels = ("strain (%)", "doping ($10^{13}$ e/cm$^2$)")
        draw_grid(ax, self.origin, directions, labels)
        ax.plot(*self.origin, "k*", ms=10, label="unstrained, neutral", zorder=4)
        self.ellipse_, self.magnification_ = None, 1
        if self.covariance is not None:
            points = np.vstack([centers, self.origin])
            self.ellipse_, self.magnification_ = draw_ellipse(ax, self.covariance[good], points)
        for axis, name in zip((ax.xaxis, ax.yaxis), self.mode_names, strict=True):
            axis.set_label_text(f"{mode_label(name)} (cm⁻¹)")
        # Below the axes: inside, it would hide points or the labels of the grid.
        ax.legend(frameon=False, fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)
        self.ax_, self.figure_ = ax, ax.figure
        return self
