# SPDX-License-Identifier: BSD-3-Clause
"""Bands around predicted curves that hold the whole curve at a stated level."""

from __future__ import annotations

from numbers import Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.ndimage import uniform_filter1d
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted, has_fit_parameter, validate_data

from strain2dos._compat import Interval, _fit_context
from strain2dos.dos._groups import check_groups
from strain2dos.dos._score import CurveScoreMixin
from strain2dos.dos._steps import last_step

Array = NDArray[np.float64]

_DEFAULT_FOLDS = 10
# energies where the typical error is below this share of the largest one still get that much width
_FLOOR = 0.05
_WINDOW_SHARE = 30


def _typical(mean_square: Array) -> Array:
    # few groups leave chance minima along the curve, in which a further curve would look far off
    window = max(1, len(mean_square) // _WINDOW_SHARE)
    size = np.sqrt(np.maximum(uniform_filter1d(mean_square, window), 0.0))
    return np.maximum(size, max(_FLOOR * float(size.max()), 1e-12))


class ConformalDOSRegressor(CurveScoreMixin, RegressorMixin, MetaEstimatorMixin, BaseEstimator):
    r"""Put a band around predicted curves that contains the whole curve at a stated level.

    The estimator is fitted on all groups but some, its errors on those are recorded, and so on for all
    groups. The score of a group is :math:`\sup_E |r(E)| / s(E)`, the largest error along the curve in
    units of its typical size :math:`s(E)`; the band is :math:`\hat D(E) \pm q\, s(E)`, where :math:`q` is the
    score that a share `level` of the groups does not exceed, counted so that it holds for a further group
    [1]_ [2]_. Groups are strain states: spectra of one state share their curve and count once.

    Parameters
    ----------
    estimator : estimator
        A regressor of curves, such as `DOSRegressor` or a pipeline that ends in one.
    cv : cross-validation generator, default=None
        Splits by group. None: leave one group out with up to 10 groups, else 10 folds of groups.
    level : float, default=0.9
        Share of curves that lie wholly inside their band.

    Attributes
    ----------
    estimator_ : estimator
        The estimator fitted on all samples.
    scale_ : ndarray of shape (n_energies,)
        Typical error :math:`s(E)` on groups left out, in the unit of the curves.
    scores_ : ndarray of shape (n_groups,)
        Score of every group; its sorted values answer for other levels.
    quantile_ : float
        The factor :math:`q`.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    DOSRegressor : Predicts the curves.

    Notes
    -----
    Coverage holds for new strain states drawn like the training states; it cannot hold outside their range,
    where `DOSRegressor.domain_score` exceeds 1. With :math:`n` groups the highest level that data can
    support is :math:`n / (n + 1)`; a higher one is refused. Residuals come from models fitted on fewer
    groups than the final one, as in cross-conformal prediction, so bands tend to be wide rather than
    narrow.

    References
    ----------
    .. [1] V. Vovk, "Cross-conformal predictors", Ann. Math. Artif. Intell. 74, 9-28 (2015).
    .. [2] J. Diquigiovanni, M. Fontana and S. Vantini, "Conformal prediction bands for multivariate
       functional data", J. Multivar. Anal. 189, 104879 (2022).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from strain2dos import ConformalDOSRegressor
    >>> energies = np.linspace(-2.0, 2.0, 101)
    >>> strain = np.linspace(0.0, 0.06, 12)[:, None]
    >>> dos = np.clip(np.abs(energies) - (0.8 - 5 * strain), 0.0, None)
    >>> model = ConformalDOSRegressor(LinearRegression(), level=0.8).fit(strain, dos)
    >>> model.predict_interval([[0.025]]).shape
    (1, 101, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [BaseEstimator],
        "cv": ["cv_object"],
        "level": [Interval(Real, 0, 1, closed="neither")],
    }

    def __init__(self, estimator: BaseEstimator, *, cv: Any = None, level: float = 0.9) -> None:
        self.estimator = estimator
        self.cv = cv
        self.level = level

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike, *, groups: ArrayLike | None = None) -> Self:
        """Fit the estimator and record its errors on groups left out.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples, n_energies) or (n_samples,)
            Curves.
        groups : array-like of shape (n_samples,), default=None
            Label of the strain state behind each row. None: rows with the same curve belong together.

        Returns
        -------
        ConformalDOSRegressor
            The fitted regressor.

        Raises
        ------
        ValueError
            If there are too few groups for the level.
        """
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=np.float64)
        curves = np.asarray(y, dtype=np.float64)
        labels = check_groups(groups, curves.reshape(len(curves), -1))
        n_groups = len(np.unique(labels))
        self._refuse(n_groups, len(curves))
        cv = self.cv
        if cv is None:
            cv = LeaveOneGroupOut() if n_groups <= _DEFAULT_FOLDS else GroupKFold(_DEFAULT_FOLDS)
        residuals = np.full(curves.reshape(len(curves), -1).shape, np.nan)
        for train, test in cv.split(X, curves, labels):
            model = self._fit_one(X[train], curves[train], labels[train])
            found = np.reshape(model.predict(X[test]), (len(test), -1))
            residuals[test] = found - curves[test].reshape(found.shape)
        self._score(residuals, labels)
        self.estimator_ = self._fit_one(X, curves, labels)
        return self

    def _refuse(self, n_groups: int, n_samples: int) -> None:
        if n_groups < 2 or self._rank(n_groups) > n_groups:
            least = max(2, int(np.ceil(self.level / (1 - self.level) - 1e-9)))
            raise ValueError(
                f"level = {self.level:g} needs at least {least} groups "
                f"(strain states), each with an error of its own, but there are {n_groups} in n_samples = "
                f"{n_samples}; the highest level that they support is {n_groups / (n_groups + 1):.3f}. "
                "Lower level, or add states."
            )

    def _fit_one(self, X: Array, y: Array, labels: NDArray[np.intp]) -> Any:
        model = clone(self.estimator)
        takes = has_fit_parameter(model, "groups")
        if not takes and hasattr(model, "steps") and has_fit_parameter(model.steps[-1][1], "groups"):
            return model.fit(X, y, **{f"{model.steps[-1][0]}__groups": labels})
        return model.fit(X, y, groups=labels) if takes else model.fit(X, y)

    def _score(self, residuals: Array, labels: NDArray[np.intp]) -> None:
        seen = np.isfinite(residuals).all(1)
        per_group = [residuals[seen & (labels == label)] for label in np.unique(labels[seen])]
        self._refuse(len(per_group), len(residuals))
        squares = np.array([np.square(rows).mean(0) for rows in per_group])
        total, n = squares.sum(0), len(squares)
        self.scale_ = _typical(total / n)
        # a group's own error must not widen the unit that it is measured in: that of a new curve cannot
        self.scores_ = np.array(
            [
                np.max(np.abs(rows) / _typical((total - own) / max(n - 1, 1)))
                for rows, own in zip(per_group, squares, strict=True)
            ]
        )
        self.quantile_ = float(np.sort(self.scores_)[self._rank(len(per_group)) - 1])

    def _rank(self, n_groups: int) -> int:
        # 10 x 0.9 is a little more than 9 in binary
        return max(1, int(np.ceil((n_groups + 1) * self.level - 1e-9)))

    def predict(self, X: ArrayLike) -> Array:
        """Predict curves with the estimator fitted on all samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n_energies) or (n_samples,)
            Curves.
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        return self.estimator_.predict(X)

    def predict_interval(self, X: ArrayLike) -> Array:
        """Predict bands that contain the whole curve at the stated level.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples, n_energies, 2)
            Lower and upper bounds; the lower ones stay at or above zero where the estimator knows that
            densities do. One energy for a vector of targets.
        """
        curves = self.predict(X)
        curves = curves.reshape(len(curves), -1)
        width = self.quantile_ * self.scale_
        lower = curves - width
        if getattr(last_step(self.estimator_), "nonnegative_", False):
            lower = np.maximum(lower, 0.0)
        return np.stack([lower, curves + width], axis=-1)

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.target_tags.multi_output = inner.target_tags.multi_output
        tags.regressor_tags.poor_score = bool(inner.regressor_tags and inner.regressor_tags.poor_score)
        return tags
