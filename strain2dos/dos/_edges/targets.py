# SPDX-License-Identifier: BSD-3-Clause
"""Band edges from eigenvalues as targets: one energy per edge, or one per valley that may be the edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.dos._edges.reading import BandEdges
from strain2dos.dos._edges.valleys import edges_of_valleys

if TYPE_CHECKING:
    import pandas as pd

Array = NDArray[np.float64]
#: Edges as `fit` takes them.
EdgesLike: TypeAlias = "ArrayLike | BandEdges | pd.DataFrame"

# a valley that is the edge in none of so many states is it in less than a fifth of such states, with 95 %
# confidence: 1 - 0.05 ** (1 / 16); fewer states give no such confidence
_ENOUGH_STATES = 16
# a valley this far from the edge [eV] is given twice the noise (variance) of one at the edge: twice the
# thermal energy, and the broadening of the bundled curves
_NEAR = 0.05


class EdgeTargets(NamedTuple):
    """Energies (n, n_valleys) in eV and their names, the first `n_valence` columns of the valence band."""

    energies: Array
    n_valence: int
    names: list[str]

    @property
    def edges(self) -> Array:
        """Valence maximum and conduction minimum, shape (n, 2) in eV."""
        return np.column_stack(edges_of_valleys(self.energies, self.n_valence)[:2])

    def take(self, rows: NDArray[np.intp]) -> EdgeTargets:
        """Return some of the rows."""
        return self._replace(energies=self.energies[rows])

    def relevant(self, groups: NDArray[np.intp]) -> EdgeTargets:
        """Leave out valleys that are the edge in none of many states.

        Far from the edge their energies matter nowhere but where a prediction beyond the training states
        runs away and takes the place of the edge.
        """
        if len(np.unique(groups)) < _ENOUGH_STATES:
            return self
        valence = np.unique(self.energies[:, : self.n_valence].argmax(1))
        conduction = np.unique(self.energies[:, self.n_valence :].argmin(1)) + self.n_valence
        kept = [*valence, *conduction]
        return EdgeTargets(self.energies[:, kept], len(valence), [self.names[column] for column in kept])

    @property
    def looseness(self) -> Array:
        """Return (n, n_valleys) factors by which the variance of the noise grows away from the edge.

        A minimum away from the edge may be one of several that change places as strain grows, and then its
        energy has kinks and jumps, which would make the valley look rough where it matters.
        """
        valence, conduction = self.energies[:, : self.n_valence], self.energies[:, self.n_valence :]
        below = valence.max(1, keepdims=True) - valence
        above = conduction - conduction.min(1, keepdims=True)
        return 1.0 + np.square(np.hstack([below, above]) / _NEAR)


def check_edges(edges: EdgesLike | None, n: int) -> EdgeTargets | None:
    """Return the edges as targets, or refuse them and name what is wrong."""
    if edges is None:
        return None
    if isinstance(edges, BandEdges):
        edges = np.column_stack(edges[:2])
    columns = [str(name) for name in getattr(edges, "columns", ("vbm", "cbm"))]
    names = [name.lower() for name in columns]
    known = np.asarray(edges, dtype=np.float64)
    if known.shape != (n, len(names)):
        raise ValueError(
            f"edges must have shape ({n}, 2), valence maximum and conduction minimum of every row of X, but "
            f"its shape is {known.shape}; for instance np.column_stack([vbm, cbm]). Several valleys per edge "
            'go into a DataFrame whose columns begin with "vbm" or "cbm".'
        )
    valence, conduction = (
        [column for column, name in enumerate(names) if name.startswith(kind)] for kind in ("vbm", "cbm")
    )
    if not valence or not conduction or len(valence) + len(conduction) < len(names):
        raise ValueError(
            f"edges has columns {columns}; name every column of the valence band vbm..., every "
            'column of the conduction band cbm..., for instance "vbm_K", "vbm_G" and "cbm_K".'
        )
    if not np.isfinite(known).all():
        row = int(np.flatnonzero(~np.isfinite(known).all(1))[0])
        raise ValueError(
            f"edges must be finite, but edges[{row}] = {known[row].tolist()}; leave out metallic states, or "
            "fit without edges and let predict_edges read them from the curves."
        )
    order = valence + conduction
    return EdgeTargets(known[:, order], len(valence), [columns[column] for column in order])


def take_rows(edges: object, rows: NDArray[np.intp]) -> Any:
    """Return some rows of edges in the form in which they came."""
    if edges is None:
        return None
    if isinstance(edges, BandEdges):
        edges = np.column_stack(edges[:2])
    return edges.iloc[rows] if hasattr(edges, "iloc") else np.asarray(edges)[rows]
