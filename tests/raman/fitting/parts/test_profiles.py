# SPDX-License-Identifier: BSD-3-Clause
"""Line profiles and their derivatives, against formulas of other make and against differences."""

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import voigt_profile

from strain2dos._compiled import njit
from strain2dos.raman._fitting._squares import levenberg_marquardt
from strain2dos.raman._fitting._squares.normal_equations import ENTRY
from strain2dos.raman._fitting._squares.profiles import SHAPES, profile
from strain2dos.raman._fitting.records import LineSet

# compiled by itself: elsewhere it is a part of the fit
evaluate = njit(cache=False, **ENTRY)(levenberg_marquardt.evaluate.py_func)
X_AXIS = np.linspace(-40.0, 40.0, 1601)
CENTER, HEIGHT, HALF_WIDTH = 0.7, 3.0, 2.5


def rows(shape, mixing, *, x=X_AXIS, c=CENTER, h=HEIGHT, g=HALF_WIDTH):
    out = np.zeros((5, x.size))
    mixing = 0.0 if shape == "gaussian" else mixing
    profile(SHAPES[shape], x, np.ones(x.size), x.size, c, h, g, mixing, out, 0, 1, 2, 3, 4)
    return out[[0, 1, 3]]


def lorentz(z):
    return 1 / (1 + z**2)


def voigt(z, share):
    """Unit height and half width, Lorentzian half width ``share``; Gaussian width from the exact one."""
    if share >= 1:
        return lorentz(z)
    half = lambda sigma: voigt_profile(1, sigma, share) / voigt_profile(0, sigma, share) - 0.5  # noqa: E731
    sigma = brentq(half, 1e-4, 1.0)
    return voigt_profile(z, sigma, share) / voigt_profile(0, sigma, share)


def fano(z, b):
    """Fano's own formula with q = 1 / b, less its value far away."""
    return (1 + b * z) ** 2 / (1 + z**2) - b**2


ORACLES = {
    "lorentzian": lambda z, mixing: lorentz(z),
    "gaussian": lambda z, mixing: np.exp(-np.log(2) * z**2),
    "pseudo_voigt": lambda z, mixing: mixing * lorentz(z) + (1 - mixing) * np.exp(-np.log(2) * z**2),
    "fano": fano,
}
CASES = [("lorentzian", 0.0), ("gaussian", 0.0), ("pseudo_voigt", 0.3), ("fano", -0.4), ("fano", 0.15)]


@pytest.mark.parametrize(("shape", "mixing"), CASES)
def test_profile_is_its_textbook_formula(shape, mixing):
    expected = ORACLES[shape]((X_AXIS - CENTER) / HALF_WIDTH, mixing)
    np.testing.assert_allclose(rows(shape, mixing)[0], expected, atol=1e-14)


@pytest.mark.parametrize("share", [0.0, 0.05, 0.3, 0.6, 0.9, 0.99, 0.9999, 1.0])
def test_voigt_profile_is_within_its_stated_error(share):
    # 2.1e-6 of the height from the eight poles, 0.02 % of the width from the formula for the total width
    z = (X_AXIS - CENTER) / HALF_WIDTH
    found, expected = rows("voigt", share)[0], voigt(z, share)
    width_error = 2.5e-4 * np.abs(np.gradient(expected, z) * z).max()
    assert np.abs(found - expected).max() < 2.1e-6 + width_error


def test_voigt_poles_reach_the_stated_error_at_equal_widths():
    # the same Gaussian and Lorentzian widths as the profile itself uses: only the eight poles are left
    share, c = 0.4, 0.5346
    sigma = HALF_WIDTH * np.sqrt((1 - share) * (1 + (1 - 2 * c) * share)) / np.sqrt(2 * np.log(2))
    exact = voigt_profile(X_AXIS - CENTER, sigma, share * HALF_WIDTH) / voigt_profile(
        0, sigma, share * HALF_WIDTH
    )
    assert np.abs(rows("voigt", share)[0] - exact).max() < 2.1e-6


@pytest.mark.parametrize(
    ("shape", "mixing"), [*CASES, ("voigt", 0.02), ("voigt", 0.5), ("voigt", 0.97), ("voigt", 0.99999)]
)
def test_derivatives_are_those_of_the_profile(shape, mixing):
    step = 1e-5
    _, by_center, by_mixing = rows(shape, mixing)
    difference = rows(shape, mixing, c=CENTER + step)[0] - rows(shape, mixing, c=CENTER - step)[0]
    np.testing.assert_allclose(by_center, HEIGHT * difference / (2 * step), atol=1e-6)
    if shape in ("lorentzian", "gaussian"):
        return
    step = min(step, 0.1 * (1 - mixing)) if shape == "voigt" else step
    difference = rows(shape, mixing + step)[0] - rows(shape, mixing - step)[0]
    # Voigt: the heat equation, which the derivative rests on, holds for the exact profile, and for that of
    # eight poles to 2e-5
    np.testing.assert_allclose(by_mixing, HEIGHT * difference / (2 * step), atol=2e-5 * HEIGHT)


@pytest.mark.parametrize("shape", sorted(SHAPES))
@pytest.mark.parametrize("group", [[0, 1], [0, 0]])
def test_jacobian_with_shared_and_free_widths_equals_differences(shape, group):
    x = np.linspace(370.0, 420.0, 96)
    code, n_groups = SHAPES[shape], max(group) + 1
    weights = np.random.default_rng(0).uniform(0.5, 1.5, x.size)
    y = np.zeros(x.size)
    basis = np.vstack([np.ones(x.size), (x - 395) / 25])
    mixing = [] if shape in ("lorentzian", "gaussian") else [0.4] * n_groups
    nothing = np.zeros((0, 4))
    lines = LineSet(nothing, np.array(group), nothing.astype(int), nothing, 2, n_groups, 2)
    p = np.array([384.0, 388.0, 2.0, 3.0, *[1.5, 2.5][:n_groups], *mixing, 0.5, -0.2])
    n = p.size

    def jacobian(p):
        J = np.zeros((n + 6, x.size))
        J[n - 2 : n] = basis * weights
        evaluate(code, x, y, weights, x.size, p, lines, len(mixing), 2, J)
        return J[: n + 1]

    J = jacobian(p)
    for i in range(n):
        up, down = p.copy(), p.copy()
        up[i] += 1e-5
        down[i] -= 1e-5
        difference = -(jacobian(up)[n] - jacobian(down)[n]) / 2e-5
        np.testing.assert_allclose(J[i], difference, atol=3e-5, err_msg=f"parameter {i}")
