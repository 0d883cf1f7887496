# SPDX-License-Identifier: BSD-3-Clause
"""Products and decompositions of arrays, by torch, with the same bits wherever an array lies in memory.

Where fits run side by side in threads of one process, OpenBLAS cannot be held to one thread from these, and
sums of large arrays differ in the last bit; torch counts its threads for each of them.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Doubles of the widest vector: products of so many columns have no rest.
_COLUMNS = 8


def tensor(array: Array | NDArray[np.bool_], device: str | torch.device = "cpu") -> torch.Tensor:
    """Return a copy in the memory of torch, one row after the other.

    MKL sums in an order that depends on the layout of an array and on where it begins. Arrays of torch begin
    at multiples of 64 bytes; those of numpy, above all unpickled ones, begin anywhere.
    """
    return torch.tensor(np.ascontiguousarray(array), dtype=torch.float64, device=device)


def padded(right: torch.Tensor) -> torch.Tensor:
    """Return a matrix (..., k, p) with columns of zeros beside it, up to a multiple of 8."""
    rest = -right.shape[-1] % _COLUMNS
    return (torch.nn.functional.pad(right, (0, rest)) if rest else right).contiguous()


def product(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
    """Return the product of matrices (..., n, k) and (..., k, p): a row has the same bits wherever it stands.

    Where the last columns do not fill a vector, and where a matrix is transposed on the way, MKL sums some
    rows in another order than others, on some processors.
    """
    return (left @ padded(right))[..., : right.shape[-1]]


def times(left: Array, right: Array) -> Array:
    """Return the product of two matrices."""
    answer: Array = np.ascontiguousarray(product(tensor(left), tensor(right)).numpy())
    return answer


def svd(matrix: Array) -> tuple[Array, Array, Array]:
    """Return left vectors (n, k), singular values (k,) and right vectors (k, p) of a matrix (n, p)."""
    parts = torch.linalg.svd(tensor(matrix), full_matrices=False)
    left, size, right = (part.contiguous().numpy() for part in parts)
    return left, size, right
