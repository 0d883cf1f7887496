# SPDX-License-Identifier: BSD-3-Clause
"""Pictures of training and of predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos._estimators.wrappers import final_regressor
from strain2dos._plotting.axes import BLUE, GRAY, VERMILION, new_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from sklearn.base import BaseEstimator

Array = NDArray[np.float64]


class LossCurveDisplay:
    """Loss of every net over the epochs, on training groups and on groups held out.

    Use `from_estimator` to make one.

    Parameters
    ----------
    history : sequence of dict
        One per net, as `DOSRegressor.history_`.

    Attributes
    ----------
    ax_ : Axes
        Where it was drawn.
    figure_ : Figure
        Its figure.
    lines_ : list of Line2D
        The curves: per net the training loss and, if there is one, the loss on held-out groups.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.dos import DOSRegressor, LossCurveDisplay
    >>> X = np.linspace(0, 1, 8)[:, None]
    >>> model = DOSRegressor(
    ...     hidden_layer_sizes=(8,), n_members=2, max_epochs=5, random_state=0
    ... )
    >>> display = LossCurveDisplay.from_estimator(model.fit(X, X + np.arange(3)))
    >>> display.ax_.get_xlabel()
    'Epoch'
    """

    def __init__(self, history: Sequence[dict[str, ArrayLike]]) -> None:
        self.history = history

    @classmethod
    def from_estimator(cls, estimator: BaseEstimator, *, ax: Axes | None = None) -> Self:
        """Draw the losses of a fitted regressor or of a pipeline that ends in one.

        Parameters
        ----------
        estimator : DOSRegressor or Pipeline
            Fitted estimator.
        ax : Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        LossCurveDisplay
            The display.

        Raises
        ------
        ValueError
            If the estimator keeps no history.
        """
        step = final_regressor(estimator)
        history = getattr(step, "history_", None)
        if history is None:
            raise ValueError(
                f"{type(step).__name__} has no history_; fit a DOSRegressor, or a pipeline that ends in one."
            )
        return cls(history).plot(ax)

    def plot(self, ax: Axes | None = None) -> Self:
        """Draw the curves.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; None makes a new figure.

        Returns
        -------
        LossCurveDisplay
            The display itself.
        """
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        self.lines_ = []
        parts = (
            ("train_loss", BLUE, "states seen, each left out in turn"),
            ("valid_loss", VERMILION, "states not seen"),
        )
        for name, color, label in parts:
            losses = [np.asarray(member[name]) for member in self.history if name in member]
            for k, loss in enumerate(losses):
                epochs = np.arange(1, len(loss) + 1)
                text = label if k == 0 else None
                self.lines_ += self.ax_.plot(epochs, loss, color=color, lw=1.2, alpha=0.7, label=text)
        self.ax_.set_xlabel("Epoch")
        self.ax_.set_ylabel("Minus log density of a left-out state (nats)")
        words = f"{len(self.history)} networks"
        self.ax_.legend(title=words, alignment="left", frameon=False, loc="lower left", bbox_to_anchor=(0, 1))
        return self


class GapParityDisplay:
    """Predicted against reference band gaps.

    Use `from_predictions` to make one.

    Parameters
    ----------
    gap_true, gap_pred : array-like of shape (n_samples,)
        Gaps [eV].
    gap_std : array-like of shape (n_samples,), default=None
        Uncertainty of the predictions [eV].

    Attributes
    ----------
    ax_ : Axes
        Where it was drawn.
    figure_ : Figure
        Its figure.
    mae_ : float
        Mean absolute error [meV] over the gaps that both sides have.
    n_without_gap_ : int
        Samples left out because a side has no gap; the legend names them.

    Examples
    --------
    >>> from strain2dos.dos import GapParityDisplay
    >>> display = GapParityDisplay.from_predictions([1.58, 1.40, 1.18], [1.57, 1.41, 1.19])
    >>> round(display.mae_, 1)
    10.0
    """

    def __init__(self, gap_true: ArrayLike, gap_pred: ArrayLike, *, gap_std: ArrayLike | None = None) -> None:
        self.gap_true = np.asarray(gap_true, dtype=np.float64)
        self.gap_pred = np.asarray(gap_pred, dtype=np.float64)
        self.gap_std = None if gap_std is None else np.asarray(gap_std, dtype=np.float64)
        if self.gap_true.shape != self.gap_pred.shape:
            raise ValueError(
                f"gap_true has shape {self.gap_true.shape} and gap_pred {self.gap_pred.shape}; pass one "
                "predicted gap per reference gap."
            )
        miss = np.abs(self.gap_pred - self.gap_true)
        self.n_without_gap_ = int(np.isnan(miss).sum())
        self.mae_ = float(1e3 * np.nanmean(miss))

    @classmethod
    def from_predictions(
        cls,
        gap_true: ArrayLike,
        gap_pred: ArrayLike,
        *,
        gap_std: ArrayLike | None = None,
        label: str | None = None,
        ax: Axes | None = None,
    ) -> Self:
        """Draw predicted against reference gaps.

        Parameters
        ----------
        gap_true, gap_pred, gap_std : array-like of shape (n,)
            As of the class; pass predictions for states that were left out of training.
        label : str, default=None
            What the points are, for the legend.
        ax : Axes, default=None
            Where to draw; None makes a new figure. Several calls on one axes compare methods.

        Returns
        -------
        GapParityDisplay
            The display.
        """
        return cls(gap_true, gap_pred, gap_std=gap_std).plot(ax, label=label)

    def plot(self, ax: Axes | None = None, *, label: str | None = None) -> Self:
        """Draw the points, the line of equality and the mean absolute error.

        Parameters
        ----------
        ax : Axes, default=None
            Where to draw; None makes a new figure.
        label : str, default=None
            What the points are, for the legend.

        Returns
        -------
        GapParityDisplay
            The display itself.
        """
        self.ax_ = new_axes(ax)
        self.figure_ = self.ax_.figure
        name = "left-out states" if label is None else label
        missing = f" ({self.n_without_gap_} without a gap)" if self.n_without_gap_ else ""
        self.container_ = self.ax_.errorbar(
            self.gap_true,
            self.gap_pred,
            yerr=self.gap_std,
            fmt="o",
            ms=5,
            alpha=0.85,
            elinewidth=1,
            capsize=2,
            color=None if label else BLUE,
            label=f"{name}: MAE {self.mae_:.1f} meV" + missing,
        )
        both = np.concatenate([self.gap_true, self.gap_pred])
        low, high = np.nanmin(both), np.nanmax(both)
        margin = 0.05 * max(high - low, 1e-3)
        low, high = low - margin, high + margin
        if self.ax_.lines and len(self.ax_.containers) > 1:
            old = self.ax_.get_xlim()
            low, high = min(low, old[0]), max(high, old[1])
        self.ax_.axline((low, low), slope=1, color=GRAY, lw=1, zorder=0)
        self.ax_.set(xlim=(low, high), ylim=(low, high), aspect="equal")
        self.ax_.set_xlabel("Reference gap (eV)")
        self.ax_.set_ylabel("Predicted gap (eV)")
        self.ax_.legend(frameon=False, loc="upper left")
        return self
