# SPDX-License-Identifier: BSD-3-Clause
"""Rippled layers: their geometry, without GPAW."""

import json

import numpy as np
import pytest

from strain2dos.simulate.dft import Ripple, run_ripple
from strain2dos.simulate.dft._ripple import curvature, local_strain, on_ripple, rippled_cell
from strain2dos.simulate.dft._ripple_gpaw import k_grid

RIPPLE = Ripple(amplitude=1.5, period=12)


def middle(ripple, n=200_001):
    x = np.linspace(0, ripple.wavelength, n)
    return x, ripple.amplitude * np.cos(2 * np.pi * x / ripple.wavelength)


def test_the_arc_of_one_period_is_as_long_as_the_flat_layer():
    x, z = middle(RIPPLE)
    assert np.hypot(np.diff(x), np.diff(z)).sum() == pytest.approx(12 * 3.184, rel=1e-6)
    assert Ripple(0.0, 12).wavelength == 12 * 3.184


def test_the_curvature_is_that_of_the_circle_through_three_points():
    x = np.array([0.0, 3.0, RIPPLE.wavelength / 2])
    z = RIPPLE.amplitude * np.cos(2 * np.pi * x / RIPPLE.wavelength)
    found = curvature(RIPPLE, x)
    for place, height, value in zip(x, z, found, strict=True):
        near = place + np.array([-1e-3, 0.0, 1e-3])
        points = np.stack([near, RIPPLE.amplitude * np.cos(2 * np.pi * near / RIPPLE.wavelength)])
        a, b, c = (np.linalg.norm(points[:, i] - points[:, j]) for i, j in ((0, 1), (1, 2), (0, 2)))
        area = np.linalg.det(np.vstack([points, np.ones(3)])) / 2
        assert abs(value) == pytest.approx(abs(4 * area / (a * b * c)), rel=1e-4)
        assert np.sign(value) == -np.sign(height)
    assert np.abs(found).max() == pytest.approx(RIPPLE.largest_curvature)


def test_points_above_the_layer_lie_along_its_normal():
    x, z = on_ripple(RIPPLE, np.linspace(0, 30, 7), np.zeros(7))
    up_x, up_z = on_ripple(RIPPLE, np.linspace(0, 30, 7), np.full(7, 1.56))
    slope = -RIPPLE.amplitude * 2 * np.pi / RIPPLE.wavelength * np.sin(2 * np.pi * x / RIPPLE.wavelength)
    assert np.hypot(up_x - x, up_z - z) == pytest.approx(np.full(7, 1.56))
    assert (up_x - x) + slope * (up_z - z) == pytest.approx(np.zeros(7), abs=1e-9)


def test_a_larger_amplitude_bends_more_and_a_longer_period_less():
    bends = [Ripple(a, n).largest_curvature for a, n in ((0.5, 12), (1.0, 12), (1.0, 24))]
    assert bends[1] > 1.9 * bends[0]
    assert bends[2] < bends[1] / 3.5


def test_a_flat_ripple_is_the_flat_layer_and_a_bent_one_keeps_its_bonds():
    pytest.importorskip("ase", reason="ASE comes with the extra dft")
    flat = rippled_cell(Ripple(0.0, 2))
    assert flat.get_chemical_formula() == "Mo4S8"
    between = flat.get_all_distances(mic=True)[:4, 4:]
    bond = np.hypot(3.184 / np.sqrt(3), 3.13 / 2)
    assert np.sort(between, axis=1)[:, :6] == pytest.approx(np.full((4, 6), bond), abs=1e-6)
    bent = rippled_cell(RIPPLE)
    assert bent.get_all_distances(mic=True)[:24, 24:].min() == pytest.approx(bond, abs=0.05)
    assert local_strain(RIPPLE, bent.positions) == pytest.approx(np.zeros(24), abs=1e-3)


def test_the_cell_has_the_mirror_at_its_crest():
    pytest.importorskip("ase", reason="ASE comes with the extra dft")
    atoms = rippled_cell(RIPPLE)
    mirrored = atoms.positions * [-1, 1, 1]
    for symbol, position in zip(atoms.symbols, mirrored, strict=True):
        apart = atoms.positions[[s == symbol for s in atoms.symbols]] - position
        apart[:, 0] -= RIPPLE.wavelength * np.round(apart[:, 0] / RIPPLE.wavelength)
        assert np.linalg.norm(apart, axis=1).min() < 1e-5


def test_k_points_are_as_dense_as_those_of_the_flat_layer():
    assert k_grid(Ripple(1.0, 12), 36) == (3, 21)
    assert k_grid(Ripple(1.0, 60), 36) == (1, 21)


@pytest.mark.parametrize(("amplitude", "period"), [(-0.1, 12), (8.0, 12), (1.0, 0)])
def test_impossible_ripples_are_refused(amplitude, period):
    with pytest.raises(ValueError, match="the largest amplitude for this period is"):
        Ripple(amplitude, period)


def test_a_finished_ripple_needs_no_gpaw_and_another_recipe_is_refused(tmp_path):
    path = tmp_path / "ripple-1.50-12.json"
    path.write_text(json.dumps({"parameters": RIPPLE.to_dict()}))
    assert run_ripple(RIPPLE, tmp_path) == path
    with pytest.raises(ValueError, match=r"spacing = 0.25, but this run has 0.16"):
        run_ripple(Ripple(1.5, 12, spacing=0.16), tmp_path)
