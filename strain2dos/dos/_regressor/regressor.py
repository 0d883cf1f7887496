# SPDX-License-Identifier: BSD-3-Clause
"""The regressor from features to whole curves of the density of states."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_array, check_random_state
from sklearn.utils.validation import validate_data

from strain2dos._compat import _fit_context
from strain2dos._estimators.doc_links import DocLinks
from strain2dos.dos._common.groups import check_groups
from strain2dos.dos._common.score import CurveScoreMixin
from strain2dos.dos._common.threads import one_thread
from strain2dos.dos._edges.targets import EdgesLike, check_edges
from strain2dos.dos._regressor.checks import check_features, check_grid, labels_of
from strain2dos.dos._regressor.draws import Draws
from strain2dos.dos._regressor.energies import EdgePredictions
from strain2dos.dos._regressor.fitting import fit_dos
from strain2dos.dos._regressor.learned import LearnedAttributes
from strain2dos.dos._regressor.membership import Membership
from strain2dos.dos._regressor.parameters import CONSTRAINTS, DOSOptions, check_device, hidden_layers
from strain2dos.dos._regressor.rows import without_rows

if TYPE_CHECKING:
    from strain2dos.dos._process.training import DensityNet

Array = NDArray[np.float64]


class DOSRegressor(
    LearnedAttributes,
    EdgePredictions,
    Draws,
    Membership,
    DocLinks,
    CurveScoreMixin,
    RegressorMixin,
    BaseEstimator,
):
    r"""Predict whole curves of the density of states from strain or from Raman features.

    One row of `X` gives one curve. Curves are first written in a form in which they respond smoothly
    (`representation`). A Gaussian process then follows the response. Its kernel compares two states by the
    distance between :math:`[x / \ell, w f(x)]`, with :math:`\ell` a length scale per feature and :math:`f` a
    small network, so the network decides which states resemble each other (deep kernel learning [1]_, [2]_).
    Several such networks, and kernels without one, form a mixture. Networks count one half where that helps
    with strain states that they have not seen (`network_weight_`). Densities cannot be negative.

    Parameters
    ----------
    energies : array-like of shape (n_energies,), default=None
        Energies of the columns of `y` [eV], ascending. None takes numbers that label the columns of a
        DataFrame `y`; without these the energies are unknown, and edges cannot be read from curves.
    representation : {"auto", "grid", "pca", "cdf"}, default="auto"
        How a curve is written before it is learned. "grid": square root of the density at each energy.
        "pca": the density itself. "cdf": the energies at which given numbers of states are reached, counted
        from the gap, so that features which move in energy with strain are interpolated by moving them; the
        predicted curve is the mean over the uncertainty of these energies. "auto": whichever of "grid" and
        "cdf" predicts groups that were left out best.
    nonnegative : {"auto"} or bool, default="auto"
        Whether `y` holds densities, so that no prediction may be negative. "auto": yes if no value in `y`
        is negative.
    hidden_layer_sizes : tuple of int, default=(64, 64)
        Widths of the hidden layers of each network. ``()`` is the model without networks.
    n_members : int, default=16
        Networks. They take turns in which groups they do not see.
    max_epochs : int, default=100
        Epochs of training, one step each. More fit the training groups better, and others worse. Ctrl-C ends
        the training of the networks early, as in skorch, and the fit goes on with them as they are.
    lr : float, default=0.02
        Learning rate of AdamW at the first epoch; it falls to zero along a cosine.
    weight_decay : float, default=0.1
        Weight decay of the networks' weights.
    validation_fraction : float, default=0.2
        Share of the groups that each network does not see, at least one. With fewer than five groups there
        are no networks.
    edge_threshold : float or "auto", default="auto"
        Density at which a band begins when edges are read from curves, in the unit of `y` (see `band_edges`).
        "auto": 1.5 % of the median of the curves' maxima, to one digit, so that tables in any unit are read
        alike; 0.1 states/eV/cell for the bundled first-principles curves.
    edge_reference : float or "auto", default="auto"
        Energy inside the gap [eV], from which edges are sought (``reference`` of `band_edges`). "auto": the
        middle of the widest stretch that is empty in all training curves.
    callbacks : list of skorch callbacks, default=None
        Callbacks of the skorch net, such as :class:`skorch.callbacks.EarlyStopping`, which can watch
        ``"valid_loss"``.
    nan_policy : {"raise", "omit"}, default="raise"
        What to do with rows whose features are not all finite, as those of a spectrum whose fit is flagged.
        "raise": refuse them. "omit": leave them out of the training, with one warning that counts them, and
        predict NaN for them; `score` and the scorers of `strain2dos.dos.metrics` leave them out too.
    device : str, default="cpu"
        Where networks are trained and curves are predicted: "cpu", "cuda", "cuda:1", or "auto" for CUDA where
        there is one. Everything is in double precision. A model trained on one device predicts on another
        after ``set_params(device=...)``; a device that is not there is an error.
    random_state : int, RandomState instance or None, default=None
        Seed of weights and held-out groups. The same number gives the same model bit for bit on the CPU; the
        random state of torch is neither used nor changed.
    verbose : bool, default=False
        Whether to show a progress bar.

    Attributes
    ----------
    energies_ : ndarray of shape (n_energies,) or None
        Grid of the curves [eV], None where it is unknown.
    feature_range_ : ndarray of shape (2, `n_features_in_`)
        Smallest and largest value of each training feature, in the caller's units.
    network_weight_ : float
        Weight of the networks in the predicted curve: 0.5, or more where groups that they did not see are
        then predicted best. Where these are predicted worse with 0.5 than without networks, the best weight
        below. Next to the gap networks and kernels without one count by their precision too.
    held_out_density_ : dict
        Mean log density of the curves of left-out groups ``"with"`` and ``"without"`` the networks [nats per
        group and output]; empty without networks. The difference is what the networks are worth.
    history_ : list of dict
        One per network: ``"train_loss"`` and ``"valid_loss"``, arrays with one loss per epoch: minus the log
        density of groups that it sees, each left out in turn, and of those that it does not see.
    n_iter_ : int
        Epochs of training.
    net_ : skorch.NeuralNet
        The net of all networks, built anew at each access; ``net_.save_params`` writes its weights. None
        where networks have no weight.
    valleys_ : list of str
        Columns of `edges` that are learned, valence band first; empty without edges.
    n_valence_ : int
        How many of them are of the valence band.
    gap_factor_ : float
        Variance of the learned gap over the sum of those of its edges, from errors on left-out groups: below
        1 where the edges err together. 1 with fewer than five groups.
    valley_gap_factors_ : ndarray of shape (`n_valence_`, n_valleys - `n_valence_`)
        The same of the gap between each valley of the valence band and each of the conduction band.
    representation_ : str
        The representation chosen.
    representation_scores_ : dict
        For "auto": root mean square error on left-out groups of each representation (geometric mean over
        groups); otherwise empty.
    nonnegative_, edges_learned_ : bool
        Whether predictions are clipped at zero, and whether edges were learned from eigenvalues.
    edge_threshold_ : float
        Density at which a band begins, in the unit of `y`.
    edge_reference_ : float
        Energy inside the gap [eV].
    omitted_ : ndarray of int of shape (n_omitted,)
        Rows of `X` that were left out of the training because of ``nan_policy="omit"``, with their groups and
        edges.
    training_hashes_ : ndarray of uint64
        Hashes of the training rows.
    fitted_ : FittedDOS
        All that was learned, as one frozen object.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, when `X` was a DataFrame.

    See Also
    --------
    StrainInvariants : Symmetry of the crystal, for strain tensors.
    ConformalDOSRegressor : Bands that cover whole curves at a stated level.
    strain2dos.dos.metrics : Figures of merit.

    Notes
    -----
    Features are standardized inside, so a scaler before this step changes nothing. Kernels are trained and
    weighed by the density that they give to groups left out [3]_, so spectra of one strain state never count
    as evidence for each other. There is no ``sample_weight``: groups count equally however many rows they
    have, and noise belongs to the kernel.

    References
    ----------
    .. [1] A. G. Wilson, Z. Hu, R. Salakhutdinov and E. P. Xing, "Deep kernel learning", AISTATS (2016).
    .. [2] R. Calandra, J. Peters, C. E. Rasmussen and M. P. Deisenroth, "Manifold Gaussian processes for
       regression", IJCNN (2016).
    .. [3] S. Sundararajan and S. S. Keerthi, "Predictive approaches for choosing hyperparameters in Gaussian
       processes", Neural Computation 13, 1103-1118 (2001).
    .. [4] C. E. Clark, "The greatest of a finite set of random variables", Operations Research 9, 145-162
       (1961).

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos import DOSRegressor
    >>> energies = np.linspace(-2.0, 2.0, 201)
    >>> strain = np.linspace(0.0, 0.06, 9)[:, None]
    >>> dos = np.clip(np.abs(energies) - (0.8 - 5 * strain), 0.0, None)
    >>> model = DOSRegressor(energies, n_members=2, max_epochs=20, random_state=0)
    >>> model.fit(strain, dos).predict([[0.025]]).shape
    (1, 201)
    >>> model.predict_edges([[0.025]]).gap.round(2)
    array([1.39])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    def __init__(
        self,
        energies: ArrayLike | None = None,
        *,
        representation: str = "auto",
        nonnegative: bool | str = "auto",
        hidden_layer_sizes: tuple[int, ...] = (64, 64),
        n_members: int = 16,
        max_epochs: int = 100,
        lr: float = 0.02,
        weight_decay: float = 0.1,
        validation_fraction: float = 0.2,
        edge_threshold: float | str = "auto",
        edge_reference: float | str = "auto",
        callbacks: list[Any] | None = None,
        nan_policy: str = "raise",
        device: str = "cpu",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool | int = False,
    ) -> None:
        self.energies = energies
        self.representation = representation
        self.nonnegative = nonnegative
        self.hidden_layer_sizes = hidden_layer_sizes
        self.n_members = n_members
        self.max_epochs = max_epochs
        self.lr = lr
        self.weight_decay = weight_decay
        self.validation_fraction = validation_fraction
        self.edge_threshold = edge_threshold
        self.edge_reference = edge_reference
        self.callbacks = callbacks
        self.nan_policy = nan_policy
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike, *, groups: ArrayLike | None = None, edges: EdgesLike | None = None
    ) -> Self:
        """Learn the curves; groups are left out as a whole to train and weigh kernels.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Strain components or Raman features, one row per curve.
        y : array-like of shape (n_samples, n_energies) or (n_samples,)
            Curves [states/eV/cell]; a vector is a curve at a single energy.
        groups : array-like of shape (n_samples,), default=None
            Label of the strain state behind each row. Rows of one label are held out together. None: rows
            with the same curve belong together.
        edges : array-like of shape (n_samples, 2) or DataFrame, default=None
            Valence band maximum and conduction band minimum [eV] from eigenvalues. They are learned beside
            the curves, and `predict_edges` then returns them rather than crossings of a threshold, which
            depend on how the curves were broadened. Where the edge changes from one valley to another it
            has a kink, which no smooth function follows: give the energies of the valleys in a DataFrame
            instead, columns beginning with ``vbm`` (such as ``vbm_K``, ``vbm_G``) and ``cbm``. Each valley
            is learned alone, and the edges are the highest and the lowest of them. Valleys that are the edge
            in none of the groups, if these are 16 or more, are left out (`valleys_`).

        Returns
        -------
        DOSRegressor
            The fitted regressor.

        Raises
        ------
        ValueError
            If shapes do not match, a feature or an edge is not finite (features: unless
            ``nan_policy="omit"``, and then if fewer than two rows remain), a density is negative though
            ``nonnegative=True``, labels of the columns of `y` are other energies than `energies`, a group has
            no label, edges are swapped or in another unit, `edge_reference` lies off the grid, or `device` is
            not there.

        Warns
        -----
        UserWarning
            If rows are left out of the training.
        """
        labels = labels_of(y)
        asked = {"dtype": np.float64, "order": "C"}
        features, curves = validate_data(
            self, X, y, multi_output=True, y_numeric=True, ensure_all_finite=False, **asked
        )
        curves = check_array(curves, ensure_2d=False, input_name="y", **asked)
        random = check_random_state(self.random_state)
        options = self._options(check_grid(self.energies, labels, 1 if curves.ndim == 1 else curves.shape[1]))
        known = check_edges(edges, len(features))
        if groups is not None:
            check_groups(groups, curves.reshape(len(curves), -1))
        omitted = check_features(features, getattr(self, "feature_names_in_", None), self.nan_policy)
        if omitted.size:
            kept = np.delete(np.arange(len(features)), omitted)
            features, curves = features[kept], curves[kept]
            groups = None if groups is None else np.asarray(groups)[kept]
            known = None if known is None else known.take(kept)
        with one_thread():
            found = fit_dos(features, curves, groups, known, options, random)
        self.fitted_ = replace(found, omitted=omitted)
        return self

    def _options(self, energies: Array | None) -> DOSOptions:
        from strain2dos.dos._process.training import TrainingOptions

        device = check_device(self.device)
        training = TrainingOptions(
            hidden_layers(self.hidden_layer_sizes),
            int(self.n_members),
            int(self.max_epochs),
            float(self.lr),
            float(self.weight_decay),
            float(self.validation_fraction),
            tuple(self.callbacks or ()),
            device,
            bool(self.verbose),
        )
        edges = (self.edge_threshold, self.edge_reference)
        return DOSOptions(energies, self.representation, self.nonnegative, *edges, device, training)

    @overload
    def predict(self, X: ArrayLike, return_std: Literal[False] = False) -> Array: ...

    @overload
    def predict(self, X: ArrayLike, return_std: Literal[True]) -> tuple[Array, Array]: ...

    def predict(self, X: ArrayLike, return_std: bool = False) -> Array | tuple[Array, Array]:
        """Predict the density of states of every row.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Strain components or Raman features.
        return_std : bool, default=False
            Whether to return the standard deviation too.

        Returns
        -------
        dos : ndarray of shape (n_samples, n_energies), or (n_samples,) after fitting on a vector
            Curves [states/eV/cell].
        std : ndarray of the same shape
            Only with ``return_std=True``: spread of the mixture, scaled to errors on left-out groups nearby,
            carried through the representation to first order. NaN after fitting on one row, from
            which no scatter can be estimated. `ConformalDOSRegressor` gives bands with a stated coverage.

        Raises
        ------
        ValueError
            If `device` is a CUDA device that this machine does not have.
        """
        X, lost = self._check_rows(X)
        with one_thread():
            dos, std = self.fitted_.curves(X, check_device(self.device), std=return_std)
        dos, std = without_rows(dos, lost), None if std is None else without_rows(std, lost)
        if self.fitted_.flat:
            dos, std = dos[:, 0], None if std is None else std[:, 0]
        return dos if std is None else (dos, std)

    @property
    def net_(self) -> DensityNet | None:
        """The skorch net of all networks, built anew at each access; None where networks have no weight."""
        from strain2dos.dos._process.training import network_of

        network = self.fitted_.heads.network
        if network is None:
            return None
        return network_of(network.covariance(), self._options(self.energies_).training).initialize()

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        tags.input_tags.allow_nan = self.nan_policy == "omit"
        return tags
