# SPDX-License-Identifier: BSD-3-Clause
"""Which feature moves which part of the predicted density of states."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from strain2dos._estimators.columns import finite_rows
from strain2dos._estimators.wrappers import look_through
from strain2dos.explain._assembly import assembled, check_wishes, warn_missing
from strain2dos.explain._explanation import DOSExplanation
from strain2dos.explain._maps import chosen_groups, map_of
from strain2dos.explain._values.error_shares import ErrorShares, error_shares
from strain2dos.explain._values.run import Plan, explain_quantities
from strain2dos.explain._values.samples import features_of, split_point
from strain2dos.explain._values.subject import Subject
from strain2dos.explain._values.targets import scalar_names
from strain2dos.mapping._pixels.cube import align_columns, as_cube
from strain2dos.mapping._pixels.model import EDGE_NAMES

if TYPE_CHECKING:
    import xarray as xr

    from strain2dos.raman import StrainDopingSeparator


class DOSExplainer:
    r"""Shapley values of the whole density of states and of the band edges.

    Every feature of a sample gets its share of the difference between the prediction for this sample and the
    mean prediction over a background of samples, at each energy: curves that sum up exactly to that
    difference. Features outside a coalition are drawn from the background ("interventional" Shapley values).

    Parameters
    ----------
    estimator : fitted regressor, pipeline, search or other wrapper
        Predicts curves (n, n_energies) from features (n, k). For a pipeline that starts with spectra use
        :meth:`from_pipeline`.
    background : array-like or dataframe of shape (n_background, k)
        Samples that stand for "feature unknown", usually the training features. Columns with names are put
        into the order in which the estimator was fitted on them.
    feature_names : sequence of str, default=None
        How features are called in explanations, in the estimator's order; by default the names seen in fit,
        else the columns of `background`.
    energies : array-like of shape (n_energies,), default=None
        Energies in eV, for regressors without ``energies_``.
    coordinates : {"strain"} or StrainDopingSeparator, default=None
        Explain strain, shear and doping in place of the line positions from which they follow, by the rates
        of the separator; features that are no positions stay as they are. Line positions move together
        under strain and under doping, so their own shares describe neither.
    edge_options : mapping, default=None
        Keyword arguments for :func:`strain2dos.dos.band_edges`, for regressors without ``predict_edges``.
    max_background : int, default=100
        A larger background is thinned to this many rows.
    thinning : {"random", "clusters"}, default="random"
        How it is thinned: to some of its rows at random, or to the means of as many clusters of rows
        (k-means), weighed by the rows in each. Clusters approximate the shares that all rows give, in less
        time than these take: see the notes.
    max_exact : int, default=11
        Up to this many features all :math:`2^k` coalitions are evaluated and the values are exact; beyond it
        they are sampled over permutations of the features and still sum up exactly.
    n_permutations : int, default=10
        Permutations sampled, each forwards and backwards: at most ``2 k n_permutations`` coalitions instead
        of :math:`2^k`. To save time few features can be sampled too, with ``max_exact=1``.
    max_evaluations : int, default=None
        Predictions of one sample at most, where all coalitions are evaluated; None evaluates all
        :math:`2^k` of them with every background sample. With fewer, small and large coalitions, which
        count most, keep the whole background, and others take turns through it. Values still sum up
        exactly. Edges that were learned are as fast without, and stay exact.
    n_jobs : int, default=None
        Threads that share the samples, as joblib counts jobs: None is one, -1 all cores. The values do not
        depend on it.
    random_state : int, RandomState or None, default=None
        Seed of the thinning and the sampling.
    progress : bool, default=False
        Show a progress bar.

    Attributes
    ----------
    background : ndarray of shape (<= max_background, k)
        Background in feature space, as used.
    background_weights : ndarray of shape (<= max_background,) or None
        Weights of its rows, which add to one; None where all count alike.
    feature_names : tuple of str

    Notes
    -----
    The band edges are explained as functions of their own: the value of a coalition is the mean over the
    background of the edge of each curve, not the edge of the mean curve (which would be the outermost edge of
    all). Evaluations without an edge (a metal, or an edge beyond the grid) are left out of that mean; the
    shares left out are reported in ``missing_edges`` and warned about. A coalition in which no evaluation has
    the edge makes the edge values of the sample NaN.

    Approximations save time: few clusters of the background where features are few, and ``max_evaluations``
    where they are many. The figures of merit in the guide have times and errors of both.

    References
    ----------
    S. M. Lundberg, S.-I. Lee, A unified approach to interpreting model predictions, NeurIPS 30 (2017).
    D. Janzing, L. Minorics, P. Bloebaum, Feature relevance quantification in explainable AI: a causal
    problem, AISTATS (2020), for the choice of the interventional value function.
    R. Mitchell et al., Sampling permutations for Shapley value estimation, J. Mach. Learn. Res. 23, 43
    (2022), for permutations in pairs.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from strain2dos import DOSExplainer
    >>> X = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> model = LinearRegression().fit(X, X @ [[1.0, 2.0, 0.0], [0.0, 4.0, 8.0]])
    >>> explanation = DOSExplainer(
    ...     model, X, feature_names=["E'_center", "A1'_center"]
    ... ).explain([[1.0, 1.0]])
    >>> explanation.values[0].round(6) + 0.0
    array([[0.5, 1. , 0. ],
           [0. , 2. , 4. ]])
    """

    def __init__(
        self,
        estimator: BaseEstimator,
        background: npt.ArrayLike,
        *,
        feature_names: Sequence[str] | None = None,
        energies: npt.ArrayLike | None = None,
        coordinates: str | StrainDopingSeparator | None = None,
        edge_options: Mapping[str, Any] | None = None,
        max_background: int = 100,
        thinning: str = "random",
        max_exact: int = 11,
        n_permutations: int = 10,
        max_evaluations: int | None = None,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        progress: bool = False,
    ) -> None:
        self.max_background, self.thinning = max_background, thinning
        self.max_exact = max_exact
        self.n_permutations = n_permutations
        self.max_evaluations = max_evaluations
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.progress = progress
        self._subject = Subject.of(
            estimator,
            background,
            feature_names=feature_names,
            energies=energies,
            coordinates=coordinates,
            edge_options=edge_options,
            max_background=max_background,
            thinning=thinning,
            random_state=random_state,
        )

    @property
    def background(self) -> np.ndarray:
        """Background in feature space, as used."""
        return self._subject.background

    @property
    def background_weights(self) -> np.ndarray | None:
        """Weights of its rows, which add to one; None where all count alike."""
        return self._subject.weights

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of what is explained."""
        return self._subject.names

    @classmethod
    def from_pipeline(
        cls,
        pipeline: BaseEstimator,
        background: npt.ArrayLike,
        *,
        at: int | str | None = None,
        **options: Any,
    ) -> DOSExplainer:
        """Explain a pipeline that starts with spectra in terms of the features that it takes from them.

        Parameters
        ----------
        pipeline : fitted Pipeline
            Such as RamanFeaturizer -> StandardScaler -> DOSRegressor.
        background : array-like of shape (n_background, n_shift)
            Spectra; those whose features are not finite are left out with a warning.
        at : int or str, default=None
            How many leading steps only prepare the features, or the name of the last one of them. By default
            the first step if it is a featurizer for spectra, else none.
        **options : dict
            Parameters of :class:`DOSExplainer`.

        Returns
        -------
        DOSExplainer
            Whose :meth:`explain` takes spectra.
        """
        chain = look_through(pipeline)
        n_before = split_point(chain, at)
        if not n_before:
            return cls(chain, background, **options)
        features, kept = features_of(chain, n_before, background)
        if not kept.all():
            warnings.warn(
                f"{int((~kept).sum())} of {len(kept)} background spectra have no finite features; they "
                "were left out.",
                UserWarning,
                stacklevel=2,
            )
        names = chain.front[n_before - 1].get_feature_names_out()
        options.setdefault("feature_names", [str(name) for name in names])
        explainer = cls(chain.after(n_before), features[kept], **options)
        explainer._subject = explainer._subject.behind(chain, n_before, pipeline)
        return explainer

    def explain(
        self,
        X: npt.ArrayLike,
        *,
        edges: bool = True,
        curves: bool = True,
        targets: Sequence[str] = (),
        interactions: bool = False,
    ) -> DOSExplanation:
        """Attribute the predictions of samples to their features.

        Parameters
        ----------
        X : array-like of shape (n, k)
            Features, or spectra (n, n_shift) for an explainer made by :meth:`from_pipeline`.
        edges : bool, default=True
            Whether to explain the band edges too, where the model has them.
        curves : bool, default=True
            Whether to explain the curves. False explains numbers alone, without decoding a curve for
            every coalition where the model learned its edges; ``values`` then holds no energies.
        targets : sequence of str, default=()
            Other numbers to be explained, as far as the model gives them: "gap_direct" (at K); "vbm_std",
            "cbm_std", "gap_std" and "gap_direct_std", what the model itself states about its error;
            "vbm_width", "cbm_width" and "gap_width", widths of conformal intervals; "domain_score".
        interactions : bool, default=False
            Whether to explain pairs of features too, see ``DOSExplanation.interactions``. It costs no
            evaluation more, but memory for k (k - 1) / 2 curves per sample.

        Returns
        -------
        DOSExplanation
            Samples without finite features are NaN in it.

        Raises
        ------
        ValueError
            If the number or the names of the features differ from the background's, no sample has finite
            features, there is nothing to explain, the model does not give a target, or interactions are
            asked for with fewer than two features, or more than ``max_exact``.

        Warns
        -----
        UserWarning
            If samples have no finite features, or evaluations no band edge.
        """
        data = self._subject.inputs.explained(X)
        kept = finite_rows(data)
        if not kept.any():
            raise ValueError(f"none of the {len(data)} samples has finite features to explain.")
        if not kept.all():
            warnings.warn(
                f"{int((~kept).sum())} of {len(data)} samples have features that are not finite; their "
                "attributions are NaN.",
                UserWarning,
                stacklevel=2,
            )
        names = scalar_names(self._subject.model, edges, targets)
        check_wishes(
            names,
            len(self.feature_names),
            edges=edges,
            curves=curves,
            pairs_up_to=self.max_exact if interactions else None,
        )
        plan = self._plan(pairs=interactions)
        quantities = (*(("dos",) if curves else ()), *names)
        found, base = explain_quantities(self._subject, data[kept], quantities, plan)
        explanation = assembled(
            found.scattered(kept),
            base,
            data,
            scalars=names,
            energies=self._subject.model.energies,
            feature_names=self.feature_names,
            method=plan.method,
            n_background=len(self.background),
        )
        warn_missing(explanation)
        return explanation

    def _plan(self, *, pairs: bool) -> Plan:
        return Plan(
            exact=len(self.feature_names) <= self.max_exact,
            pairs=pairs,
            n_permutations=self.n_permutations,
            most=self.max_evaluations,
            seed=int(check_random_state(self.random_state).randint(2**31 - 1)),
            n_jobs=self.n_jobs,
            progress=self.progress,
        )

    def explain_map(
        self,
        cube: xr.DataArray,
        *,
        targets: Sequence[str] = ("gap",),
        groups: str | Mapping[str, Sequence[str]] | None = "collinear",
        errors: bool | None = None,
        curves: bool = False,
    ) -> xr.Dataset:
        """Attribute numbers of every pixel of a map, and their errors, to features.

        Parameters
        ----------
        cube : DataArray with dims y, x and shift (or feature)
            Spectra for an explainer made by :meth:`from_pipeline`, else features.
        targets : sequence of str, default=("gap",)
            Band edges, and other numbers as for :meth:`explain`.
        groups : {"collinear"}, mapping or None, default="collinear"
            Features whose shares are given as sums. "collinear": those whose correlation over the
            background is above 0.9, since a model can trade their shares without a change of predictions;
            ``attrs["groups"]`` names them with the reason. A mapping: names of features by the name of
            the group.
        errors : bool, default=None
            Whether to divide the variance of each target too, by :meth:`explain_errors`. None: where the fit
            of the spectra gives a covariance.
        curves : bool, default=False
            Whether to explain the curves too, which costs a decoded curve for every coalition.

        Returns
        -------
        Dataset
            For each target ``NAME_values`` (y, x, feature) in eV; ``NAME_driver`` (y, x), the number of the
            feature with the largest share, with its name in ``flag_meanings``; and, with errors,
            ``NAME_error`` (y, x) and ``NAME_error_share`` (y, x, source).

        Raises
        ------
        ValueError
            If the axis or the names do not fit the model, or a target is not known.
        """
        model = replace(self._subject.plain, chain=self._subject.inputs.front or self._subject.plain.chain)
        cube = align_columns(as_cube(cube), model)
        rows = np.asarray(cube.values, dtype=np.float64).reshape(-1, cube.shape[-1])
        others = [name for name in targets if name not in EDGE_NAMES]
        whole = self.explain(rows, edges=len(others) < len(targets), curves=curves, targets=others)
        members, why = chosen_groups(groups, self.background, self.feature_names)
        errors = self._subject.inputs.has_covariance if errors is None else errors
        parts = {name: self.explain_errors(rows, target=name) for name in targets} if errors else {}
        return map_of(whole.grouped(members) if members else whole, cube, targets, parts, why)

    def explain_errors(
        self, X: npt.ArrayLike, covariance: npt.ArrayLike | None = None, *, target: str = "gap"
    ) -> ErrorShares:
        """Divide the variance of a number of each sample among the errors of its features and of the model.

        Parameters
        ----------
        X : array-like of shape (n, k)
            As for :meth:`explain`.
        covariance : array-like of shape (n, k, k) or (k, k), default=None
            Covariance of the errors of the features, in the order of the features (not of the coordinates).
            None: that of the fit, for an explainer made by :meth:`from_pipeline`.
        target : str, default="gap"
            A band edge or another number, as for :meth:`explain`.

        Returns
        -------
        ErrorShares
            Samples without finite features or covariance are NaN in it.

        Raises
        ------
        ValueError
            If there is no covariance.
        """
        rows, blur = self._subject.inputs.with_covariance(X, covariance)
        return error_shares(
            self._subject.model, self._subject.conformal, target, self.feature_names, rows, blur
        )

    def explain_domain(self, X: npt.ArrayLike) -> np.ndarray:
        """Name the feature or distance of features that puts a sample outside of the training states.

        Parameters
        ----------
        X : array-like of shape (n, k)
            As for :meth:`explain`.

        Returns
        -------
        ndarray of str of shape (n,)
            Empty for samples inside; else a sentence with the value that lies furthest outside the range of
            the background, such as "its A1'-E' is 21.7, and the background has 17.2 to 20.4".

        Raises
        ------
        ValueError
            If the model knows no domain.
        """
        if not self._subject.plain.chain.has("domain_reason"):
            raise ValueError(
                f"{type(self._subject.plain.final).__name__} has no domain_reason; explain a DOSRegressor."
            )
        return self._subject.seen.reasons(self._subject.plain.chain, self._subject.inputs.features(X))
