# SPDX-License-Identifier: BSD-3-Clause
"""Bands around predicted curves that hold the whole curve at a stated level."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.metadata_routing import MetadataRouter, MethodMapping
from sklearn.utils.validation import check_is_fitted

from strain2dos._compat import Interval, StrOptions, _fit_context
from strain2dos._estimators.columns import as_array
from strain2dos._estimators.doc_links import DocLinks
from strain2dos._estimators.wrappers import look_through
from strain2dos.dos._common.score import CurveScoreMixin, per_energy
from strain2dos.dos._edges.targets import EdgesLike
from strain2dos.dos._uncertainty.checks import (
    check_estimator,
    check_training,
    refuse_training_rows,
    warn_of_training_errors,
    without_flagged,
)
from strain2dos.dos._uncertainty.cross_fitting import held_out
from strain2dos.dos._uncertainty.edges import EdgeBands
from strain2dos.dos._uncertainty.forwarded import ForwardedDomain
from strain2dos.dos._uncertainty.ranks import require_enough_groups
from strain2dos.dos._uncertainty.scores import score_groups

Array = NDArray[np.float64]


class ConformalDOSRegressor(
    EdgeBands,
    DocLinks,
    ForwardedDomain,
    CurveScoreMixin,
    RegressorMixin,
    MetaEstimatorMixin,
    BaseEstimator,
):
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
        edge; None if the estimator has no edges. Where the estimator is less sure than usual, divided by
        its standard deviation over `edge_std_floor_`.
    edge_std_floor_ : ndarray of shape (3,) or None
        Root mean square of the standard deviations of VBM, CBM and gap [eV] of groups left out; None where
        the width does not follow the estimator's.
    omitted_ : ndarray of int of shape (n_omitted,)
        Rows that were neither learned nor left out in turn, because an estimator with ``nan_policy="omit"``
        gets features from them that are not finite.
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

    A `FrozenEstimator` is not fitted again, so its errors are honest only on states that it has not seen. A
    frozen `DOSRegressor`, and scikit-learn's regressors that keep their training rows, are refused on them;
    of others only errors below 1e-4 of the spread of the curves arouse a warning, and a frozen ridge on its
    own training rows goes unnoticed.

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
        cv: object = None,
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
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        *,
        groups: ArrayLike | None = None,
        edges: EdgesLike | None = None,
        **fit_params: object,
    ) -> Self:
        """Fit the estimator and record its errors on groups left out.

        Parameters
        ----------
        X : array-like or dataframe of shape (n_samples, n_features)
            Features or spectra, handed on to the estimator as they are.
        y : array-like of shape (n_samples, n_energies) or (n_samples,)
            Curves.
        groups : array-like of shape (n_samples,), default=None
            Label of the strain state behind each row. None: rows with the same curve belong together.
        edges : array-like of shape (n_samples, 2) or DataFrame, default=None
            Valence band maximum and conduction band minimum [eV] from eigenvalues, or one
            column per valley as in `DOSRegressor.fit`: handed on to the estimator if it takes them, and what
            `predict_edge_intervals` covers. None: the edges that the estimator's threshold reads from the
            curves.
        **fit_params : dict
            Further arguments of the estimator's ``fit``, such as ``sample_weight`` or, for a pipeline,
            ``step__sample_weight``. Those with one value per row are split with the rows. With metadata
            routing they, `groups` and `edges` go where they were requested.

        Returns
        -------
        ConformalDOSRegressor
            The fitted regressor.

        Raises
        ------
        ValueError
            If there are too few groups for the level, if `cv` does not leave every group out once, if
            `edges` does not fit `X` or the estimator, if the estimator predicts no standard deviation
            though ``normalize="std"``, or if a frozen estimator was fitted on these very rows.

        Warns
        -----
        UserWarning
            If rows without finite features are left out, as an estimator with ``nan_policy="omit"`` asks, or
            if a frozen estimator errs so little on these rows that it seems to have been fitted on them.
        """
        data = check_training(self, X, y, groups, edges, fit_params)
        chain = check_estimator(self.estimator, self.normalize, edges)
        data, self.omitted_ = without_flagged(self.estimator, data)
        n_groups = len(np.unique(data.labels))
        require_enough_groups(self.level, n_groups, f"in n_samples = {len(data.curves)}")
        if chain.frozen:
            refuse_training_rows(chain, data.X)
        std = self.normalize == "std" or (self.normalize == "auto" and chain.supports_std())
        errors = held_out(self.estimator, self.cv, data, std=std, n_jobs=self.n_jobs)
        if chain.frozen:
            warn_of_training_errors(chain, errors.residuals, data.curves)
        found = score_groups(errors, data.labels)
        self.scale_, self.scores_, self.std_floor_ = found.scale, found.scores, found.std_floor
        self.edge_scores_, self.edge_std_floor_ = found.edge_scores, found.edge_std_floor
        self.estimator_ = data.fit(clone(self.estimator))
        return self

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
        check_is_fitted(self)
        if not return_std:
            return self.estimator_.predict(as_array(X))
        chain = look_through(self.estimator_)
        if not chain.supports_std():
            raise ValueError(
                f"return_std=True needs an estimator that predicts a standard deviation, but "
                f"{type(chain.final).__name__} does not; call predict_interval."
            )
        return chain.call("predict", X, return_std=True)

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
        width = factor * self.scale_
        if self.std_floor_ is None:
            curves = self.predict(X)
            curves = np.reshape(curves, (len(curves), -1))
        else:
            curves, std = self.predict(X, return_std=True)
            curves = np.reshape(curves, (len(curves), -1))
            width = width * np.maximum(per_energy(std, curves.shape), self.std_floor_)
        lower = curves - width
        chain = look_through(self.estimator_)
        if getattr(chain.final, "nonnegative_", False) and not chain.targets:
            lower = np.maximum(lower, 0.0)
        return np.stack([lower, curves + width], axis=-1)

    @property
    def quantile_(self) -> float:
        """The factor by which typical errors are multiplied at `level`."""
        if not hasattr(self, "scores_"):
            raise AttributeError("ConformalDOSRegressor has no quantile_ before it is fitted.")
        return self._factor(self.scores_, None, "level", "in the training set")

    def get_metadata_routing(self) -> MetadataRouter:
        """Take ``groups`` and ``edges`` of ``fit``, and hand on what the estimator requested.

        Returns
        -------
        MetadataRouter
            For scikit-learn.
        """
        mapping = MethodMapping().add(caller="fit", callee="fit")
        router = MetadataRouter(owner=self).add_self_request(self)
        return router.add(estimator=self.estimator, method_mapping=mapping)

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.target_tags.multi_output = inner.target_tags.multi_output
        tags.regressor_tags.poor_score = bool(inner.regressor_tags and inner.regressor_tags.poor_score)
        return tags
