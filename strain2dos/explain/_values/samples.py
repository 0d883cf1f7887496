# SPDX-License-Identifier: BSD-3-Clause
"""Samples in feature space: of tables as they are, of spectra by the first steps of a pipeline."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.utils import check_random_state

from strain2dos._estimators.chain import Chain
from strain2dos._estimators.columns import aligned, finite_rows, scatter_rows

THINNINGS = ("random", "clusters")


def split_point(chain: Chain, at: int | str | None) -> int:
    """Number of leading steps that only prepare the features."""
    if at is None:
        return int(chain.featurizer is not None)
    if isinstance(at, str):
        if at not in chain.names:
            raise ValueError(
                f"at={at!r} names no transformer of the pipeline; its transformers are {list(chain.names)}."
            )
        return chain.names.index(at) + 1
    if not 0 <= at <= len(chain.front):
        raise ValueError(
            f"at={at} must leave at least the regressor of the pipeline's {len(chain.steps)} steps."
        )
    return at


def features_of(chain: Chain, n_before: int, X: npt.ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Features (n, k) that the first steps make of spectra, NaN where they failed, and which are finite."""
    raw = aligned(X, chain.columns)
    kept = chain.usable(raw)
    if not kept.any():
        raise ValueError(f"none of the {len(raw)} spectra can be used: all hold values that are not finite.")
    front = replace(chain, front=chain.front[:n_before], names=chain.names[:n_before])
    Z, inner, _ = front.transform_finite(np.where(np.isfinite(raw[kept]), raw[kept], np.nan))
    kept[kept] = inner
    return scatter_rows(np.asarray(Z, dtype=np.float64), kept), kept


def check_background(
    rows: np.ndarray,
    max_background: int,
    random_state: int | np.random.RandomState | None,
    thinning: str = "random",
) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the background (<= max_background, k) and weights of its rows, None where all count alike."""
    if thinning not in THINNINGS:
        raise ValueError(f"thinning must be one of {THINNINGS}, but it is {thinning!r}.")
    if rows.ndim != 2 or not len(rows):
        raise ValueError(f"background must have shape (n_background, k), but has shape {rows.shape}.")
    if not np.isfinite(rows).all():
        bad = int((~finite_rows(rows)).sum())
        raise ValueError(
            f"background has {bad} of {len(rows)} rows with values that are not finite; drop them."
        )
    if len(rows) <= max_background:
        return rows.copy(), None
    if thinning == "clusters":
        return clustered(rows, max_background, random_state)
    picked = check_random_state(random_state).choice(len(rows), max_background, replace=False)
    return rows[np.sort(picked)], None


def clustered(
    rows: np.ndarray, n: int, random_state: int | np.random.RandomState | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return means (<= n, k) of clusters of rows and the shares of the rows that belong to them.

    Features are compared in units of their standard deviation.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.explain._values.samples import clustered
    >>> means, weights = clustered(np.array([[0.0], [0.2], [0.1], [5.0]]), 2, 0)
    >>> means.round(2).ravel().tolist(), weights.tolist()
    ([0.1, 5.0], [0.75, 0.25])
    """
    spread = rows.std(axis=0)
    spread[spread == 0] = 1.0
    n = min(n, len(np.unique(rows, axis=0)))
    seed = int(check_random_state(random_state).randint(2**31 - 1))
    label = KMeans(n, n_init=10, random_state=seed).fit(rows / spread).labels_
    size = np.bincount(label, minlength=n)
    means = np.stack([np.bincount(label, column, minlength=n) for column in rows.T], axis=1) / size[:, None]
    # the order of k-means is that of its random start
    order = np.lexsort(means.T[::-1])
    return means[order], size[order] / len(rows)
