# SPDX-License-Identifier: BSD-3-Clause
"""Products and decompositions of arrays, by torch.

Where fits run side by side in threads of one process, OpenBLAS cannot be held to one thread from these, and
sums of large arrays differ in the last bit; torch counts its threads for each of them.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float64]


def times(left: Array, right: Array) -> Array:
    """Return the product of two matrices, or of a matrix and a vector."""
    product: Array = (_tensor(left) @ _tensor(right)).numpy()
    return product


def svd(matrix: Array) -> tuple[Array, Array, Array]:
    """Return left vectors (n, k), singular values (k,) and right vectors (k, p) of a matrix (n, p)."""
    parts = torch.linalg.svd(_tensor(matrix), full_matrices=False)
    left, size, right = (part.numpy() for part in parts)
    return left, size, right


def _tensor(array: Array) -> torch.Tensor:
    # arrays that joblib shares among processes are read-only, of which torch warns
    return torch.from_numpy(np.require(array, requirements="W"))
