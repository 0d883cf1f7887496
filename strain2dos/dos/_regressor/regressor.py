# SPDX-License-Identifier: BSD-3-Clause
"""The regressor from features to whole curves of the density of states."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from strain2dos._compat import _fit_context
from strain2dos._estimators.seen import row_hashes
from strain2dos.dos._common.score import CurveScoreMixin
from strain2dos.dos._common.threads import one_thread
from strain2dos.dos._regressor import fitting as _fitting
from strain2dos.dos._regressor.parameters import CONSTRAINTS
from strain2dos.dos._regressor.prediction_mixin import PredictionMixin

Array = NDArray[np.float64]


class DOSRegressor(PredictionMixin, CurveScoreMixin, RegressorMixin, BaseEstimator):
    r"""Predict whole curves of the density of states from strain or from Raman features.

    One row of `X` gives one curve. Curves are first written in a form in which they respond smoothly
    (`representation`). A Gaussian process then follows the smooth response, and an ensemble of neural nets,
    each stopped on strain states that it did not see, adds its correction as far as it predicts unseen
    states better than the process alone (`network_weight_`). Densities cannot be negative. Curves learned as
    "cdf" are means over the uncertainty of their energies: away from the training states they are blunter
    than a sharp curve, which would err more with its features misplaced. Band edges stay sharp, and where
    energies are known to half a step of the grid nothing changes.

    Parameters
    ----------
    energies : array-like of shape (n_energies,), default=None
        Energies of the columns of `y` [eV], ascending. None numbers the columns; edges then cannot be read
        from curves.
    representation : {"auto", "grid", "pca", "cdf", "aligned", "blend"}, default="auto"
        How a curve is written before it is learned. "grid": square root of the density at each energy.
        "pca": the density itself. "cdf": the energies at which given numbers of states are reached, counted
        from the gap, so that features which move in energy with strain are interpolated by moving them.
        "aligned": valence and conduction part, each against its own edge, and the two edges. "auto":
        whichever of "grid", "cdf" and "aligned" predicts groups that were left out best. "blend": the mean of
        the curves that these three give, with the shares, none negative and all adding up to one, that
        predict left-out groups best (stacking [3]_, [4]_). Shares below 0.05 are dropped; where one form is
        left, or with fewer than four groups, it is "auto". A blend decodes as often as it has parts, and so
        predicts many rows up to four times as slowly.
    nonnegative : {"auto"} or bool, default="auto"
        Whether `y` holds densities, so that no prediction may be negative. "auto": yes if no value in `y`
        is negative.
    hidden_layer_sizes : tuple of int, default=(128, 128)
        Widths of the hidden layers of each net.
    n_members : int, default=5
        Nets in the ensemble. They take turns in which groups they do not see.
    loss : {"auto", "mse", "huber"}, default="auto"
        Loss of the nets on the curves in the chosen representation; "auto" is "mse".
    lr : float, default=2e-3
        Highest learning rate of AdamW; it rises over the first epochs and then falls along a cosine.
    max_epochs : int, default=300
        Most epochs per net.
    batch_size : int, default=256
        Samples per step and net.
    early_stopping : bool, default=True
        Whether each net holds out groups, stops when its error on them no longer falls, and goes back to its
        best weights. With fewer than three groups nothing can be held out, and without held-out groups the
        nets have no say in the mean.
    validation_fraction : float, default=0.2
        Share of the groups that each net holds out, at least one.
    patience : int, default=30
        Epochs without improvement before a net stops.
    weight_decay : float, default=1e-2
        Weight decay of AdamW.
    response : {"linear", "quadratic"}, default="linear"
        The smooth response to the standardised features that every net corrects, begun as a lightly damped
        least-squares fit; "quadratic" adds all products of two features.
    gaussian_process : bool, default=True
        Whether there is a Gaussian process. False leaves the curves to the nets alone (`network_weight_` is
        1); the process then only chooses the representation where that is "auto", or the shares of a blend.
    edge_weight : float, default=1.0
        Weight of the errors of learned edges in the loss of the nets; at 1 all edges together count like the
        curve.
    cdf_weight : float, default=0.0
        Weight of the error in the number of states between the gap and each energy, squared and integrated.
        This and the next terms act on the curve itself during the training of the nets. Each is measured by
        what the mean curve of the training set misses, so that 1 counts like the error of the curves in their
        representation.
    smoothness_weight : float, default=0.0
        Weight of the second difference along energy of the error of the curve. The curve's own is no measure:
        two-dimensional bands have steps and peaks.
    state_weight : float, default=0.0
        Weight of the error in the number of states in `state_window`.
    state_window : tuple of float (e_low, e_high) or None, default=None
        Energies in which states are counted [eV]; None takes the whole grid. The sum over the whole grid
        is not conserved when bands cross its ends, so give a window that begins and ends in gaps
        where you know one.
    gap_weight : float, default=0.0
        Weight of density between the true edges beyond the tails that the broadened true curve has there.
    edge_threshold : float, default=0.1
        Density at which a band begins when edges are read from curves, in the unit of `y` (see `band_edges`).
    edge_reference : float or "auto", default="auto"
        Energy inside the gap [eV]. "auto": the middle of the widest stretch that is empty in all training
        curves.
    prior : fitted regressor of curves or None, default=None
        A model of cheaper curves on the same features and energies, such as tight-binding ones. What it
        misses is then learned, and it speaks with the share that predicts groups left out best
        (`prior_weight_`). Wrap it in :class:`sklearn.frozen.FrozenEstimator` for use inside a
        cross-validation, which clones and so forgets fits.
    device : str, default="cpu"
        Where the nets are trained and curves are predicted: "cpu", "cuda", "cuda:1", or "auto" for CUDA where
        there is one. The Gaussian process and its kernels are fitted on the CPU, learned edges are predicted
        there, and so are curves in which a `prior` has a share. A model trained on one device predicts on
        another after ``set_params(device=...)``; a device that is not there is an error.
    dtype : {"float64", "float32"}, default="float64"
        Precision of curves predicted on a CUDA device, and dtype of what `predict` returns from there. On the
        CPU everything is in double precision: sums in single precision would depend on the batch, and on the
        CPU a row is predicted to the same bits whatever stands beside it. With "float32" the Gaussian process
        and standard deviations are still summed in double precision. For the bundled states this changed
        densities by at most 4e-5 of the largest one (representation "cdf"; "aligned" 1e-5, "grid" and "pca"
        3e-7) and gaps by at most 4e-6 eV, while "float64" agreed with the CPU to 1e-9 (measured with the
        same tensors on a CPU; TF32, which torch leaves off, would cost more).
    random_state : int, RandomState instance or None, default=None
        Seed of weights, batches and held-out groups. The same number gives the same model bit for bit on the
        CPU, and but for the order of sums on a CUDA device; the global random state of torch is left alone.
    verbose : bool, default=False
        Whether to show a progress bar.

    Attributes
    ----------
    energies_ : ndarray of shape (n_energies,)
        Grid of the curves [eV].
    feature_range_ : ndarray of shape (2, `n_features_in_`)
        Smallest and largest value of each training feature, in the caller's units.
    training_hashes_ : ndarray of shape (n_samples,)
        One number per training row, by which `ConformalDOSRegressor` refuses a frozen regressor on them.
    history_ : list of dict
        One per net: ``"train_loss"`` and, with held-out groups, ``"valid_loss"``, arrays with one loss per
        epoch until that net stopped. Terms with a weight above 0 are part of both.
    n_iter_ : int
        Epochs of the net that trained longest.
    nets_, net_ : list of NeuralNetRegressor, NeuralNetRegressor
        The skorch nets and the first of them, built from `weights_` at each access.
    weights_ : list of dict
        Weights of each net by name.
    heads_ : list of dict
        What was learned for the curves and, with `edges`, for the edges.
    network_weight_ : float
        Share of the nets in the predicted curve, from 0 to 1.
    prior_weight_ : float
        Share of the corrected prior in the predicted curve, from 0 to 1.
    valleys_ : list of str
        Columns of `edges` that are learned, valence band first; empty without edges.
    n_valence_ : int
        How many of them are of the valence band.
    representation_ : dict
        The representation chosen (``"name"``) and what it needs. For "blend", ``["kept"]["parts"]`` lists
        the forms, each with its ``"name"`` and its ``"share"``.
    representation_scores_ : dict
        For "auto" and "blend": root mean square error on left-out groups of each representation (geometric
        mean over groups); otherwise empty.
    nonnegative_, edges_learned_ : bool
        Whether predictions are clipped at zero, and whether edges were learned from eigenvalues.
    edge_reference_ : float
        Energy inside the gap [eV].
    n_features_in_ : int
        Number of features.
    feature_names_in_ : ndarray of str
        Names of the features, when `X` was a DataFrame.

    See Also
    --------
    ConformalDOSRegressor : Bands that cover whole curves at a stated level.
    strain2dos.dos.metrics : Figures of merit.

    Notes
    -----
    Features are standardised inside, so a scaler before this step changes nothing. The kernels of the
    Gaussian process are weighed by the density that they give to groups left out [1]_, so spectra of one
    strain state never vouch for each other; with many groups one kernel takes all, with few several share.

    References
    ----------
    .. [1] S. Sundararajan and S. S. Keerthi, "Predictive approaches for choosing hyperparameters in Gaussian
       processes", Neural Computation 13, 1103-1118 (2001).
    .. [2] C. E. Clark, "The greatest of a finite set of random variables", Operations Research 9, 145-162
       (1961).
    .. [3] D. H. Wolpert, "Stacked generalization", Neural Networks 5, 241-259 (1992).
    .. [4] L. Breiman, "Stacked regressions", Machine Learning 24, 49-64 (1996).

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos import DOSRegressor
    >>> energies = np.linspace(-2.0, 2.0, 201)
    >>> strain = np.linspace(0.0, 0.06, 9)[:, None]
    >>> dos = np.clip(np.abs(energies) - (0.8 - 5 * strain), 0.0, None)
    >>> model = DOSRegressor(energies, hidden_layer_sizes=(16,), max_epochs=20, random_state=0)
    >>> model.fit(strain, dos).predict([[0.025]]).shape
    (1, 201)
    >>> model.predict_edges([[0.025]]).gap.round(2)
    array([1.55])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = CONSTRAINTS

    def __init__(
        self,
        energies: ArrayLike | None = None,
        *,
        representation: str = "auto",
        nonnegative: bool | str = "auto",
        hidden_layer_sizes: tuple[int, ...] = (128, 128),
        n_members: int = 5,
        loss: str = "auto",
        lr: float = 2e-3,
        max_epochs: int = 300,
        batch_size: int = 256,
        early_stopping: bool = True,
        validation_fraction: float = 0.2,
        patience: int = 30,
        weight_decay: float = 1e-2,
        response: str = "linear",
        gaussian_process: bool = True,
        edge_weight: float = 1.0,
        cdf_weight: float = 0.0,
        smoothness_weight: float = 0.0,
        state_weight: float = 0.0,
        state_window: tuple[float, float] | None = None,
        gap_weight: float = 0.0,
        edge_threshold: float = 0.1,
        edge_reference: float | str = "auto",
        prior: Any = None,
        device: str = "cpu",
        dtype: str = "float64",
        random_state: int | np.random.RandomState | None = None,
        verbose: bool | int = False,
    ) -> None:
        self.energies = energies
        self.representation = representation
        self.nonnegative = nonnegative
        self.hidden_layer_sizes = hidden_layer_sizes
        self.n_members = n_members
        self.loss = loss
        self.lr = lr
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.weight_decay = weight_decay
        self.response = response
        self.gaussian_process = gaussian_process
        self.edge_weight = edge_weight
        self.cdf_weight = cdf_weight
        self.smoothness_weight = smoothness_weight
        self.state_weight = state_weight
        self.state_window = state_window
        self.gap_weight = gap_weight
        self.edge_threshold = edge_threshold
        self.edge_reference = edge_reference
        self.prior = prior
        self.device = device
        self.dtype = dtype
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, *, groups: ArrayLike | None = None, edges: Any = None) -> Self:
        """Learn the curves, holding out whole groups to stop training and to weigh the nets.

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
            If shapes do not match, a density is negative though ``nonnegative=True``, edges are not finite,
            `edge_reference` lies off the grid, or `device` is not there.
        """
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=np.float64)
        random = check_random_state(self.random_state)
        with one_thread():
            _fitting.fit(self, X, np.asarray(y, dtype=np.float64), groups, edges, random)
        self.training_hashes_ = row_hashes(X)
        return self

    @property
    def nets_(self) -> list[Any]:
        """The skorch nets of the ensemble, built from the stored weights at each access."""
        check_is_fitted(self)
        from strain2dos.dos._networks.member import rebuild

        chosen = _fitting.settings(self, "cpu")
        return [rebuild(weights, self.n_features_in_, chosen) for weights in self.weights_]

    @property
    def net_(self) -> Any:
        """The skorch net of the first member."""
        return self.nets_[0]

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags
