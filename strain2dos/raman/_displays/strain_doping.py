# SPDX-License-Identifier: BSD-3-Clause
"""Figure of the correlation of two line positions."""

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos._plotting.axes import pyplot
from strain2dos._plotting.labels import mode_label
from strain2dos.raman._displays.strain_doping_grid import draw_grid
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
        names, values = tuple(estimator.mode_names_), PERCENT * strain
        plane = (estimator.origin_, estimator.matrix_, names)
        return cls(centers, *plane, values=values, covariance=covariance)

    def plot(self, *, density: bool | None = None, ax: "Axes | None" = None) -> Self:
        """Draw into ``ax`` or a new figure.

        Parameters
        ----------
        density : bool, default=None
            True: color tells how many spectra fall into a cell; False: one mark per spectrum. None: the
            former from 3000 spectra on.
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
        self._set_limits(ax, centers)
        if density or (density is None and len(centers) > _MANY):
            self._draw_density(ax, centers)
        else:
            self._draw_points(ax, centers, good)
        directions = (self.matrix[:, 0] / PERCENT, self.matrix[:, 1])
        labels = ("strain (%)", "doping ($10^{13}$ e/cm$^2$)")
        draw_grid(ax, self.origin, directions, labels)
        ax.plot(*self.origin, "k*", ms=10, label="unstrained, neutral", zorder=4)
        self._draw_ellipse(ax, good)
        for axis, name in zip((ax.xaxis, ax.yaxis), self.mode_names, strict=True):
            axis.set_label_text(f"{mode_label(name)} (cm⁻¹)")
        # Below the axes: inside, it would hide points or the labels of the grid.
        ax.legend(frameon=False, fontsize="small", loc="upper center", bbox_to_anchor=(0.5, -0.12), ncols=2)
        self.ax_, self.figure_ = ax, ax.figure
        return self

    def _set_limits(self, ax: "Axes", centers: NDArray[np.float64]) -> None:
        """Room for all points; for the origin as well unless that squeezes them into a corner."""
        everything = centers if len(centers) else self.origin[None]
        low, high = everything.min(axis=0), everything.max(axis=0)
        wide = np.maximum(high - low, 1.0)
        both = np.vstack([everything, self.origin])
        if (np.ptp(both, axis=0) <= 3.0 * wide).all():
            low, high = both.min(axis=0), both.max(axis=0)
        pad = 0.1 * np.maximum(high - low, 1.0)
        ax.set_xlim(low[0] - pad[0], high[0] + pad[0])
        ax.set_ylim(low[1] - pad[1], high[1] + pad[1])

    def _draw_points(self, ax: "Axes", centers: NDArray[np.float64], good: NDArray[np.bool_]) -> None:
        values = np.zeros(len(centers)) if self.values is None else self.values[good]
        limit = max(float(np.abs(values).max(initial=0.0)), 1e-3)
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

    def _draw_density(self, ax: "Axes", centers: NDArray[np.float64]) -> None:
        cells = ax.hexbin(
            *centers.T,
            gridsize=60,
            extent=(*ax.get_xlim(), *ax.get_ylim()),
            mincnt=1,
            bins="log",
            cmap="viridis_r",
            linewidths=0.1,
            zorder=1.5,
        )
        self.colorbar_ = ax.figure.colorbar(cells, ax=ax, label="Spectra per cell")

    def _draw_ellipse(self, ax: "Axes", good: NDArray[np.bool_]) -> None:
        """One standard deviation of a typical point, in a corner, magnified until it can be seen."""
        from matplotlib.patches import Ellipse

        self.ellipse_, self.magnification_ = None, 1
        if self.covariance is None:
            return
        covariance = self.covariance[good]
        covariance = covariance[np.isfinite(covariance).all(axis=(1, 2))]
        if not len(covariance):
            return
        typical = np.median(covariance, axis=0)
        variances, axes = np.linalg.eigh(typical)
        width, height = 2.0 * np.sqrt(np.maximum(variances[::-1], 0.0))
        spans = np.array([np.ptp(ax.get_xlim()), np.ptp(ax.get_ylim())])
        largest = float((np.sqrt(np.maximum(np.diag(typical), 0.0)) / spans).max())
        while 0.0 < largest * self.magnification_ < 0.008:
            self.magnification_ *= 10
        place = _emptiest_corner(ax, np.vstack([self.centers[good], self.origin]))
        times = rf", drawn $\times${self.magnification_}" if self.magnification_ > 1 else ""
        self.ellipse_ = ax.add_patch(
            Ellipse(
                place,
                width * self.magnification_,
                height * self.magnification_,
                angle=float(np.degrees(np.arctan2(axes[1, 1], axes[0, 1]))),
                facecolor="0.85",
                edgecolor="black",
                lw=1,
                zorder=4,
                label=rf"1$\sigma$ error of a typical point{times}",
            )
        )


def _emptiest_corner(ax: "Axes", points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The corner of the axes (a little inside) from which the next point is farthest."""
    low = np.array([ax.get_xlim()[0], ax.get_ylim()[0]])
    span = np.array([ax.get_xlim()[1], ax.get_ylim()[1]]) - low
    corners = np.array([[x, y] for x in (0.12, 0.88) for y in (0.12, 0.88)])
    distance = [np.linalg.norm((points - low) / span - corner, axis=1).min() for corner in corners]
    return low + span * corners[int(np.argmax(distance))]
