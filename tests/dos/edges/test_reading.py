# SPDX-License-Identifier: BSD-3-Clause
"""Edges read from curves, against closed forms and a plain loop."""

from types import SimpleNamespace

import numpy as np
import pytest

from strain2dos import band_edges
from strain2dos.dos._edges.reading import BandEdges, edges_of_curves


def slow_edges(energies, curve, threshold, reference):
    """Walk segment by segment, as one would by hand."""
    if np.interp(reference, energies, curve) >= threshold:
        return np.nan, np.nan, 0.0
    crossings = []
    for (e0, d0), (e1, d1) in zip(
        zip(energies[:-1], curve[:-1], strict=True), zip(energies[1:], curve[1:], strict=True), strict=True
    ):
        if (d0 < threshold) != (d1 < threshold):
            crossings.append(e0 + (threshold - d0) * (e1 - e0) / (d1 - d0))
    below = [e for e in crossings if e <= reference]
    above = [e for e in crossings if e > reference]
    vbm = max(below) if below else np.nan
    cbm = min(above) if above else np.nan
    return vbm, cbm, cbm - vbm


def test_linear_band_tails_give_their_exact_edges():
    energies = np.linspace(-2, 2, 401)
    half = np.array([0.3, 0.5004, 0.801])
    dos = np.clip(np.abs(energies) - half[:, None], 0, None)
    edges = band_edges(energies, dos, threshold=0.2)
    np.testing.assert_allclose(edges.vbm, -half - 0.2, atol=1e-12)
    np.testing.assert_allclose(edges.cbm, half + 0.2, atol=1e-12)
    np.testing.assert_allclose(edges.gap, 2 * half + 0.4, atol=1e-12)


def test_random_curves_agree_with_a_plain_loop():
    random = np.random.RandomState(0)
    energies = np.sort(random.uniform(-3, 3, 60))
    dos = random.uniform(0, 1, (400, 60))
    reference = random.uniform(-2.5, 2.5, 400)
    found = band_edges(energies, dos, threshold=0.55, reference=reference)
    wanted = np.array([slow_edges(energies, curve, 0.55, r) for curve, r in zip(dos, reference, strict=True)])
    np.testing.assert_allclose(np.column_stack(found), wanted, atol=1e-12)
    assert np.isfinite(found.gap).sum() > 300
    assert np.isnan(found.vbm).sum() > 20


def test_nearest_crossings_count_not_the_outermost():
    energies = np.linspace(-3, 3, 601)
    in_gap_state = np.exp(-0.5 * ((energies - 0.5) / 0.02) ** 2)
    dos = np.clip(np.abs(energies) - 1, 0, None) + in_gap_state
    edges = band_edges(energies, dos, threshold=0.1)
    assert float(edges.vbm) == pytest.approx(-1.1, abs=1e-9)
    assert float(edges.cbm) == pytest.approx(0.5 - 0.02 * np.sqrt(2 * np.log(10)), abs=1e-3)


def test_a_metal_has_no_edges_and_no_gap():
    edges = band_edges([-1.0, 0.0, 1.0], [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0]], threshold=0.5)
    assert np.isnan(edges.vbm[0])
    assert np.isnan(edges.cbm[0])
    assert edges.gap.tolist() == [0.0, 1.0]


def test_an_edge_off_the_grid_is_nan_and_so_is_the_gap():
    edges = band_edges([-1.0, 0.0, 1.0], [[1.0, 0.0, 0.2]], threshold=0.5)
    assert edges.vbm[0] == pytest.approx(-0.5)
    assert np.isnan(edges.cbm[0])
    assert np.isnan(edges.gap[0])


