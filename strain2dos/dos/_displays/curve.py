# SPDX-License-Identifier: BSD-3-Clause
"""Picture of one predicted curve."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike

from strain2dos._estimators.wrappers import final_regressor
from strain2dos._plotting.axes import BLUE, GREEN, VERMILION, new_axes
from strain2dos.dos._edges.reading import BandEdges

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from sklearn.base import BaseEstimator


class DOSCurveDisplay:
    """One predicted curve with its band and edges, against the reference curve.

    Use `from_predictions` or `from_estimator` to make one.

    Parameters
    ----------
    energies : array-like of shape (n_energies,)
        Energies [eV].
    dos_pred : array-like of shape (n_energies,)
        Predicted curve [states/eV/cell].
    dos_true : array-like of shape (n_energies,), default=None
        Reference curve.
    interval : array-like of shape (n_energies, 2), default=None
        Lower and upper bounds of the prediction.
    edges : BandEdges, default=None
        Edges to mark, of one curve.

    Attributes
    ----------
    ax_ : Axes
        Where it was drawn.
    figure_ : Figure
        Its figure.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.dos import DOSCurveDisplay, band_edges
    >>> energies = np.linspace(-2, 2, 201)
    >>> dos = np.clip(np.abs(energies) - 0.8, 0, None)
    >>> display = DOSCurveDisplay.from_predictions(
    ...     energies, dos, edges=band_edges(energies, dos)
    ... )
    >>> display.ax_.get_xlabel()
    'Energy (eV)'
    """

    def __init__(
        self,
        energies: ArrayLike,
        dos_pred: ArrayLike,
        *,
        dos_true: ArrayLike | None = None,
        interval: ArrayLike | None = None,
        edges: BandEdges | None = None,
    ) -> None:
        self.energies = np.asarray(energies, dtype=np.float64)
        self.dos_pred = np.asarray(dos_pred, dtype=np.float64)
        self.dos_true = None if dos_true is None else np.asarray(dos_true, dtype=np.float64)
        self.interval = None if interval is None else np.asarray(interval, dtype=np.float64)
        self.edges = edges
        for name, value in (("dos_pred", self.dos_pred), ("dos_true", self.dos_true)):
            if value is not None and value.shape != self.energies.shape:
                raise ValueError(
                    f"{name} must be one curve of shape {self.energies.shape}, but its shape is "
                    f"{value.shape}; pass a single row."
                )

    @classmethod
    def from_predictions(
        cls,
        energies: ArrayLike,
        dos_pred: ArrayLike,
        *,
        dos_true: ArrayLike | None = None,
        interval: ArrayLike | None = None,
        edges: BandEdges | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw a predicted curve.

        Parameters
        ----------
        energies, dos_pred, dos_true, interval, edges : array-like
            As of the class.
        ax : Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        DOSCurveDisplay
            The display.
        """
        return cls(energies, dos_pred, dos_true=dos_true, interval=interval, edges=edges).plot(ax)

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        X: ArrayLike,
        y: ArrayLike | None = None,
        *,
        energies: ArrayLike | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Predict and draw the curve of one sample.

        Parameters
        ----------
        estimator : DOSRegressor, ConformalDOSRegressor or Pipeline
            Fitted estimator.
        X : array-like of shape (1, n_features)
            The sample.
        y : array-like of shape (n_energies,), default=None
            Its reference curve.
        energies : array-like of shape (n_energies,), default=None
            Energies [eV]; None takes them from the estimator.
        ax : Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        DOSCurveDisplay
            The display, with the band of a `ConformalDOSRegressor` and the edges where they can be had.
        """
        interval = estimator.predict_interval(X)[0] if hasattr(estimator, "predict_interval") else None
        inner = getattr(estimator, "estimator_", estimator)
        step = final_regressor(inner)
        grid = getattr(step, "energies_", None) if energies is None else energies
        if grid is None:
            raise ValueError(f"{type(step).__name__} has no energies_; pass energies=.")
        edges = None
        if hasattr(step, "predict_edges") and step.energies is not None:
            features = inner[:-1].transform(X) if hasattr(inner, "steps") and len(inner.steps) > 1 else X
            edges = step.predict_edges(features)
        truth = None if y is None else np.reshape(y, -1)
        return cls(
            grid, np.reshape(estimator.predict(X), -1), dos_true=truth, interval=interval, edges=edges
        ).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the curve, the band, the reference and the edges.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        DOSCurveDisplay
            The display itself.
        """
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        if self.interval is not None:
            low, high = self.interval.T
            self.ax_.fill_between(self.energies, low, high, color=BLUE, alpha=0.25, lw=0, label="band")
        if self.dos_true is not None:
            self.ax_.plot(self.energies, self.dos_true, color="black", lw=1.2, label="reference")
        self.ax_.plot(self.energies, self.dos_pred, color=BLUE, lw=1.4, ls="--", label="predicted")
        if self.edges is not None:
            for name, color in (("vbm", VERMILION), ("cbm", GREEN)):
                at = float(np.reshape(getattr(self.edges, name), -1)[0])
                if np.isfinite(at):
                    self.ax_.axvline(at, color=color, lw=1, ls=":", label=f"{name.upper()} {at:.3f} eV")
        self.ax_.set_xlim(self.energies[0], self.energies[-1])
        self.ax_.set_ylim(bottom=min(0.0, float(np.nanmin(self.dos_pred))))
        self.ax_.set_xlabel("Energy (eV)")
        self.ax_.set_ylabel("Density of states (states/eV/cell)")
        self.ax_.legend(frameon=False)
        return self
