# SPDX-License-Identifier: BSD-3-Clause
"""Band edges, the gap at K and the valleys of the edges, with what errors of the positions do to them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from joblib import cpu_count
from numpy.typing import NDArray

from strain2dos._estimators.columns import as_named
from strain2dos.dos._edges.valleys import spread_between, spread_of_valleys
from strain2dos.dos._regressor.energies import has_slopes, valleys_with_slopes
from strain2dos.mapping._pixels.model import EDGE_NAMES, FittedModel

Array = NDArray[np.float64]

# In cm-1: far below the width of a line, over which the model bends, and far above rounding.
_STEP = 0.05


@dataclass(frozen=True)
class Energies:
    """Energies of rows of features with what moves them.

    Attributes
    ----------
    names : tuple of str
        Columns of ``values``: valence and conduction edge, gap and, where known, the gap at K.
    values, std : ndarray of shape (n, m)
        In eV, with the deviations that the model itself states.
    slopes : ndarray of shape (n, m, p)
        Change of each energy with each feature.
    valleys : ndarray of shape (n, n_valleys) or None
        Energies of the valleys that the model learned one by one.
    """

    names: tuple[str, ...]
    values: Array
    std: Array
    slopes: Array
    valleys: Array | None

    def spread(self, covariance: Array) -> Array:
        """Deviations (n, m) that errors of the features with a covariance (n, p, p) give the energies."""
        variance = np.einsum("nmp,npq,nmq->nm", self.slopes, covariance, self.slopes, optimize=True)
        return np.sqrt(np.maximum(variance, 0.0))


def energy_names(model: FittedModel) -> tuple[str, ...]:
    """Energies that a model can give."""
    return (*EDGE_NAMES, "gap_direct") if model.at_k else EDGE_NAMES


def energies_of(model: FittedModel, features: Array) -> Energies:
    """Energies of rows of features (n, p) and their slopes.

    Valleys are differentiated one by one, so that no slope is taken across a kink; the edges move with the
    valley that they are. The slopes of a `DOSRegressor` are those of its kernels. Those of any other model
    are differences, from one prediction more per feature.
    """
    if model.valleys and not model.chain.after(1).front and has_slopes(model.final):
        found = valleys_with_slopes(model.final, as_named(features, model.final))
        plain, std, slopes = found.energies, np.sqrt(found.variances), found.slopes
        columns: int | None = model.final.n_valence_
    else:
        plain, std, slopes, columns = _by_differences(model, features)
    if columns is None:
        pick = np.broadcast_to(_EDGES, (len(plain), *_EDGES.shape))
        return Energies(EDGE_NAMES, np.einsum("nmv,nv->nm", pick, plain), std, pick @ slopes, None)
    pick = _picked(plain, columns, model.at_k)
    values = np.einsum("nmv,nv->nm", pick, plain)
    factor = getattr(model.final, "gap_factor_", 1.0)
    spread = spread_of_valleys(plain, np.square(std), columns, factor)
    own = np.column_stack(spread)
    if model.at_k is not None:
        at_k = spread_between(np.square(std), *model.at_k, model.pair_factors)
        own = np.column_stack([own, at_k])
    return Energies(energy_names(model), values, own, pick @ slopes, plain)


def _by_differences(model: FittedModel, features: Array) -> tuple[Array, Array, Array, int | None]:
    """Energies as of `_columns`, with their slopes (n, n_columns, p) by differences."""
    after = model.chain.after(1)
    with ThreadPoolExecutor(min(cpu_count(), 1 + features.shape[1])) as threads:
        # predictions let other threads run, and each gives the same bits as alone
        first = threads.submit(_columns, model, after.transform(features), std=True)
        moved = [threads.submit(_columns, model, after.transform(row), std=False) for row in _moved(features)]
        plain, std, columns = first.result()
        slopes = np.stack([(found.result()[0] - plain) / _STEP for found in moved], axis=-1)
    return plain, std, slopes, columns


def _moved(features: Array) -> Iterator[Array]:
    """Features with one column after the other moved by a step."""
    for step in _STEP * np.eye(features.shape[1]):
        yield features + step


# From (vbm, cbm) to (vbm, cbm, gap).
_EDGES = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0]])


def _columns(model: FittedModel, Z: object, *, std: bool) -> tuple[Array, Array, int | None]:
    """Energies of the valleys, else of the edges; their deviations; and how many valleys are of valence."""
    if model.valleys:
        found = model.final.predict_valleys(Z, return_std=std)
        energies, spread = found if std else (found, np.zeros(0))
        return energies, spread, model.final.n_valence_
    edges = model.edges(Z)
    spread = np.zeros((len(edges["vbm"]), 3))
    if std and model.edges_have_std:
        spread = np.column_stack(model.final.predict_edges(Z, return_std=True)[1])
    return np.column_stack([edges["vbm"], edges["cbm"]]), spread, None


def _picked(valleys: Array, n_valence: int, at_k: tuple[int, int] | None) -> Array:
    """Weights (n, m, n_valleys) of the valleys in each energy: 1, -1 or 0."""
    rows = np.arange(len(valleys))
    pick = np.zeros((len(valleys), 4 if at_k else 3, valleys.shape[1]))
    top = valleys[:, :n_valence].argmax(axis=1)
    bottom = n_valence + valleys[:, n_valence:].argmin(axis=1)
    pick[rows, 0, top] = pick[rows, 1, bottom] = 1.0
    pick[:, 2] = pick[:, 1] - pick[:, 0]
    if at_k:
        pick[:, 3, at_k[0]], pick[:, 3, at_k[1]] = -1.0, 1.0
    return pick
