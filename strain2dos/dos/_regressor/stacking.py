# SPDX-License-Identifier: BSD-3-Clause
"""Shares of several predictions in their mean, from what each of them misses on groups that were left out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

Array = NDArray[np.float64]

# a part that says less costs a decode and changes nothing that one could see
_LEAST_SHARE = 0.05


def stack(misses: dict[str, Array], groups: NDArray[np.intp]) -> dict[str, float]:
    """Return shares, positive and adding up to one, of the predictions whose mean misses least.

    `misses` are predicted minus true curves (n, n_energies) of rows in left-out `groups`. What is made small
    is the root mean square of a group, averaged over groups, which is convex in the shares: one minimum,
    whatever the start. Roots keep the ends of the training range from deciding alone. See D. H. Wolpert,
    "Stacked generalization", Neural Networks 5, 241-259 (1992), and L. Breiman, Machine Learning 24, 49-64
    (1996), who holds shares positive.
    """
    names, products = list(misses), _products(list(misses.values()), groups)
    alone = np.sqrt(np.diagonal(products, axis1=1, axis2=2)).mean(0)
    unit = alone.min() or 1.0

    def error(shares: Array) -> tuple[float, Array]:
        pull = products @ shares
        size = np.sqrt(np.maximum(pull @ shares, 1e-300))
        return float(size.mean() / unit), (pull / size[:, None]).mean(0) / unit

    found = minimize(
        error,
        np.full(len(names), 1 / len(names)),
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * len(names),
        constraints={"type": "eq", "fun": lambda a: a.sum() - 1.0, "jac": np.ones_like},
        options={"ftol": 1e-10, "maxiter": 200},
    ).x
    kept = {name: share for name, share in zip(names, found, strict=True) if share >= _LEAST_SHARE}
    total = sum(kept.values())
    return {name: float(share / total) for name, share in kept.items()}


def _products(misses: list[Array], groups: NDArray[np.intp]) -> Array:
    """Return (n_groups, n_parts, n_parts) mean products of what two parts miss."""
    size = np.bincount(groups)
    products = np.empty((len(size), len(misses), len(misses)))
    for i, one in enumerate(misses):
        for j, other in enumerate(misses[: i + 1]):
            rows = np.einsum("ne,ne->n", one, other) / one.shape[1]
            products[:, i, j] = products[:, j, i] = np.bincount(groups, rows) / size
    return products
