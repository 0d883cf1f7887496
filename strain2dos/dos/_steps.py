# SPDX-License-Identifier: BSD-3-Clause
"""The regressor inside what a user fitted."""

from __future__ import annotations

from typing import Any


def last_step(estimator: Any) -> Any:
    """Return the estimator itself, or the last step of a pipeline."""
    return estimator.steps[-1][1] if hasattr(estimator, "steps") else estimator