def test_the_reference_may_be_the_first_or_the_last_energy():
    dos = [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0], [1.0, 0.0, 1.0]]
    first = band_edges([0.0, 1.0, 2.0], dos, threshold=0.5, reference=0.0)
    np.testing.assert_array_equal(first.vbm, [np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(first.cbm, [1.5, np.nan, np.nan])
    np.testing.assert_array_equal(first.gap, [np.nan, 0.0, 0.0])
    last = band_edges([0.0, 1.0, 2.0], dos, threshold=0.5, reference=2.0)
    np.testing.assert_array_equal(last.vbm, [np.nan, 0.5, np.nan])
    np.testing.assert_array_equal(last.cbm, [np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(last.gap, [0.0, np.nan, 0.0])


def test_two_energies_are_a_grid():
    edges = band_edges(
        [3.0, 4.0], [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]], threshold=0.25, reference=[4.0, 3.0, 3.5]
    )
    np.testing.assert_array_equal(edges.vbm, [3.75, np.nan, np.nan])
    np.testing.assert_array_equal(edges.cbm, [np.nan, 3.25, np.nan])
    assert np.isnan(edges.gap).all()


def test_a_density_at_the_threshold_belongs_to_the_band():
    energies = np.arange(-3.0, 4.0)
    plateaus = [2.0, 0.5, 0.5, 0.0, 0.5, 0.5, 2.0]
    flat = np.full(7, 0.5)
    edges = band_edges(energies, [plateaus, flat], threshold=0.5)
    assert (edges.vbm[0], edges.cbm[0]) == (-1.0, 1.0)
    assert edges.gap.tolist() == [2.0, 0.0]


def test_minus_infinity_is_no_density_to_measure_a_crossing_from():
    edges = band_edges(
        np.arange(5.0),
        [[2.0, -np.inf, 0.0, 0.0, 2.0], [2.0, 0.0, 0.0, -np.inf, 2.0]],
        threshold=1.0,
        reference=2.5,
    )
    np.testing.assert_array_equal(edges.vbm, [np.nan, 0.5])
    np.testing.assert_array_equal(edges.cbm, [3.5, np.nan])


def test_values_that_are_not_finite_spoil_their_own_curve_only():
    dos = np.array([[2.0, 0.0, np.nan, 0.0, 2.0], [2.0, 0.0, 0.0, 0.0, 2.0], [np.inf, 0.0, 0.0, 0.0, 2.0]])
    edges = band_edges(np.arange(-2.0, 3.0), dos, threshold=1.0, reference=0.5)
    assert np.isnan(edges.cbm[0]) or np.isnan(edges.vbm[0])
    assert edges.gap[1] == pytest.approx(3.0)
    assert np.isnan(edges.vbm[2])
    assert edges.cbm[2] == pytest.approx(1.5)


def test_maps_keep_their_shape_and_single_precision_is_taken():
    energies = np.linspace(-2, 2, 101)
    dos = np.broadcast_to(np.clip(np.abs(energies) - 0.5, 0, None), (3, 4, 101)).astype(np.float32)
    edges = band_edges(energies, dos)
    assert edges.gap.shape == (3, 4)
    np.testing.assert_allclose(edges.gap, 1.2, atol=1e-6)


def test_a_regressor_without_a_threshold_has_no_edges_and_one_with_all_of_them_has_those_of_its_grid():
    energies = np.linspace(-2, 2, 401)
    curves = np.clip(np.abs(energies - 0.3) - 0.8, 0, None)[None]
    known = {"energies_": energies, "edge_threshold_": 0.2, "edge_reference_": 0.3}
    edges = edges_of_curves(SimpleNamespace(**known), curves)
    np.testing.assert_allclose(np.column_stack(edges), [[-0.7, 1.3, 2.0]], atol=1e-12)
    assert edges_of_curves(SimpleNamespace(**known | {"edge_threshold_": None}), curves) is None
    assert edges_of_curves(SimpleNamespace(energies_=energies), curves) is None


def test_edges_are_counted_in_their_representation():
    one, two = (BandEdges(*np.array([[-0.7], [1.3], [2.0]]).repeat(n, 1)) for n in (1, 2))
    assert repr(one) == "BandEdges(1 curve; vbm -0.700 eV; cbm 1.300 eV; gap 2.000 eV)"
    assert repr(two).startswith("BandEdges(2 curves; ")
    assert "without a gap" not in repr(two)
    lost = BandEdges(np.array([-0.7, np.nan]), np.array([1.3, 1.3]), np.array([2.0, np.nan]))
    assert repr(lost).endswith("; without a gap 1)")


@pytest.mark.parametrize(
    ("energies", "dos", "options", "words"),
    [
        ([1.0, 0.0, -1.0], np.zeros((1, 3)), {}, r"reverse energies and dos together"),
        ([0.0, 1.0, 1.0], np.zeros((1, 3)), {}, r"energies\[2\] = 1 follows energies\[1\] = 1"),
        ([0.0, 1.0, np.nan], np.zeros((1, 3)), {}, r"energies\[2\] = nan"),
        ([0.0], np.zeros((1, 1)), {}, "at least 2 values"),
        ([[0.0, 1.0, 2.0]], np.zeros((1, 3)), {}, r"at least 2 values, but its shape is \(1, 3\)"),
        ([0.0, 1.0, 2.0], np.zeros((1, 4)), {}, r"\(1, 4\).*3 energies"),
        ([0.0, 1.0, 2.0], 1.0, {}, r"its shape is \(\) and there are 3 energies"),
        ([0.0, 1.0, 2.0], np.zeros((1, 3)), {"threshold": -0.1}, "positive density, but it is -0.1"),
        ([0.0, 1.0, 2.0], np.zeros((1, 3)), {"threshold": 0.0}, "positive density, but it is 0.0"),
        ([0.0, 1.0, 2.0], np.zeros((1, 3)), {"threshold": np.nan}, "positive density, but it is nan"),
        ([0.0, 1.0, 2.0], np.zeros((1, 3)), {"reference": 5.0}, "5 eV is not within 0 to 2 eV"),
        ([0.0, 1.0, 2.0], np.zeros((2, 3)), {"reference": [1.0, -0.5]}, "-0.5 eV is not within 0 to 2 eV"),
        ([0.0, 1.0, 2.0], np.zeros((2, 3)), {"reference": np.ones(3)}, r"its shape is \(3,\)"),
    ],
)
def test_errors_state_the_value_received_and_the_way_out(energies, dos, options, words):
    with pytest.raises(ValueError, match=words):
        band_edges(energies, dos, **options)
