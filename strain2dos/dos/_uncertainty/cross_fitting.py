# SPDX-License-Identifier: BSD-3-Clause
"""What models that did not see a strain state say of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, LeaveOneGroupOut, check_cv

from strain2dos.dos._common.pipeline import call_last, fit_with, last_step, per_energy, tells_edges
from strain2dos.dos._common.threads import one_thread
from strain2dos.dos._edges.reading import band_edges
from strain2dos.dos._edges.targets import check_edges, take_rows

Array = NDArray[np.float64]

_DEFAULT_FOLDS = 10


class HeldOut(NamedTuple):
    """Errors of all rows by models fitted without their groups.

    ``residuals`` (n, n_energies), ``std`` (n, n_energies) or None, ``edges`` (n, 3) for VBM, CBM and gap [eV]
    or None: NaN where there is no true edge, infinite where the model lost it.
    """

    residuals: Array
    std: Array | None
    edges: Array | None


def held_out(
    estimator: Any,
    cv: Any,
    X: Array,
    curves: Array,
    labels: NDArray[np.intp],
    edges: Any,
    *,
    std: bool,
    n_jobs: int | None,
) -> HeldOut:
    """Fit the estimator without some groups, and record its errors on them, until each was left out once."""
    folds = _folds(cv, X, curves, labels)
    parts = Parallel(n_jobs=n_jobs)(
        delayed(_one_fold)(estimator, X, curves, labels, edges, train, test, std) for train, test in folds
    )
    order = np.argsort(np.concatenate([test for _, test in folds]))

    def gather(columns: list[Array | None]) -> Array | None:
        if any(column is None for column in columns):
            return None
        return np.concatenate(columns)[order]  # type: ignore[arg-type]

    residuals, spread, missed = (gather(list(column)) for column in zip(*parts, strict=True))
    assert residuals is not None
    return HeldOut(residuals, spread, missed)


def _one_fold(
    estimator: Any,
    X: Array,
    curves: Array,
    labels: NDArray[np.intp],
    edges: Any,
    train: NDArray[np.intp],
    test: NDArray[np.intp],
    std: bool,
) -> tuple[Array, Array | None, Array | None]:
    # one thread: the last bit would depend on how many threads a worker process may use
    with one_thread():
        model = clone(estimator)
        fit_with(model, X[train], curves[train], groups=labels[train], edges=take_rows(edges, train))
        answer = call_last(model, "predict", X[test], **({"return_std": True} if std else {}))
        found, spread = answer if std else (answer, None)
        truth = curves[test].reshape(len(test), -1)
        residuals = np.reshape(found, truth.shape) - truth
        spread = None if spread is None else per_energy(spread, truth.shape)
        missed = None
        if tells_edges(model):
            known = check_edges(take_rows(edges, test), len(test))
            missed = _edge_errors(model, X[test], truth, None if known is None else known.edges)
        return residuals, spread, missed


def _edge_errors(model: Any, X: Array, curves: Array, edges: Array | None) -> Array | None:
    final = last_step(model)
    if edges is not None:
        truth = np.column_stack([edges, edges[:, 1] - edges[:, 0]])
    elif hasattr(final, "edge_threshold"):
        truth = np.column_stack(
            band_edges(
                final.energies_, curves, threshold=final.edge_threshold, reference=final.edge_reference_
            )
        )
    else:
        return None
    found = np.column_stack(call_last(model, "predict_edges", X))
    lost = np.isnan(found) & np.isfinite(truth)
    return np.where(lost, np.inf, found - truth)


def _folds(
    cv: Any, X: Array, curves: Array, labels: NDArray[np.intp]
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    n_groups = len(np.unique(labels))
    if cv is None:
        cv = LeaveOneGroupOut() if n_groups <= _DEFAULT_FOLDS else GroupKFold(_DEFAULT_FOLDS)
    elif isinstance(cv, (int, np.integer)):
        cv = GroupKFold(int(cv))
    folds = [(np.asarray(train), np.asarray(test)) for train, test in check_cv(cv).split(X, curves, labels)]
    times = np.bincount(np.concatenate([test for _, test in folds]), minlength=len(X))
    if (times != 1).any():
        never, often = (np.unique(labels[wrong]).size for wrong in (times == 0, times > 1))
        raise ValueError(
            f"cv={cv!r} must leave every sample out exactly once, but it never leaves out samples of {never} "
            f"of the {n_groups} groups and leaves out samples of {often} more than once; pass "
            "GroupKFold(n_splits) or LeaveOneGroupOut()."
        )
    for train, test in folds:
        both = np.intersect1d(labels[train], labels[test])
        if both.size:
            raise ValueError(
                f"cv={cv!r} puts samples of {both.size} of the {n_groups} groups on both sides of a split, "
                "so that their errors would be those of fitted curves; pass GroupKFold(n_splits) or "
                "LeaveOneGroupOut()."
            )
    return folds
