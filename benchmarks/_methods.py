# SPDX-License-Identifier: BSD-3-Clause
"""One fold predicted by one method, by its name in the table."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from _pair_network import pair_network, pairs_of
from _peers import INTERPOLATORS, REGRESSORS, linear_interpolation, on_edges, on_scores
from _splits import LEAKY_PAIRS, Fold, Split
from _tasks import Task, known_edges
from numpy.typing import NDArray

from strain2dos import DOSRegressor
from strain2dos.dos import StrainInvariants
from strain2dos.dos._edges.targets import check_edges
from strain2dos.dos._edges.valleys import edges_of_valleys

Array = NDArray[np.float64]
Tick = Callable[[int], None]

OURS = "DOSRegressor"
PLAIN = "DOSRegressor, no networks"
# each of our rows with what it changes in the defaults
OWN: dict[str, dict[str, Any]] = {OURS: {}, PLAIN: {"hidden_layer_sizes": ()}}
PAIRS = "pair network"


class Prediction(NamedTuple):
    """Curves of the held-out rows and, where a method learns them from eigenvalues, their edges."""

    curves: Array
    edges: Array | None = None


def methods(task: Task, split: Split) -> list[str]:
    """Name the methods that a split of a task is predicted with, ours last."""
    if split.name == LEAKY_PAIRS:
        return [PAIRS]
    lines = [*INTERPOLATORS] if task.one_feature else ["linear interpolation"]
    pairs = [] if task.noisy else [PAIRS]  # eight copies of every pair would take it a day
    return [*lines, *REGRESSORS, *pairs, *OWN]


def predict(method: str, task: Task, fold: Fold, tick: Tick | None = None) -> Prediction:
    """Learn the training rows of a fold and predict its held-out rows."""
    X, Y, X_new = task.X[fold.train], task.data.dos[fold.train], task.X[fold.test]
    groups, edges = task.groups[fold.train], known_edges(task.data, fold.train)
    if method in OWN:
        if task.tensor:
            symmetry = StrainInvariants().fit(X)
            X, X_new = symmetry.transform(X), symmetry.transform(X_new)
        model = DOSRegressor(task.data.energies, random_state=0, **OWN[method])
        model.fit(X, Y, groups=groups, edges=edges)
        learned = None if edges is None else np.column_stack(model.predict_edges(X_new)[:2])
        return Prediction(model.predict(X_new), learned)
    if method == PAIRS:
        net = pair_network(pairs_of(X, task.data.energies), Y.ravel(), tick=tick)
        return Prediction(net(pairs_of(X_new, task.data.energies)).reshape(len(X_new), -1))
    if method in REGRESSORS:
        on_curves, on_both = on_scores(REGRESSORS[method]), on_edges(REGRESSORS[method])
    else:
        on_curves = on_both = INTERPOLATORS[method] if task.one_feature else linear_interpolation
    curves = on_curves(X, Y, X_new, groups)
    if edges is None:
        return Prediction(curves)
    # peers get the valleys too, so that nothing but themselves limits the gap that they learn
    known = check_edges(edges, len(X))
    found = edges_of_valleys(on_both(X, known.energies, X_new, groups), known.n_valence)
    return Prediction(curves, np.column_stack(found[:2]))


def predict_pairs(task: Task, fold: Fold, tick: Tick | None = None) -> Array:
    """Learn some points of every curve and predict its others, as the original notebooks split them."""
    pairs, values = pairs_of(task.X, task.data.energies), task.data.dos.ravel()
    return pair_network(pairs[fold.train], values[fold.train], tick=tick)(pairs[fold.test])
