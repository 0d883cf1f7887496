# SPDX-License-Identifier: BSD-3-Clause
"""Many samples as one row per feature."""

from __future__ import annotations

import numpy as np

_KINDS = ("auto", "signed", "absolute", "slope")


def summarize(data: np.ndarray, values: np.ndarray, kind: str) -> tuple[np.ndarray, str]:
    """Bring shares (n, k, ...) of samples down to one row per feature (k, ...).

    Parameters
    ----------
    data : array of shape (n, k)
        Features of the samples.
    values : array of shape (n, k, ...)
    kind : {"auto", "signed", "absolute", "slope"}
        "signed": mean share; "absolute": mean magnitude; "slope": change of the share per standard deviation
        of the feature over the samples, by least squares. "auto" is "signed" for one sample, since for
        samples drawn like the background signed means cancel, otherwise "slope". Samples without
        shares (NaN) are left out; a group of features stands on the axis of its first member.

    Returns
    -------
    rows : array of shape (k, ...)
    kind : str
        The kind taken for "auto".
    """
    if kind not in _KINDS:
        raise ValueError(f"kind must be one of {list(_KINDS)}, but got {kind!r}.")
    kept = ~np.isnan(values).reshape(len(values), -1).any(axis=1)
    data, values = data[kept], values[kept]
    if kind == "auto":
        kind = "signed" if len(data) == 1 else "slope"
    if kind == "slope":
        if len(data) < 2:
            raise ValueError(
                f"kind='slope' needs at least 2 samples, but got {len(data)}; take kind='signed'."
            )
        deviation = data - data.mean(axis=0)
        spread = deviation.std(axis=0)
        score = np.divide(deviation, spread, out=np.zeros_like(deviation), where=spread > 0)
        return np.einsum("nk,nk...->k...", score, values) / len(data), kind
    return (np.abs(values) if kind == "absolute" else values).mean(axis=0), kind
