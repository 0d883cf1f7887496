# SPDX-License-Identifier: BSD-3-Clause
"""Other ways to predict curves, each as ``fit_predict(X, Y, X_new) -> Y_new``."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import Akima1DInterpolator, CubicSpline, PchipInterpolator, make_interp_spline
from sklearn.decomposition import PCA
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from sklearn.linear_model import Ridge
from sklearn.multioutput import MultiOutputRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures, StandardScaler
from tqdm import tqdm

Array = NDArray[np.float64]
FitPredict = Callable[[Array, Array, Array], Array]


def interpolator(build: Callable[[Array, Array], Callable[[Array], Array]]) -> FitPredict:
    """Interpolate every energy along the single feature."""

    def fit_predict(X: Array, Y: Array, X_new: Array) -> Array:
        order = np.argsort(X[:, 0])
        return build(X[order, 0], Y[order])(X_new[:, 0])

    return fit_predict


INTERPOLATORS: dict[str, FitPredict] = {
    "linear": interpolator(lambda x, y: make_interp_spline(x, y, k=1)),
    "PCHIP": interpolator(PchipInterpolator),
    "cubic spline": interpolator(CubicSpline),
    "Akima": interpolator(Akima1DInterpolator),
}


def on_scores(regressor: object) -> FitPredict:
    """Predict principal component scores of the curves."""

    def fit_predict(X: Array, Y: Array, X_new: Array) -> Array:
        pca = PCA(0.9999).fit(Y)
        scores = pca.transform(Y)
        scale = scores[:, 0].std() or 1.0
        found = regressor.fit(X, scores / scale).predict(X_new)  # type: ignore[attr-defined]
        return pca.inverse_transform(np.asarray(found).reshape(len(X_new), -1) * scale)

    return fit_predict


def gaussian_process(n_features: int) -> object:
    """Return one of scikit-learn's Gaussian processes per output, with a length scale per feature."""
    kernel = ConstantKernel(1.0, (1e-2, 1e4)) * RBF(2 * np.ones(n_features), (0.3, 1e2))
    process = GaussianProcessRegressor(
        kernel + WhiteKernel(1e-4, (1e-8, 0.1)), normalize_y=True, n_restarts_optimizer=2, random_state=0
    )
    return make_pipeline(StandardScaler(), MultiOutputRegressor(process))


def quadratic_ridge() -> object:
    """Return a ridge regression on all products of two features."""
    return make_pipeline(StandardScaler(), PolynomialFeatures(2), StandardScaler(), Ridge(1e-3))


def pair_network(
    X: Array,
    Y: Array,
    energies: Array,
    *,
    epochs: int = 500,
    patience: int = 30,
    batch_size: int = 32,
    seed: int = 0,
    bar: tqdm | None = None,
) -> Callable[[Array], Array]:
    """Train the network of the original notebooks: one number out of one (energy, strain) pair.

    128-128-64-32-1 with ReLU on standardised pairs and values, Adam at 1e-3, mean squared error, stopped
    when a random fifth of its own training points has not improved for `patience` epochs, best weights
    kept. The curve to be predicted is nowhere in its training, which sets it apart from a random split.
    """
    import torch
    from torch import nn

    torch.manual_seed(seed)
    random = np.random.RandomState(seed)
    pairs = np.column_stack([np.tile(energies, len(X)), np.repeat(X[:, 0], len(energies))])
    centre, spread = pairs.mean(0), pairs.std(0)
    level, height = Y.mean(), Y.std()
    inputs = torch.tensor((pairs - centre) / spread, dtype=torch.float32)
    targets = torch.tensor((Y.reshape(-1, 1) - level) / height, dtype=torch.float32)
    order = random.permutation(len(inputs))
    watch, train = torch.from_numpy(order[: len(order) // 5]), torch.from_numpy(order[len(order) // 5 :])
    widths = [2, 128, 128, 64, 32]
    layers = [part for a, b in pairwise(widths) for part in (nn.Linear(a, b), nn.ReLU())]
    net = nn.Sequential(*layers, nn.Linear(32, 1))
    optimiser = torch.optim.Adam(net.parameters(), lr=1e-3)
    best, kept, waited = np.inf, None, 0
    for epoch in range(epochs):
        for batch in train[torch.randperm(len(train))].split(batch_size):
            optimiser.zero_grad()
            nn.functional.mse_loss(net(inputs[batch]), targets[batch]).backward()
            optimiser.step()
        with torch.no_grad():
            loss = float(nn.functional.mse_loss(net(inputs[watch]), targets[watch]))
        if bar is not None:
            bar.set_postfix(epoch=epoch + 1, refresh=epoch % 10 == 9)
        if loss < best:
            best, waited = loss, 0
            kept = {name: value.clone() for name, value in net.state_dict().items()}
        else:
            waited += 1
            if waited > patience:
                break
    net.load_state_dict(kept)

    def predict(pairs_new: Array) -> Array:
        with torch.no_grad():
            scaled = torch.tensor((pairs_new - centre) / spread, dtype=torch.float32)
            return net(scaled).numpy()[:, 0].astype(np.float64) * height + level

    return predict


def curve_of(predict: Callable[[Array], Array], X_new: Array, energies: Array) -> Array:
    """Ask the pair network for whole curves."""
    pairs = np.column_stack([np.tile(energies, len(X_new)), np.repeat(X_new[:, 0], len(energies))])
    return predict(pairs).reshape(len(X_new), -1)
