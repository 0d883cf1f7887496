# SPDX-License-Identifier: BSD-3-Clause
"""Other ways to predict curves and edges, each as ``fit_predict(X, Y, X_new, groups) -> Y_new``.

`groups` numbers the strain states of the training rows. Where a regressor has settings to choose, they are
chosen by cross-validation over these states inside the training rows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import (
    Akima1DInterpolator,
    CubicSpline,
    LinearNDInterpolator,
    NearestNDInterpolator,
    PchipInterpolator,
    make_interp_spline,
)
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.multioutput import MultiOutputRegressor
from sklearn.neural_network import MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler

Array = NDArray[np.float64]
Rows = NDArray[np.intp]
FitPredict = Callable[[Array, Array, Array, Rows], Array]


def along_a_line(build: Callable[[Array, Array], Callable[[Array], Array]]) -> FitPredict:
    """Interpolate every energy along the single feature; beyond its ends the last piece is continued."""

    def fit_predict(X: Array, Y: Array, X_new: Array, groups: Rows) -> Array:
        order = np.argsort(X[:, 0])
        return np.asarray(build(X[order, 0], Y[order])(X_new[:, 0]))

    return fit_predict


def linear_interpolation(X: Array, Y: Array, X_new: Array, groups: Rows) -> Array:
    """Interpolate linearly between the corners of Delaunay simplices, the nearest state beyond them."""
    center, scale = X.mean(0), X.std(0)
    scale[scale == 0] = 1.0
    known, asked = (X - center) / scale, (X_new - center) / scale
    _, sizes, axes = np.linalg.svd(known, full_matrices=False)
    axes = axes[sizes > 1e-9 * sizes[0]]  # simplices need full dimension: a plan may leave the shear at zero
    known, asked = known @ axes.T, asked @ axes.T
    nearest = NearestNDInterpolator(known, Y)(asked)
    if len(axes) == 1:
        order = np.argsort(known[:, 0])
        line = make_interp_spline(known[order, 0], Y[order], k=1)(asked[:, 0])
        outside = (asked[:, :1] < known.min()) | (asked[:, :1] > known.max())
        return np.where(outside, nearest, line)
    inner = LinearNDInterpolator(known, Y)(asked)
    return np.where(np.isfinite(inner), inner, nearest)


INTERPOLATORS: dict[str, FitPredict] = {
    "linear interpolation": along_a_line(lambda x, y: make_interp_spline(x, y, k=1)),
    "PCHIP": along_a_line(PchipInterpolator),
    "cubic spline": along_a_line(CubicSpline),
    "Akima": along_a_line(lambda x, y: Akima1DInterpolator(x, y, extrapolate=True)),
}


def tuned(regressor: Any, grid: dict[str, Any], groups: Rows) -> Any:
    """Choose settings by the squared error on states that were left out of the training rows."""
    folds = GroupKFold(min(5, len(np.unique(groups))), shuffle=True, random_state=0)
    return GridSearchCV(
        regressor, grid, scoring="neg_mean_squared_error", cv=list(folds.split(groups, groups=groups))
    )


def quadratic_ridge(X: Array, groups: Rows) -> Any:
    """Ridge regression on all products of two features."""
    steps = make_pipeline(StandardScaler(), PolynomialFeatures(2), StandardScaler(), Ridge())
    return tuned(steps, {"ridge__alpha": np.logspace(-6, 2, 9)}, groups)


def gaussian_process(X: Array, groups: Rows) -> Any:
    """A Gaussian process per output with a length scale per feature, by the marginal likelihood."""
    kernel = ConstantKernel(1.0, (1e-2, 1e4)) * RBF(2 * np.ones(X.shape[1]), (0.3, 1e2))
    process = GaussianProcessRegressor(
        kernel + WhiteKernel(1e-4, (1e-8, 0.1)), normalize_y=True, n_restarts_optimizer=2, random_state=0
    )
    return make_pipeline(StandardScaler(), MultiOutputRegressor(process))


def kernel_ridge(X: Array, groups: Rows) -> Any:
    """Kernel ridge regression with a radial kernel."""
    grid = {"kernelridge__alpha": np.logspace(-7, -1, 4), "kernelridge__gamma": np.logspace(-3, 0.5, 7)}
    return tuned(make_pipeline(StandardScaler(), KernelRidge(kernel="rbf")), grid, groups)


def neural_network(X: Array, groups: Rows) -> Any:
    """scikit-learn's network, trained in full by a quasi-Newton method, which suits small sets."""
    net = MLPRegressor(
        hidden_layer_sizes=(64, 64), solver="lbfgs", max_iter=200, early_stopping=False, random_state=0
    )
    return tuned(make_pipeline(StandardScaler(), net), {"mlpregressor__alpha": [1e-4, 1e-2, 1.0]}, groups)


REGRESSORS: dict[str, Callable[[Array, Rows], Any]] = {
    "quadratic ridge on PCA scores": quadratic_ridge,
    "GP on PCA scores": gaussian_process,
    "kernel ridge on PCA scores": kernel_ridge,
    "MLP on PCA scores": neural_network,
}


def on_scores(build: Callable[[Array, Rows], Any]) -> FitPredict:
    """Predict principal component scores of the curves."""

    def fit_predict(X: Array, Y: Array, X_new: Array, groups: Rows) -> Array:
        pca = PCA(0.9999).fit(Y)
        scores = pca.transform(Y)
        scale = scores[:, 0].std() or 1.0
        found = build(X, groups).fit(X, scores / scale).predict(X_new)
        return pca.inverse_transform(np.asarray(found).reshape(len(X_new), -1) * scale)

    return fit_predict


def on_edges(build: Callable[[Array, Rows], Any]) -> FitPredict:
    """Predict valence and conduction band edges, each standardized."""

    def fit_predict(X: Array, Y: Array, X_new: Array, groups: Rows) -> Array:
        model = TransformedTargetRegressor(build(X, groups), transformer=StandardScaler())
        return np.asarray(model.fit(X, Y).predict(X_new))

    return fit_predict
