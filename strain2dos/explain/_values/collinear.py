# SPDX-License-Identifier: BSD-3-Clause
"""Features that move together, whose shares mean something only as a sum."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

# Above this correlation over the background a model can trade the weights of two features for less than
# a tenth of either one's effect.
CORRELATION = 0.9


def collinear_groups(
    rows: np.ndarray, names: Sequence[str], least: float = CORRELATION
) -> dict[str, list[str]]:
    """Groups of two or more features whose magnitudes of correlation with a member of it exceed `least`.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.explain._values.collinear import collinear_groups
    >>> strain, other = np.linspace(0.0, 1.0, 9), np.resize([0.0, 1.0, -1.0], 9)
    >>> collinear_groups(
    ...     np.column_stack([strain, 0.6 * strain, other]), ["E'", "A1'", "doping"]
    ... )
    {"E' + A1'": ["E'", "A1'"]}
    """
    if len(names) < 2 or len(rows) < 3:
        return {}
    spread = rows.std(axis=0)
    scores = np.divide(rows - rows.mean(axis=0), spread, out=np.zeros_like(rows), where=spread > 0)
    distance = 1.0 - np.abs(scores.T @ scores) / len(rows)
    np.fill_diagonal(distance, 0.0)
    label = fcluster(linkage(squareform(distance, checks=False), "single"), 1.0 - least, "distance")
    members = [[names[int(j)] for j in np.flatnonzero(label == own)] for own in dict.fromkeys(label)]
    return {" + ".join(some): some for some in members if len(some) > 1}


def reason(groups: Mapping[str, Sequence[str]]) -> str:
    """Explain why the shares of some features are given as sums; empty where none are."""
    if not groups:
        return ""
    listed = "; ".join(", ".join(members) for members in groups.values())
    return (
        f"The shares of {listed} are given as sums: over the background these features move together "
        f"(correlation above {CORRELATION:g}), so the model could trade the share of one for that of another "
        "without a change of its predictions."
    )
