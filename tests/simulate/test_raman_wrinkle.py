# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest

from strain2dos.simulate import random_strain_field, wrinkle_strain


def test_wrinkle_strain_equals_half_the_product_of_numerical_slopes():
    x, y = np.linspace(-3, 3, 1201), np.linspace(-4, 4, 1601)
    h, strain = wrinkle_strain(
        x[None], y[:, None], height=0.4, width=1.1, center=(0.2, -0.3), angle=0.4, bend=0.5, period=7.0
    )
    hy, hx = np.gradient(h, y, x)
    for k, product in enumerate((hx * hx, hy * hy, hx * hy)):
        np.testing.assert_allclose(strain[2:-2, 2:-2, k], 0.5 * product[2:-2, 2:-2], atol=2e-6)


def test_largest_strain_of_a_straight_wrinkle_has_the_closed_form():
    x = np.linspace(-5, 5, 100_001)
    _, strain = wrinkle_strain(x, 0.0, height=0.4, width=1.2)
    assert strain[:, 0].max() == pytest.approx((0.4 / 1.2) ** 2 / (2 * np.e), rel=1e-8)
    assert abs(x[strain[:, 0].argmax()]) == pytest.approx(1.2, abs=1e-4)
    assert not strain[:, 1:].any()


def test_random_field_obeys_saint_venant_compatibility():
    # a strain that derives from a displacement has d2 exx/dy2 + d2 eyy/dx2 = 2 d2 exy/dxdy
    field = random_strain_field((60, 80), amplitude=0.002, random_state=2)
    exx, eyy, exy = np.moveaxis(field, -1, 0)

    def d(a, *axes):
        for axis in axes:
            a = np.gradient(a, axis=axis)
        return a

    residual = d(exx, 0, 0) + d(eyy, 1, 1) - 2 * d(exy, 0, 1)
    scale = np.abs(d(exx, 0, 0)).max()
    assert np.abs(residual[4:-4, 4:-4]).max() < 1e-10 * scale + 1e-17


def test_random_field_has_the_stated_amplitude():
    field = random_strain_field((40, 40), amplitude=0.003, random_state=0)
    assert np.sqrt(np.mean((field[..., 0] + field[..., 1]) ** 2)) == pytest.approx(0.003)


def test_impossible_geometry_is_refused():
    with pytest.raises(ValueError, match="width and period must be positive"):
        wrinkle_strain(0.0, 0.0, height=1.0, width=0.0)
    with pytest.raises(ValueError, match=r"at least \(2, 2\)"):
        random_strain_field((1, 5))
