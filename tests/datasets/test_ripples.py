# SPDX-License-Identifier: BSD-3-Clause
"""The bundled bent layers: their geometry against the curve, their edges against symmetry."""

import json

import numpy as np
import pytest
from scipy.integrate import trapezoid

from strain2dos.datasets import load_dft, load_ripples, read_ripples
from strain2dos.datasets._bundled.resources import data_path


@pytest.fixture(scope="module")
def data():
    return load_ripples()


def against_flat(data, quantity):
    flat = data.table[data.table.amplitude == 0].set_index("period")[quantity]
    return data.table[quantity] - data.table.period.map(flat)


def test_there_are_at_least_six_bent_layers_of_two_periods_each_with_its_flat_one(data):
    bent = data.table[data.table.amplitude > 0]
    assert len(bent) >= 6
    assert bent.period.nunique() >= 2
    assert set(bent.period) <= set(data.table.period[data.table.amplitude == 0])


def test_mean_square_curvature_is_that_of_the_cosine(data):
    for row in data.table.itertuples():
        x = np.linspace(0.0, row.wavelength, 20_001) / 10  # nm
        wave, amplitude = 20 * np.pi / row.wavelength, row.amplitude / 10
        slope = -amplitude * wave * np.sin(wave * x)
        bend = -amplitude * wave**2 * np.cos(wave * x) / (1 + slope**2) ** 1.5
        arc = np.sqrt(1 + slope**2)
        expected = trapezoid(bend**2 * arc, x) / trapezoid(arc, x)
        assert row.mean_square_curvature == pytest.approx(expected, rel=0.01, abs=1e-12)
        assert 1 / row.radius == pytest.approx(np.abs(bend).max(), rel=1e-3, abs=1e-12)


def test_layers_are_bent_and_hardly_stretched(data):
    assert data.sites.groupby("name")["strain"].mean().abs().max() < 0.002


def test_the_gap_falls_with_the_square_of_the_curvature(data):
    # the README of the data states an error of 3 meV, as flat layers of four periods lie within 4
    fall = -1000 * against_flat(data, "gap")
    for period, rows in data.table[data.table.amplitude > 0].groupby("period"):
        square, found = rows.mean_square_curvature, fall[rows.index]
        slope = (square * found).sum() / (square**2).sum()
        assert slope > 3 * 3.0 / np.sqrt((square**2).sum()), period
        assert np.abs(found - slope * square).max() < 3.0, period
    assert 1000 * np.ptp(data.table.gap[data.table.amplitude == 0]) < 4.5


def states_below_the_gap(data, name):
    row, energies = data.table.loc[name], data.energies
    inside = (energies > row.vbm - 3.0) & (energies < (row.vbm + row.cbm) / 2)
    return trapezoid(data.dos[data.table.index.get_loc(name)][inside], energies[inside])


def test_bending_moves_states_but_makes_none(data):
    # what lies within 3 eV of the band top differs by what crosses that limit
    for name, row in data.table.iterrows():
        flat = states_below_the_gap(data, f"ripple-0.00-{row.period:.0f}")
        assert states_below_the_gap(data, name) == pytest.approx(flat, rel=0.015)


def test_the_flat_layer_is_near_the_plane_wave_record(data):
    records = load_dft("MoS2")
    at = records.name.index("bi+0")
    flat = data.table.loc["ripple-0.00-1"]
    assert flat.gap == pytest.approx(records.gap[at], abs=0.04)
    assert flat.vbm == pytest.approx(records.vbm[at], abs=0.05)


def test_records_of_two_recipes_and_an_empty_folder_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="strain2dos dft run --ripple"):
        read_ripples(tmp_path)
    for path in sorted(data_path("mos2_ripples").glob("*.json"))[:2]:
        record = json.loads(path.read_text())
        (tmp_path / path.name).write_text(json.dumps(record))
    record["parameters"]["spacing"] = 0.3
    (tmp_path / path.name).write_text(json.dumps(record))
    with pytest.raises(ValueError, match=r"\{'spacing': 0.3\}"):
        read_ripples(tmp_path)


def test_the_set_prints_what_it_holds(data):
    assert repr(data) == f"RippledDOS({len(data)} ripples of MoS2, 651 energies -9..-2.5 eV)"
