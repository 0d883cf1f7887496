# SPDX-License-Identifier: BSD-3-Clause
"""Bands around predicted curves that hold the whole curve at a stated level."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from strain2dos._compat import Interval, StrOptions, _fit_context
from strain2dos.dos._common.groups import check_groups
from strain2dos.dos._common.pipeline import (
    call_last,
    fit_with,
    last_has,
    last_step,
    per_energy,
    takes,
    tells_std,
)
from strain2dos.dos._common.score import CurveScoreMixin
from strain2dos.dos._edges.intervals import EdgeIntervals, edge_intervals
from strain2dos.dos._edges.reading import BandEdges
from strain2dos.dos._edges.targets import check_edges
from strain2dos.dos._uncertainty.cross_fitting import HeldOut, held_out
from strain2dos.dos._uncertainty.ranks import (
    check_level,
    curve_scores,
    edge_scores,
    quantile,
    refuse,
    typical,
)

Array = NDArray[np.float64]

# a standard deviation below this share of the typical one counts as that share: a model that is sure where it
# is wrong would otherwise set the width of all bands
_LEAST_STD = 0.3


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
    cv : int, cross-validation generator or iterable, default=None
        Splits by group that leave every group out once. None: leave one group out with up to 10 groups, else
        10 folds of groups; a number: that many folds of groups.
    level : float, default=0.9
        Share of curves that lie wholly inside their band.
    normalize : {"auto", "energy", "std"}, default="auto"
        How the width changes. "energy": along the curve alone, as the typical error :math:`s(E)` does.
        "std": also from sample to sample, as the standard deviation :math:`\sigma(x, E)` that the estimator
        predicts does; :math:`s(E)\, \sigma(x, E)` then stands in place of :math:`s(E)`, with :math:`s(E)` the
        typical error in units of :math:`\sigma`. "auto": "std" if the estimator predicts one, else "energy";
        on first-principles curves "std" gave narrower bands of the same coverage.
    n_jobs : int, default=None
        Processes that fit the estimator without some groups (None: one; -1: one per core). The result does
        not depend on it.

    Attributes
    ----------
    estimator_ : estimator
        The estimator fitted on all samples.
    scale_ : ndarray of shape (n_energies,)
        Typical error :math:`s(E)` on groups left out, in the unit of the curves; a plain number of standard
        deviations where the width follows that of the estimator.
    std_floor_ : ndarray of shape (n_energies,) or None
        Smallest standard deviation that counts; None where the width does not follow that of the estimator.
    scores_ : ndarray of shape (n_groups,)
        Score of every group; its sorted values answer for other levels.
    quantile_ : float
        The factor :math:`q` at `level`.
    edge_scores_ : ndarray of shape (n_groups, 3) or None
        Largest error of VBM, CBM and gap [eV] of every group when left out, NaN for groups without that
        edge; None if the estimator tells no edges.
    energies_ : ndarray of shape (n_energies,)
        Grid of the curves [eV], if the estimator has one.
    n_features_in_ : int
        Number of features.

    See Also
    --------
    DOSRegressor : Predicts the curves.
    strain2dos.dos.metrics : Coverage, width and score of bands.

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
    >>> model.predict_interval([[0.025]], level=0.5).shape
    (1, 101, 2)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [BaseEstimator],
        "cv": ["cv_object"],
        "level": [Interval(Real, 0, 1, closed="neither")],
        "normalize": [StrOptions({"auto", "energy", "std"})],
        "n_jobs": [Integral, None],
    }

    def __init__(
        self,
        estimator: BaseEstimator,
        *,
        cv: Any = None,
        level: float = 0.9,
        normalize: str = "auto",
        n_jobs: int | None = None,
    ) -> None:
        self.estimator = estimator
        self.cv = cv
        self.level = level
        self.normalize = normalize
        self.n_jobs = n_jobs

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ArrayLike, y: ArrayLike, *, groups: ArrayLike | None = None, edges: Any = None) -> Self:
        """Fit the estimator and record its errors on groups left out.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        y : array-like of shape (n_samples, n_energies) or (n_samples,)
            Curves.
        groups : array-like of shape (n_samples,), default=None
            Label of the strain state behind each row. None: rows with the same curve belong together.
        edges : array-like of shape (n_samples, 2) or DataFrame, default=None
            Valence band maximum and conduction band minimum [eV] from eigenvalues, or one
            column per valley as in `DOSRegressor.fit`: handed on to the estimator if it takes them, and what
            `predict_edge_intervals` covers. None: the edges that the estimator's threshold reads from the
            curves.

        Returns
        -------
        ConformalDOSRegressor
            The fitted regressor.

        Raises
        ------
        ValueError
            If there are too few groups for the level, if `cv` does not leave every group out once, if
            `edges` does not fit `X` or the estimator, or if the estimator predicts no standard deviation
            though ``normalize="std"``.
        """
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=np.float64)
        curves = np.asarray(y, dtype=np.float64)
        labels = check_groups(groups, curves.reshape(len(curves), -1))
        check_edges(edges, len(curves))
        self._check_estimator(edges)
        refuse(self.level, len(np.unique(labels)), f"in n_samples = {len(curves)}")
        std = self.normalize == "std" or (self.normalize == "auto" and tells_std(self.estimator))
        errors = held_out(self.estimator, self.cv, X, curves, labels, edges, std=std, n_jobs=self.n_jobs)
        self._score(errors, labels)
        self.estimator_ = fit_with(clone(self.estimator), X, curves, groups=labels, edges=edges)
        return self

    def _check_estimator(self, edges: Any) -> None:
        final = last_step(self.estimator)
        if edges is not None and not (takes(final, "edges") or hasattr(final, "predict_edges")):
            raise ValueError(
                f"edges were given, but {type(final).__name__} neither learns nor predicts band edges; leave "
                "them out, or use DOSRegressor."
            )
        if self.normalize == "std" and not tells_std(final):
            raise ValueError(
                f'normalize="std" needs predict(X, return_std=True), which {type(final).__name__} lacks; '
                'pass normalize="energy", or use DOSRegressor.'
            )

    def _score(self, errors: HeldOut, labels: NDArray[np.intp]) -> None:
        residuals = errors.residuals
        self.std_floor_ = None
        if errors.std is not None:
            # groups count alike, however many rows they have
            sizes = [np.square(errors.std[labels == label]).mean(0) for label in np.unique(labels)]
            self.std_floor_ = _LEAST_STD * typical(np.mean(sizes, axis=0))
            residuals = residuals / np.maximum(errors.std, self.std_floor_)
        self.scale_, self.scores_ = curve_scores(residuals, labels)
        self.quantile_ = quantile(self.scores_, self.level)
        self.edge_scores_ = None if errors.edges is None else edge_scores(errors.edges, labels)

    def predict(self, X: ArrayLike, return_std: bool = False) -> Array | tuple[Array, Array]:
        """Predict curves with the estimator fitted on all samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        return_std : bool, default=False
            Whether to return the estimator's standard deviation too; `predict_interval` gives bands with a
            stated coverage.

        Returns
        -------
        dos : ndarray of shape (n_samples, n_energies) or (n_samples,)
            Curves.
        std : ndarray of the same shape
            Only with ``return_std=True``.

        Raises
        ------
        ValueError
            If the estimator predicts no standard deviation.
        """
        X = self._check(X)
        if return_std and not tells_std(self.estimator_):
            raise ValueError(
                f"return_std=True needs an estimator that predicts a standard deviation, but "
                f"{type(last_step(self.estimator_)).__name__} does not; call predict_interval."
            )
        return call_last(self.estimator_, "predict", X, **({"return_std": True} if return_std else {}))

    def predict_interval(self, X: ArrayLike, level: float | None = None) -> Array:
        """Predict bands that contain the whole curve at the stated level.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        level : float, default=None
            Another level than the one that the regressor was made with.

        Returns
        -------
        ndarray of shape (n_samples, n_energies, 2)
            Lower and upper bounds; the lower ones stay at or above zero where the estimator knows that
            densities do. One energy for a vector of targets.

        Raises
        ------
        ValueError
            If there are too few groups for the level.
        """
        check_is_fitted(self)
        factor = self._factor(self.scores_, level, "level", "in the training set")
        adaptive = self.std_floor_ is not None
        answer = self.predict(X, return_std=True) if adaptive else self.predict(X)
        curves, std = answer if adaptive else (answer, None)
        curves = np.reshape(curves, (len(curves), -1))
        width = factor * self.scale_
        if std is not None:
            width = width * np.maximum(per_energy(std, curves.shape), self.std_floor_)
        lower = curves - width
        if getattr(last_step(self.estimator_), "nonnegative_", False):
            lower = np.maximum(lower, 0.0)
        return np.stack([lower, curves + width], axis=-1)

    @available_if(last_has("predict_edges"))
    def predict_edges(self, X: ArrayLike) -> BandEdges:
        """Predict the band edges with the estimator fitted on all samples.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        BandEdges
            ``(vbm, cbm, gap)``, each of shape (n_samples,) [eV], as the estimator gives them.
        """
        return call_last(self.estimator_, "predict_edges", self._check(X))

    @available_if(last_has("predict_edges"))
    def predict_edge_intervals(self, X: ArrayLike, level: float | None = None) -> EdgeIntervals:
        """Predict intervals that contain each band edge at the stated level.

        The score of a group is the largest error over its rows when it was left out, one score for each of
        VBM, CBM and gap; each interval keeps the level for itself, not the three together.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.
        level : float, default=None
            Another level than the one that the regressor was made with.

        Returns
        -------
        EdgeIntervals
            ``(vbm, cbm, gap)``, each of shape (n_samples, 2) [eV]; gaps are not negative. Edges from
            eigenvalues if `fit` was given some, else edges as the estimator's threshold reads them.

        Raises
        ------
        ValueError
            If the estimator tells no edges, or too few groups have the edge for the level.
        """
        check_is_fitted(self)
        if self.edge_scores_ is None:
            raise ValueError(
                "edge intervals need edges of the groups left out, but the estimator was fitted without "
                "energies and edges; construct it as DOSRegressor(energies=...) or give fit(..., edges=...)."
            )
        factors = []
        for name, scores in zip(EdgeIntervals._fields, self.edge_scores_.T, strict=True):
            known = scores[~np.isnan(scores)]
            told = f"with a {name} among the {len(scores)} of the training set"
            factors.append(self._factor(known, level, f"level of the {name} intervals", told))
        return edge_intervals(self.predict_edges(X), factors)

    @available_if(last_has("domain_score"))
    def domain_score(self, X: ArrayLike) -> Array:
        """Say how far every row lies from the training rows; above 1 it lies outside, where no level holds.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Features.

        Returns
        -------
        ndarray of shape (n_samples,)
            Score of the estimator.
        """
        return call_last(self.estimator_, "domain_score", self._check(X))

    @property
    def energies_(self) -> Array:
        """Grid of the curves [eV], if the estimator has one."""
        return last_step(self.estimator_).energies_

    def _factor(self, scores: Array, level: float | None, what: str, counted: str) -> float:
        share = self.level if level is None else check_level(level)
        refuse(share, len(scores), counted, what)
        return quantile(scores, share)

    def _check(self, X: ArrayLike) -> Array:
        check_is_fitted(self)
        return validate_data(self, X, reset=False, dtype=np.float64)

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.target_tags.multi_output = inner.target_tags.multi_output
        tags.regressor_tags.poor_score = bool(inner.regressor_tags and inner.regressor_tags.poor_score)
        return tags
