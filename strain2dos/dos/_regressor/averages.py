# SPDX-License-Identifier: BSD-3-Clause
"""Means of predictions over groups of rows: what explanations need, many thousand times a second."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from strain2dos.dos._common.threads import one_thread
from strain2dos.dos._edges.reading import BandEdges
from strain2dos.dos._regressor.joint import JointEdges
from strain2dos.dos._regressor.parameters import check_device
from strain2dos.dos._regressor.regressor import DOSRegressor

Array = NDArray[np.float64]

# rows that kernels see at once: fewer cost time in calls, more leave the cache
_ROWS = 400
# rows whose latents are held at once: two arrays of them fit into the cache of a core
_LATENTS = 100


class Averages:
    """Means of a fitted regressor over groups of rows, without a curve for each of them.

    Parameters
    ----------
    regressor : DOSRegressor
        Fitted; its kernels are evaluated on its device.
    """

    def __init__(self, regressor: DOSRegressor) -> None:
        self._check, self.fitted = regressor._check, regressor.fitted_
        self.device = check_device(regressor.device)
        self._heads = self.fitted.heads.loaded(self.device)

    @classmethod
    def of(cls, regressor: Any) -> Averages | None:
        """Take those of a regressor that predicts as `DOSRegressor` does, None for any other."""
        same = isinstance(regressor, DOSRegressor) and all(
            getattr(type(regressor), name) is getattr(DOSRegressor, name)
            for name in ("predict", "predict_edges")
        )
        return cls(regressor) if same else None

    def curves(self, X: Any, weights: Array) -> Array:
        """Return weighted means (n / len(weights), n_energies) of the curves of successive rows."""
        X = self._check(X)
        size, representation = len(weights), self.fitted.basis.representation
        answer = np.empty((len(X) // size, representation.n_energies))
        groups, some = max(1, _ROWS // size), max(1, _LATENTS // size)
        with one_thread(), torch.no_grad():
            for start in range(0, len(answer), groups):
                rows = self.fitted.standardise(X[start * size : (start + groups) * size])
                found = self._heads.curve(rows)
                for first in range(0, len(rows), some * size):
                    part = slice(first, first + some * size)
                    latent, variance = self.fitted.latents([side.rows(part) for side in found])
                    here = slice(start + first // size, start + (first + len(latent)) // size)
                    answer[here] = representation.averaged(latent, variance, weights)
        return answer

    def edges(self, X: Any) -> BandEdges:
        """Return the learned edges of every row, without their standard deviations."""
        with one_thread():
            return self.fitted.edges(self._check(X), self.device, std=False)[0]

    def joint_edges(self, background: Array, weights: Array) -> JointEdges:
        """Return mean learned edges of rows that are put together from samples and a background."""
        return JointEdges(self.fitted, self._heads, background, weights)
