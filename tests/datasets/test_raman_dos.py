# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pytest

from strain2dos.datasets import load_mos2_dft, make_raman_dos


def test_every_spectrum_carries_the_dos_of_its_own_strain_state():
    data, records = make_raman_dos(48, random_state=0), load_mos2_dft()
    for i in range(48):
        row = records.name.index(data.name[i])
        np.testing.assert_array_equal(data.dos[i], records.dos[row])
        np.testing.assert_array_equal(data.strain[i], records.strain[row])
        assert data.gap[i] == records.gap[row]


def test_groups_are_one_to_one_with_strain_states():
    data = make_raman_dos(48, random_state=0)
    assert len(set(zip(data.groups, data.name, strict=True))) == len(set(data.groups)) == 16


def test_the_strongest_point_lies_at_a_true_line():
    data = make_raman_dos(160, random_state=1)
    top = data.shift[data.spectra.argmax(axis=1)]
    # one pixel of the axis plus the flat top of the line
    assert np.abs(top[:, None] - data.phonons).min(axis=1).max() < 1.0


def test_peak_signal_to_noise_is_what_the_documentation_says():
    data = make_raman_dos(320, random_state=2)
    edge = data.spectra[:, :12]
    height = data.spectra.max(axis=1) - edge.mean(axis=1)
    ratio = height / np.sqrt(height + edge.mean(axis=1) + 25)
    assert np.quantile(ratio, 0.02) > 30
    assert np.quantile(ratio, 0.98) < 140


def test_doping_moves_lines_but_not_the_dos():
    plain, doped = (make_raman_dos(16, doping=level, random_state=3) for level in (0.0, 1.0))
    np.testing.assert_array_equal(plain.dos, doped.dos)
    moved = doped.phonons - plain.phonons
    np.testing.assert_allclose(moved[:, 2], -2.22 * doped.doping, atol=1e-12)


def test_the_seed_fixes_the_spectra():
    first, second = (make_raman_dos(20, cosmic_rays=0.5, random_state=4) for _ in range(2))
    np.testing.assert_array_equal(first.spectra, second.spectra)


def test_own_axis_is_kept():
    axis = np.linspace(350.0, 430.0, 91)
    assert make_raman_dos(3, shift=axis, random_state=0).spectra.shape == (3, 91)


def test_impossible_settings_are_refused():
    with pytest.raises(ValueError, match="n_samples must be at least 1, but is 0"):
        make_raman_dos(0)
    with pytest.raises(ValueError, match="'WS2'"):
        make_raman_dos(5, material="WS2")
