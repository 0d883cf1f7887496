# SPDX-License-Identifier: BSD-3-Clause
"""Which of n scores a further one does not exceed at a stated level."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def rank(level: float, n_groups: int) -> int:
    """Return the place, counted from 1, of the score that answers for the level."""
    # 10 x 0.9 is a little more than 9 in binary
    return max(1, int(np.ceil((n_groups + 1) * level - 1e-9)))


def check_level(level: float) -> float:
    """Return the level, or refuse one that is no share."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie between 0 and 1, but it is {level!r}; 0.9 stands for 90 %.")
    return float(level)


def require_enough_groups(level: float, n_groups: int, counted: str, what: str = "level") -> None:
    """Raise unless so many groups can answer for the level; `counted` names where they were counted."""
    if n_groups < 2 or rank(level, n_groups) > n_groups:
        least = max(2, int(np.ceil(level / (1 - level) - 1e-9)))
        raise ValueError(
            f"{what} = {level:g} needs at least {least} groups (strain states), each with an error of its "
            f"own, but there are {n_groups} {counted}; the highest level that they support is "
            f"{n_groups / (n_groups + 1):.3f}. Lower level, or add states."
        )


def quantile(scores: Array, level: float) -> float:
    """Return the score that a further group does not exceed at that level."""
    return float(np.sort(scores)[rank(level, len(scores)) - 1])
