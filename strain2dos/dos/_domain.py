# SPDX-License-Identifier: BSD-3-Clause
"""Whether a sample lies where the training samples lie."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

Array = NDArray[np.float64]

_MARGIN = 0.05
_MAX_POINTS = 5000


def describe_domain(features: Array, groups: NDArray[np.intp], rows: NDArray[np.intp]) -> dict[str, Any]:
    """Keep the standardised training features and the distance at which a sample is a stranger.

    That distance is the 95th percentile of the distance from a training sample to the nearest one of
    another group: an unseen state inside the training set is not farther away.
    """
    points, labels = features[rows], groups[rows]
    distances = np.array(
        [
            _to_others(points, labels, label).max(initial=0.0)
            if len(rows) == 1
            else np.median(_to_others(points, labels, label))
            for label in np.unique(labels)
        ]
    )
    known = distances[np.isfinite(distances)]
    reach = float(np.percentile(known, 95)) if known.size else 1.0
    low, high = features.min(0), features.max(0)
    return {"points": points, "reach": max(reach, 1e-9), "low": low, "high": high}


def _to_others(points: Array, labels: NDArray[np.intp], label: int) -> Array:
    others = points[labels != label]
    if not len(others):
        return np.array([np.inf])
    return cKDTree(others).query(points[labels == label])[0]


def stray(domain: dict[str, Any], features: Array) -> Array:
    """Return the larger of two ratios: distance to the nearest sample, and distance past the range."""
    nearest = cKDTree(domain["points"]).query(features)[0] / domain["reach"]
    middle = 0.5 * (domain["low"] + domain["high"])
    half = 0.5 * (domain["high"] - domain["low"]) * (1.0 + 2 * _MARGIN)
    past = np.abs(features - middle) / np.maximum(half, 1e-6)
    return np.maximum(nearest, past.max(1))
