# SPDX-License-Identifier: BSD-3-Clause
"""Band edges, the gap at K and the valleys of the edges, with what errors of the positions do to them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from strain2dos.mapping._steps import EDGE_NAMES, FittedModel

Array = NDArray[np.float64]

# Directions with less than this share of a row's variance are ties between columns.
_TIED = 1e-9


@dataclass(frozen=True)
class EdgeFunction:
    """Energies of a row of features: valence and conduction edge, gap and, where known, the gap at K.

    Attributes
    ----------
    model : FittedModel
        Of the steps after the featurizer.
    """

    model: FittedModel

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of what is returned."""
        return (*EDGE_NAMES, "gap_direct") if self.model.at_k else EDGE_NAMES

    def __call__(self, features: Array) -> Array:
        """Give energies (n, m) in eV."""
        Z = self.model.chain.after(1).transform(features)
        if not self.model.valleys:
            return np.column_stack(list(self.model.edges(Z).values()))
        return self._of_valleys(self.model.final.predict_valleys(Z))

    def with_std(self, features: Array) -> tuple[Array, Array, Array | None]:
        """Give energies and their own deviations (n, m), and the energies of the valleys."""
        Z = self.model.chain.after(1).transform(features)
        if not self.model.valleys:
            edges = self.model.edges(Z)
            values = np.column_stack([edges[name] for name in EDGE_NAMES])
            return values, np.zeros_like(values), None
        wanted = (*(f"{name}_std" for name in EDGE_NAMES), "gap_direct_std", "valleys")
        found = self.model.predict(Z, wanted)
        spread = np.column_stack([found[f"{name}_std"] for name in self.names])
        return self._of_valleys(found["valleys"]), spread, found["valleys"]

    def _of_valleys(self, energies: Array) -> Array:
        n_valence = self.model.final.n_valence_
        vbm, cbm = energies[:, :n_valence].max(axis=1), energies[:, n_valence:].min(axis=1)
        columns = [vbm, cbm, cbm - vbm]
        if self.model.at_k is not None:
            top, bottom = self.model.at_k
            columns.append(energies[:, bottom] - energies[:, top])
        return np.column_stack(columns)

    def spread(self, features: Array, covariance: Array) -> Array:
        """Deviations (n, m) that errors of the features give the energies.

        Central differences of one standard deviation along the axes of each row's covariance, as in
        `strain2dos.dos.propagate_noise`; directions without variance are left out.

        Parameters
        ----------
        features : ndarray of shape (n, p)
        covariance : ndarray of shape (n, p, p)
        """
        size, axes = np.linalg.eigh(covariance)
        total = np.zeros((len(features), len(self.names)))
        for j in range(features.shape[1]):
            rows = np.flatnonzero(size[:, j] > _TIED * np.maximum(size[:, -1], 1e-300))
            if not rows.size:
                continue
            step = axes[rows, :, j] * np.sqrt(size[rows, j])[:, np.newaxis]
            ends = self(np.concatenate([features[rows] + step, features[rows] - step]))
            total[rows] += np.square(0.5 * (ends[: rows.size] - ends[rows.size :]))
        return np.sqrt(total)
