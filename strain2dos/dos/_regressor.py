# SPDX-License-Identifier: BSD-3-Clause
"""The regressor from features to whole curves of the density of states."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from strain2dos._compat import Interval, StrOptions, _fit_context
from strain2dos.dos import _fitting, _predicting
from strain2dos.dos._domain import stray
from strain2dos.dos._edges import BandEdges, band_edges
from strain2dos.dos._threads import one_thread

Array = NDArray[np.float64]


class DOSRegressor(RegressorMixin, BaseEstimator):
    """Predict whole curves of the density of states from strain or from Raman features."""

    _parameter_constraints: dict[str, list[Any]] = {
        "energies": ["array-like", None],
        "representation": [StrOptions({"auto", "grid", "pca", "cdf"})],
        "nonnegative": ["boolean", StrOptions({"auto"})],
        "hidden_layer_sizes": [tuple, list, Interval(Integral, 1, None, closed="left")],
        "n_members": [Interval(Integral, 1, None, closed="left")],
        "loss": [StrOptions({"auto", "mse", "huber"})],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "patience": [Interval(Integral, 1, None, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "edge_threshold": [Interval(Real, 0, None, closed="neither")],
        "edge_reference": [Real, StrOptions({"auto"})],
        "device": [str],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

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
        edge_threshold: float = 0.1,
        edge_reference: float | str = "auto",
        device: str = "cpu",
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
        self.edge_threshold = edge_threshold
        self.edge_reference = edge_reference
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: ArrayLike, y: ArrayLike, *, groups: ArrayLike | None = None, edges: ArrayLike | None = None
    ) -> Self:
        """Learn the curves, holding out whole groups to stop training and to weigh the nets."""
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, dtype=np.float64)
        random = check_random_state(self.random_state)
        with one_thread():
            _fitting.fit(self, X, np.asarray(y, dtype=np.float64), groups, edges, random)
        return self

    def predict(self, X: ArrayLike, return_std: bool = False) -> Array | tuple[Array, Array]:
        """Predict the density of states of every row."""
        X = self._check(X)
        with one_thread():
            answer = _predicting.curves(self, X, return_std)
        if self._flat_:
            return (answer[0][:, 0], answer[1][:, 0]) if return_std else answer[:, 0]
        return answer

    def predict_edges(self, X: ArrayLike) -> BandEdges:
        """Predict valence band maximum, conduction band minimum and gap of every row."""
        X = self._check(X)
        with one_thread():
            if self.edges_learned_:
                return _predicting.learned_edges(self, X)
            if self.energies is None:
                raise ValueError(
                    "edges need the energies of the curves, but this regressor was fitted without; construct it "
                    "as DOSRegressor(energies=...) or give fit(..., edges=...)."
                )
            return band_edges(
                self.energies_,
                _predicting.curves(self, X, False),
                threshold=self.edge_threshold,
                reference=self.edge_reference_,
            )

    def domain_score(self, X: ArrayLike) -> Array:
        """Return how far every row lies from the training rows; above 1 it lies outside."""
        X = self._check(X)
        return stray(self._domain_, (X - self._centre_) / self._scale_)

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Return R2 with energies weighted by their variance."""
        return float(
            r2_score(y, self.predict(X), sample_weight=sample_weight, multioutput="variance_weighted")
        )

    @property
    def nets_(self) -> list[Any]:
        """The skorch nets of the ensemble, built from the stored weights at each access."""
        check_is_fitted(self)
        from strain2dos.dos._network import rebuild

        return [rebuild(weights, _fitting.settings(self, "cpu")) for weights in self.weights_]

    @property
    def net_(self) -> Any:
        """The skorch net of the first member."""
        return self.nets_[0]

    def _check(self, X: ArrayLike) -> Array:
        check_is_fitted(self)
        return validate_data(self, X, reset=False, dtype=np.float64)

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = True
        return tags
