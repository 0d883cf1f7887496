# SPDX-License-Identifier: BSD-3-Clause
"""Lattice Fourier terms of the strained 11-band model: what each hop gives, and how strain changes it."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Layout = tuple[tuple[int, ...], ...]

# Hops R in units of (a1, a2), each R > 0 followed four places later by -R.
HOPS = np.array([(0, 0), (1, 0), (0, 1), (1, 1), (2, 1), (-1, 0), (0, -1), (-1, -1), (-2, -1)])
_INDEX = {tuple(map(int, hop)): i for i, hop in enumerate(HOPS)}
_STAR = {  # the three members of a star, in the order of rotation by -120 degrees
    1: ((-1, -1), (0, 0), (-1, 0)),
    2: ((1, 0), (0, 1), (-1, -1)),
    3: ((0, 1), (-2, -1), (0, -1)),
}
_SIN = np.sqrt(3) / 2
_ROTATE_ORBITALS = np.array([[-0.5, _SIN, 0], [-_SIN, -0.5, 0], [0, 0, 1]])
_ROTATE_STRAIN = np.array([[1, 0, 0], [0, -0.5, -_SIN], [0, _SIN, -0.5]])

# Where the parameter with index j stands in its 3 x 3 matrix, as (row, column, index, sign).
_ONSITE_A = ((0, 0, 1, 1), (1, 1, 1, 1), (2, 2, 0, 1))
_ONSITE_B = ((0, 0, 0, 1), (1, 1, 0, -1), (1, 2, 1, 1), (2, 1, 1, 1))
_ONSITE_C = ((0, 1, 0, 1), (1, 0, 0, 1), (0, 2, 1, 1), (2, 0, 1, 1))
_BOND_A = ((0, 0, 0, 1), (1, 1, 1, 1), (1, 2, 2, 1), (2, 1, 3, 1), (2, 2, 4, 1))
_BOND_C = ((0, 1, 5, 1), (0, 2, 6, 1), (1, 0, 7, 1), (2, 0, 8, 1))
_SAME_A = (
    *((0, 0, 0, 1), (1, 1, 1, 1), (2, 2, 2, 1), (0, 1, 3, 1), (1, 0, 3, -1)),
    *((0, 2, 4, 1), (2, 0, 4, -1), (1, 2, 5, 1), (2, 1, 5, 1)),
)
_SAME_C = ((0, 1, 6, 1), (1, 0, 6, 1), (0, 2, 7, 1), (2, 0, 7, 1), (1, 2, 8, 1), (2, 1, 8, -1))


@lru_cache(maxsize=1)
def load_tables() -> dict[str, Any]:
    """Read the bundled parameter tables with their source and notes."""
    path = files("strain2dos.simulate").joinpath("_data/tight_binding.json")
    return json.loads(path.read_text(encoding="utf-8"))


def load_parameters(material: str, correction: str | None) -> dict[str, float]:
    """Give the parameters of one material, with the named correction applied."""
    tables = load_tables()
    values = dict(tables["materials"][material])
    if correction is not None:
        values |= tables["corrections"][material][correction]["replaces"]
    return values


def block_terms(values: dict[str, float], parity: str) -> Array:
    """Build the terms of one mirror block.

    Parameters
    ----------
    values : dict
        Parameters of one material.
    parity : {"odd", "even"}
        Under z -> -z: odd has (dxz, dyz) and three chalcogen p, even has (dxy, dx2-y2, dz2) and three p.

    Returns
    -------
    ndarray of shape (9, 4, n, n)
        For each of `HOPS`: the unstrained part and the factors of exx + eyy, exx - eyy and 2 exy; n = 5 or 6.
        The Hamiltonian is the sum over the hops of exp(2 pi i k.R) terms[R].
    """
    metal, chalcogen, bond, n_d = ("aa", "bb", "ba", 2) if parity == "odd" else ("cc", "dd", "dc", 3)
    terms = np.zeros((len(HOPS), 4, n_d + 3, n_d + 3))
    d, p = slice(0, n_d), slice(n_d, n_d + 3)
    for block, where, size in ((metal, d, n_d), (chalcogen, p, 3)):
        terms[0, :, where, where] += _onsite(values, block)[:, :size, :size]
        _add_star(terms, _hop(values, f"2_{block}", _SAME_A, _SAME_C)[:, :size, :size], 2, where, where)
    for star in (1,) if parity == "odd" else (1, 3):
        _add_star(terms, _hop(values, f"{star}_{bond}", _BOND_A, _BOND_C)[:, :, :n_d], star, p, d)
    return terms


def spin_orbit(values: dict[str, float], parity: str) -> NDArray[np.complex128]:
    """On-site lambda Lz Sz of spin up in one mirror block, shape (n, n)."""
    n_d = 2 if parity == "odd" else 3
    turn = np.zeros((n_d + 3, n_d + 3))
    turn[1, 0] = values["lamb_m"] * (0.5 if parity == "odd" else -1.0)
    turn[n_d + 1, n_d] = values["lamb_c"] * 0.5
    return np.asarray(1j * (turn - turn.T), dtype=np.complex128)


def fold(terms: Array, on_site: NDArray[np.complex128]) -> tuple[Array, Array]:
    """Join R and -R: the factors of (1, cos 2 pi k.R) in Re H and of (1, sin 2 pi k.R) in Im H.

    Both have shape (4, 5, n * n): strain part, hop, matrix entry. Half the work of complex exponentials.
    """
    there, back = terms[1:5], terms[5:9]
    real = np.concatenate([terms[:1], there + back])
    imaginary = np.concatenate([np.zeros_like(terms[:1]), there - back])
    real[0, 0] += on_site.real
    imaginary[0, 0] += on_site.imag
    flat = (5, 4, -1)
    return real.reshape(flat).swapaxes(0, 1).copy(), imaginary.reshape(flat).swapaxes(0, 1).copy()


def waves(k_reduced: Array) -> tuple[Array, Array]:
    """Give (1, cos 2 pi k.R) and (1, sin 2 pi k.R) of k-points (..., 2) for the four positive hops."""
    phase = 2 * np.pi * (k_reduced @ HOPS[1:5].T)
    one = np.ones((*phase.shape[:-1], 1))
    return np.concatenate([one, np.cos(phase)], axis=-1), np.concatenate([one, np.sin(phase)], axis=-1)


def bloch_matrices(
    block: tuple[Array, Array], wave: tuple[Array, Array], weights: Array
) -> NDArray[np.complex128]:
    """Build H(k) of a folded block for m tensors, shape (m, n, size, size).

    The waves come from `waves`, of k-points (n, 2) or (m, n, 2), and the weights (m, 4) from
    `strain_weights`.
    """
    (real, imaginary), (cosines, sines) = block, wave
    size = round(real.shape[-1] ** 0.5)
    matrix = np.empty((len(weights), cosines.shape[-2], size * size), dtype=np.complex128)
    matrix.real = cosines @ np.tensordot(weights, real, 1)
    matrix.imag = sines @ np.tensordot(weights, imaginary, 1)
    return matrix.reshape(*matrix.shape[:2], size, size)


def eigenvalues(matrices: NDArray[np.complex128]) -> Array:
    """Eigenvalues in eV of Hermitian matrices (..., size, size), rising."""
    return np.asarray(np.linalg.eigvalsh(matrices), dtype=np.float64)


def strain_weights(strain: Array) -> Array:
    """Give (1, exx + eyy, exx - eyy, 2 exy) of tensors (..., 3): the factors of the four parts of a term."""
    exx, eyy, exy = np.moveaxis(strain, -1, 0)
    return np.stack([np.ones_like(exx), exx + eyy, exx - eyy, 2 * exy], axis=-1)


def _fill(values: dict[str, float], layout: Layout, kind: str, suffix: str) -> Array:
    matrix = np.zeros((3, 3))
    for row, column, index, sign in layout:
        matrix[row, column] = sign * values.get(f"{kind}_{index}_{suffix}", 0.0)
    return matrix


def _onsite(values: dict[str, float], block: str) -> Array:
    parts = [_fill(values, _ONSITE_A, "eps", block)]
    parts += [
        _fill(values, layout, kind, f"0_{block}")
        for kind, layout in (("a", _ONSITE_A), ("b", _ONSITE_B), ("b", _ONSITE_C))
    ]
    return np.stack(parts)


def _hop(values: dict[str, float], suffix: str, diagonal: Layout, shear: Layout) -> Array:
    parts = [_fill(values, diagonal, kind, suffix) for kind in ("t", "a", "b")]
    return np.stack([*parts, _fill(values, shear, "b", suffix)])


def _add_star(terms: Array, first: Array, star: int, rows: slice, columns: slice) -> None:
    """Add the three rotated members of a star and their conjugates to the terms."""
    turn, shear = np.eye(3), np.eye(3)
    for hop in _STAR[star]:
        strained = first.copy()
        strained[1:] = np.einsum("cd,cij->dij", shear, first[1:])
        n_rows, n_columns = first.shape[1:]
        member = turn[:n_rows, :n_rows] @ strained @ turn[:n_columns, :n_columns].T
        terms[_INDEX[-hop[0], -hop[1]], :, rows, columns] += member
        terms[_INDEX[hop], :, columns, rows] += member.transpose(0, 2, 1)
        turn, shear = _ROTATE_ORBITALS.T @ turn, _ROTATE_STRAIN @ shear
