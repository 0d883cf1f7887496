# SPDX-License-Identifier: BSD-3-Clause
"""The linear algebra of one small fit, against numpy; the lower triangle holds NaN, which must not matter."""

import numpy as np
import pytest

from strain2dos._compiled import njit
from strain2dos.raman._fitting._squares import normal_equations as algebra

# compiled by themselves: elsewhere they are parts of the fit
ALONE = algebra.ENTRY | {"cache": False}
products = njit(**ALONE)(algebra.normal_equations.py_func)
solve = njit(**ALONE)(algebra.solve.py_func)
eliminate = njit(**ALONE)(algebra.eliminate.py_func)
damped_system = njit(**ALONE)(algebra.damped_system.py_func)
covariance = njit(**ALONE)(algebra.covariance.py_func)
SIZES = range(1, 12)


def system(n, seed=0, *, side=16):
    """Normal matrix and gradient of n parameters, whole, and as the fit keeps them."""
    rng = np.random.default_rng(seed + n)
    J = rng.normal(size=(n + 1, 40)) * 10.0 ** rng.uniform(-2, 2, (n + 1, 1))
    whole = J @ J.T
    kept = np.full((side, side), np.nan)
    upper = np.triu_indices(n + 1)
    kept[upper] = whole[upper]
    return whole, kept


@pytest.mark.parametrize("n_rows", SIZES)
def test_products_of_rows_fill_the_upper_triangle(n_rows):
    rng = np.random.default_rng(n_rows)
    J = rng.normal(size=(n_rows + 3, 32))
    for first in range(n_rows):
        A = np.zeros((16, 16))
        products(J, first, n_rows, 32, A)
        wanted = np.triu(J[:n_rows] @ J[:n_rows].T)[:, first:]
        np.testing.assert_allclose(np.triu(A[:n_rows, :n_rows])[:, first:], wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("n", SIZES)
def test_solution_and_factors_are_those_of_numpy(n):
    whole, M = system(n)
    F, v = np.zeros((16, 16)), np.empty(n)
    assert solve(M, F, n, np.zeros(n), v)
    np.testing.assert_allclose(v, np.linalg.solve(whole[:n, :n], whole[:n, n]), rtol=1e-8)
    factor = np.linalg.cholesky(whole[:n, :n])
    np.testing.assert_allclose(F[n, :n], np.diag(factor) ** -2, rtol=1e-8)
    np.testing.assert_allclose(np.tril(F[:n, :n], -1), np.tril(factor / np.diag(factor), -1), rtol=1e-7)


@pytest.mark.parametrize("n", SIZES)
def test_what_is_left_after_elimination_is_the_schur_complement(n):
    whole, M = system(n + 2)
    assert eliminate(M, n, n + 2, np.zeros(n))
    known, rest = whole[:n, :n], slice(n, n + 3)
    wanted = whole[rest, rest] - whole[rest, :n] @ np.linalg.solve(known, whole[:n, rest])
    for i in range(2):
        np.testing.assert_allclose(M[n + i, n + i : n + 3], wanted[i, i:], rtol=1e-7)


@pytest.mark.parametrize("trusted", [0.0, np.inf])
def test_a_pivot_that_is_not_trusted_stops(trusted):
    whole, M = system(4)
    least = np.zeros(4)
    # the third pivot, which the first two leave
    least[2] = trusted or 1.0 / np.linalg.inv(whole[:3, :3])[2, 2] * (1 + 1e-6)
    assert not solve(M.copy(), np.zeros((16, 16)), 4, least, np.empty(4))
    assert not eliminate(M.copy(), 4, 4, least)
    least[2] = 1.0 / np.linalg.inv(whole[:3, :3])[2, 2] * (1 - 1e-6)
    assert solve(M.copy(), np.zeros((16, 16)), 4, least, np.empty(4))
    assert eliminate(M.copy(), 4, 4, least)


def bounds(whole, n, rng):
    """Parameters inside, on a bound that holds them, or on one that the gradient leads away from."""
    p, low, high = np.zeros(n), -np.ones(n), np.ones(n)
    held = np.zeros(n, dtype=bool)
    for i in range(n):
        kind = rng.integers(4)
        p[i] = (0.0, 0.0, -1.0, 1.0)[kind]
        held[i] = (kind == 2 and whole[i, n] <= 0) or (kind == 3 and whole[i, n] >= 0)
    return p, low, high, held


@pytest.mark.parametrize("n", SIZES)
def test_damping_raises_the_diagonal_and_held_parameters_drop_out(n):
    for seed in range(5):
        whole, A = system(n, seed)
        p, low, high, held = bounds(whole, n, np.random.default_rng(seed))
        M, least = np.zeros((16, 16)), np.empty(n)
        damped_system(A, n, 0.25, p, low, high, M, least)
        wanted = whole[:n, :n] + 0.25 * np.diag(np.diag(whole[:n, :n]))
        np.testing.assert_allclose(least, np.where(held, 0.0, 1e-14 * np.diag(wanted)), rtol=1e-12)
        wanted[held], wanted[:, held] = 0.0, 0.0
        wanted[held, held] = 1.0
        np.testing.assert_allclose(np.triu(M[:n, :n]), np.triu(wanted), rtol=1e-12)
        np.testing.assert_allclose(M[:n, n], np.where(held, 0.0, whole[:n, n]))


@pytest.mark.parametrize("n", SIZES)
def test_covariance_is_the_inverse_of_what_no_bound_holds(n):
    for seed in range(5):
        whole, A = system(n, seed)
        p, low, high, held = bounds(whole, n, np.random.default_rng(seed))
        wanted, free = np.zeros((n, n)), np.flatnonzero(~held)
        wanted[np.ix_(free, free)] = np.linalg.inv(whole[np.ix_(free, free)])
        for first, last in ((0, n), (n // 2, n), (0, (n + 1) // 2)):
            C = np.full((16, 16), np.nan)
            assert covariance(A, n, p, low, high, np.zeros((16, 16)), np.empty(n), first, last, C)
            asked = slice(first, last)
            scale = np.sqrt(np.outer(*[np.diag(wanted)[asked] + held[asked]] * 2))
            np.testing.assert_allclose(C[asked, asked] / scale, wanted[asked, asked] / scale, atol=1e-7)
