# SPDX-License-Identifier: BSD-3-Clause
import json

import numpy as np
import pytest
from scipy.integrate import solve_bvp

from strain2dos.datasets._bundled.resources import data_path
from strain2dos.simulate import bubble_strain
from strain2dos.simulate._films.bubble import POISSON_MOS2

HEIGHT, RADIUS = 0.3, 1.7


@pytest.mark.parametrize("poisson", [0.0, 0.25, 0.45])
def test_strain_along_a_radius_solves_the_membrane_equilibrium(poisson):
    # radial force balance d(r N_r)/dr = N_t as two first-order equations in u and q = r N_r, from r > 0 on
    def slope(r):
        return -2 * HEIGHT * r / RADIUS**2

    def equilibrium(r, state):
        u, q = state
        hoop = u / r
        radial = q / r - poisson * hoop
        return np.array([radial - 0.5 * slope(r) ** 2, hoop + poisson * radial])

    inner = 1e-4

    def ends(at_inner, at_rim):
        # near the apex the strain is biaxial: q = (1 + poisson) u
        return np.array([at_inner[1] - (1 + poisson) * at_inner[0], at_rim[0]])

    start = np.linspace(inner, RADIUS, 200)
    solution = solve_bvp(equilibrium, ends, start, np.zeros((2, 200)), tol=1e-8, max_nodes=20_000)
    assert solution.success
    r = np.linspace(0.01, RADIUS, 50)
    u, q = solution.sol(r)
    hoop = u / r
    _, strain = bubble_strain(r, 0.0, height=HEIGHT, radius=RADIUS, poisson=poisson)
    np.testing.assert_allclose(strain[:, 1], hoop, atol=1e-7)
    np.testing.assert_allclose(strain[:, 0], q / r - poisson * hoop, atol=1e-7)


def test_strain_is_biaxial_at_the_apex_and_radial_at_the_rim():
    angle = np.linspace(0, 2 * np.pi, 30)
    rim = RADIUS * (1 - 1e-12)
    _, apex = bubble_strain(0.0, 0.0, height=HEIGHT, radius=RADIUS)
    _, edge = bubble_strain(rim * np.cos(angle), rim * np.sin(angle), height=HEIGHT, radius=RADIUS)
    exx, eyy, exy = edge.T
    hoop = exx * np.sin(angle) ** 2 + eyy * np.cos(angle) ** 2 - 2 * exy * np.sin(angle) * np.cos(angle)
    assert apex[0] == apex[1] == pytest.approx((3 - POISSON_MOS2) / 4 * (HEIGHT / RADIUS) ** 2)
    assert apex[2] == 0
    np.testing.assert_allclose(hoop, 0.0, atol=1e-12)
    np.testing.assert_allclose(exx + eyy, (1 + POISSON_MOS2) / 2 * (HEIGHT / RADIUS) ** 2, rtol=1e-9)


def test_tensor_equals_numerical_derivatives_of_height_and_displacement():
    x, y = np.linspace(-0.8, 0.8, 801), np.linspace(-0.9, 0.9, 901)
    center = (0.1, -0.2)
    h, strain = bubble_strain(x[None], y[:, None], height=HEIGHT, radius=RADIUS, center=center)
    dx, dy = x[None] - center[0], y[:, None] - center[1]
    # the hoop strain is u / r, so it gives the displacement vector
    square = dx**2 + dy**2
    hoop = (strain[..., 0] * dy**2 + strain[..., 1] * dx**2 - 2 * strain[..., 2] * dx * dy) / square
    (uxy, uxx), (uyy, uyx) = np.gradient(hoop * dx, y, x), np.gradient(hoop * dy, y, x)
    hy, hx = np.gradient(h, y, x)
    expected = np.stack([uxx + hx**2 / 2, uyy + hy**2 / 2, (uxy + uyx + hx * hy) / 2], axis=-1)
    np.testing.assert_allclose(strain[2:-2, 2:-2], expected[2:-2, 2:-2], atol=2e-6)


def test_outside_the_bubble_the_film_is_flat_and_unstrained():
    h, strain = bubble_strain([1.8, 0.0, -3.0], [0.0, 2.0, 3.0], height=HEIGHT, radius=RADIUS)
    assert not h.any()
    assert not strain.any()


def test_default_poisson_ratio_agrees_with_the_first_principles_energies():
    # energy of a sheet with threefold axis: all invariants of the strain up to fourth order; the two of
    # second order give C12 / C11 = (a - b) / (a + b)
    states = json.loads(data_path("mos2_dft", "records.json").read_text(encoding="utf-8"))["states"]
    keys = ("exx", "eyy", "exy", "total_energy")
    exx, eyy, exy, energy = np.array([[state[key] for key in keys] for state in states]).T
    t, z = 100 * (exx + eyy), 100 * ((exx - eyy) + 2j * exy)
    q, cubic = np.abs(z) ** 2, (z**3).real
    terms = np.column_stack(
        [t**2, q, np.ones_like(t), t, t**3, t * q, cubic, t**4, t**2 * q, q**2, t * cubic]
    )
    # further out fifth-order terms count
    near = (np.abs(t) < 6.1) & (np.abs(z) < 4.1)
    (a, b, *_), *_ = np.linalg.lstsq(terms[near], energy[near], rcond=None)
    # the energies scatter by 0.2 meV because the basis changes with the cell, which is worth 0.03
    assert (a - b) / (a + b) == pytest.approx(POISSON_MOS2, abs=0.03)


def test_impossible_bubbles_are_refused():
    with pytest.raises(ValueError, match=r"radius must be positive .* but are 0\.0 and 0\.25"):
        bubble_strain(0.0, 0.0, height=1.0, radius=0.0)
    with pytest.raises(ValueError, match=r"but are 1\.0 and 1\.0"):
        bubble_strain(0.0, 0.0, height=1.0, radius=1.0, poisson=1.0)
