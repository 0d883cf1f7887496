# SPDX-License-Identifier: BSD-3-Clause
"""What errors of the features do to curves and band edges."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state

from strain2dos._estimators.chain import Chain
from strain2dos._estimators.columns import aligned, as_named, column_names, scatter_rows
from strain2dos._estimators.wrappers import look_through
from strain2dos.dos._common.score import per_energy
from strain2dos.dos._edges.reading import BandEdges, edges_of_curves
from strain2dos.dos._uncertainty.covariance import check_covariance, deviations_along_axes, named_covariance

Array = NDArray[np.float64]

# rows that are predicted in one call: bounds the memory to some hundred MB
_CHUNK = 4096


class NoisePropagation(NamedTuple):
    """Curves and band edges with the standard deviation that errors of the features give them.

    Attributes
    ----------
    dos : ndarray of shape (n_samples, n_energies)
        Predicted curves [states/eV/cell].
    dos_std : ndarray of shape (n_samples, n_energies)
        Standard deviation of the curves.
    vbm_std, cbm_std, gap_std : ndarray of shape (n_samples,) or None
        Standard deviations of the edges [eV]; NaN where a shifted row has no edge, None if the regressor
        has no edges.
    edges : BandEdges or None
        Predicted edges [eV].

    Examples
    --------
    See `propagate_noise`.
    """

    dos: Array
    dos_std: Array
    vbm_std: Array | None
    cbm_std: Array | None
    gap_std: Array | None
    edges: BandEdges | None


def propagate_noise(
    estimator: BaseEstimator,
    X: ArrayLike,
    covariance: ArrayLike,
    *,
    method: str = "linear",
    n_draws: int = 200,
    model_std: bool = False,
    random_state: int | np.random.RandomState | None = None,
) -> NoisePropagation:
    r"""Carry the covariance of the features to the predicted curves and band edges.

    Parameters
    ----------
    estimator : estimator
        Fitted regressor of curves, or pipeline that takes features.
    X : array-like of shape (n_samples, n_features)
        Features. Rows with a value that is not finite, in `X` or `covariance`, give NaN.
    covariance : array-like of shape (n_samples, n_features, n_features) or (n_features, n_features)
        Covariance of the errors of each row, or of all rows.
    method : {"linear", "monte-carlo"}, default="linear"
        "linear": central differences along the eigenvectors of the covariance. "monte-carlo": standard
        deviation over normal draws, to be taken where errors are large against the curvature of the model.
    n_draws : int, default=200
        Draws per row for "monte-carlo"; a standard deviation from 200 is good to 5 %.
    model_std : bool, default=False
        Whether to add, in quadrature, the standard deviations that the regressor itself predicts: that of the
        curves to `dos_std` and, where it learned its edges from eigenvalues (`DOSRegressor` after
        ``fit(..., edges=...)``), those of the edges to `vbm_std`, `cbm_std` and `gap_std`. Edges that are
        read from curves have none of their own. The regressor's deviations are taken at `X` itself, so the
        sum is too small where noise leads away from the training features, where the regressor knows less.
    random_state : int, RandomState instance or None, default=None
        Seed of the draws.

    Returns
    -------
    NoisePropagation
        ``(dos, dos_std, vbm_std, cbm_std, gap_std, edges)``; curves and edges are those of `X` itself.

    Raises
    ------
    ValueError
        If the covariance has another shape, is not symmetric or has a negative eigenvalue, or if the
        regressor predicts no standard deviation though ``model_std=True``.

    See Also
    --------
    feature_covariance : Features of spectra and their covariance.
    strain2dos.mapping.propagate_spectra : The same for a pipeline that takes spectra.

    Notes
    -----
    With eigenvectors :math:`v_j` and eigenvalues :math:`\lambda_j`, "linear" gives

    .. math:: \sigma^2 = \sum_j \left[\frac{f(x + \sqrt{\lambda_j}\, v_j) - f(x - \sqrt{\lambda_j}\, v_j)}{2}
              \right]^2,

    exact for linear models. The step is one standard deviation, since the slope that counts is the mean one
    over the reach of the errors: a tiny step sees only one side of the kinks where a band edge moves to
    another valley, and rounding. These are sigma points of the unscented transform [1]_, at one standard
    deviation.

    References
    ----------
    .. [1] S. J. Julier and J. K. Uhlmann, "New extension of the Kalman filter to nonlinear systems", Proc.
       SPIE 3068, 182-193 (1997).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from strain2dos.dos import propagate_noise
    >>> shift = np.array([[384.0], [380.0], [376.0]])
    >>> curves = np.column_stack([0.5 * shift, 2.0 - 0.1 * shift])
    >>> model = LinearRegression().fit(shift, curves)
    >>> propagate_noise(model, [[378.0]], [[0.04]]).dos_std.round(3)
    array([[0.1 , 0.02]])
    """
    if method not in ("linear", "monte-carlo"):
        raise ValueError(f'method must be "linear" or "monte-carlo", but it is {method!r}.')
    chain = look_through(estimator)
    if model_std and not chain.supports_std():
        raise ValueError(
            f"model_std=True needs predict(X, return_std=True), which {type(chain.final).__name__} lacks; "
            "leave it out, or use DOSRegressor."
        )
    rows = aligned(X, chain.columns)
    if rows.ndim != 2:
        raise ValueError(f"X must have shape (n_samples, n_features), but its shape is {rows.shape}.")
    blur = check_covariance(named_covariance(covariance, column_names(X), chain.columns), rows)
    good = np.asarray(np.isfinite(rows).all(1) & np.isfinite(blur).all((1, 2)))
    steps = deviations_along_axes(blur[good])
    function = _Function(chain, model_std)
    middle, std = function.whole(rows[good])
    if method == "linear":
        size = _linear(function, rows[good], steps)
    else:
        if n_draws < 2:
            raise ValueError(f"n_draws must be at least 2, but it is {n_draws!r}; 200 give 5 %.")
        size = _draw(function, rows[good], middle, steps, int(n_draws), check_random_state(random_state))
    return _answer(good, middle, size, std, chain.has_band_edges)


class _Function:
    """Curves and, where the regressor has them, edges as one row of numbers per sample."""

    def __init__(self, chain: Chain, std: bool) -> None:
        self.chain, self.std = chain, std

    def __call__(self, rows: Array) -> Array:
        return np.vstack([self._part(rows[i : i + _CHUNK])[0] for i in _starts(len(rows))])

    def whole(self, rows: Array) -> tuple[Array, Array | None]:
        """Return the numbers and, if asked, the standard deviation that the regressor gives each of them."""
        if not len(rows):
            return np.empty((0, 0)), None
        parts = [self._part(rows[i : i + _CHUNK], self.std) for i in _starts(len(rows))]
        std = [part for _, part in parts if part is not None]
        return np.vstack([part for part, _ in parts]), np.vstack(std) if std else None

    def _part(self, rows: Array, std: bool = False) -> tuple[Array, Array | None]:
        Z = self.chain.transform(as_named(rows, self.chain.first))
        answer = self.chain.predict(Z, return_std=std)
        curves, spread = answer if std else (answer, None)
        curves = np.reshape(curves, (len(rows), -1))
        spread = None if spread is None else per_energy(spread, curves.shape)
        if not self.chain.has_band_edges:
            return curves, spread
        edges, width = self._edges(Z, curves, std)
        spread = None if spread is None else np.column_stack([spread, *width])
        return np.column_stack([curves, *edges]), spread

    def _edges(self, Z: object, curves: Array, std: bool) -> tuple[BandEdges, Any]:
        if std and self.chain.edges_learned and self.chain.supports_std("predict_edges"):
            return self.chain.final.predict_edges(Z, return_std=True)
        edges = None if self.chain.edges_learned else edges_of_curves(self.chain.final, curves)
        if edges is None:
            edges = self.chain.final.predict_edges(Z)
        return edges, np.zeros((3, len(edges.vbm)))


def _starts(n: int) -> range:
    return range(0, n, _CHUNK)


def _linear(function: _Function, rows: Array, steps: Array) -> Array:
    total: Array | float = 0.0
    for direction in range(rows.shape[1]):
        step = steps[:, direction]
        if not step.any():
            continue
        total = total + np.square(0.5 * (function(rows + step) - function(rows - step)))
    return np.sqrt(total)


def _draw(
    function: _Function,
    rows: Array,
    middle: Array,
    steps: Array,
    n_draws: int,
    random: np.random.RandomState,
) -> Array:
    # sums of differences from the middle: sums of squares of the values themselves would lose digits
    first, second = np.zeros_like(middle), np.zeros_like(middle)
    for _ in range(n_draws):
        normal = random.normal(size=rows.shape)
        apart = function(rows + np.einsum("ij,ijk->ik", normal, steps)) - middle
        first += apart
        second += np.square(apart)
    return np.sqrt(np.maximum(second - first**2 / n_draws, 0.0) / (n_draws - 1))


def _answer(
    good: NDArray[np.bool_], middle: Array, size: Array, std: Array | None, with_edges: bool
) -> NoisePropagation:
    size = np.broadcast_to(size, middle.shape)
    last = middle.shape[1] - 3 if with_edges and middle.size else middle.shape[1]
    total = size if std is None else np.hypot(size, std)
    dos, dos_std = scatter_rows(middle[:, :last], good), scatter_rows(total[:, :last], good)
    if not with_edges or not middle.size:
        return NoisePropagation(dos, dos_std, None, None, None, None)
    edges = BandEdges(*(scatter_rows(column, good) for column in middle[:, last:].T))
    vbm_std, cbm_std, gap_std = (scatter_rows(column, good) for column in total[:, last:].T)
    return NoisePropagation(dos, dos_std, vbm_std, cbm_std, gap_std, edges)
