# SPDX-License-Identifier: BSD-3-Clause
"""Old public names go on working, warn, and name what replaces them."""

import numpy as np
import pytest

from strain2dos import raman, simulate
from strain2dos.raman import StrainDopingSeparator, mask_cosmic_rays, material_modes
from strain2dos.simulate import polarized_intensities, simulate_spectra

AXIS = np.arange(360.0, 430.0, 0.5)
STRETCHED = [[0.01, 0.0, 0.0]]


def test_an_old_parameter_gives_what_the_new_one_gives():
    with pytest.warns(
        FutureWarning, match=r"parameter polarisation of polarized_intensities is now polarization"
    ):
        old = polarized_intensities(STRETCHED, polarisation=(0.2, 0.3))
    np.testing.assert_array_equal(old, polarized_intensities(STRETCHED, (0.2, 0.3)))


def test_the_warning_points_to_the_line_of_the_caller():
    with pytest.warns(FutureWarning, match="polarisation") as caught:
        simulate_spectra([[384.0, 385.0, 403.0]], AXIS, polarisation=(0.0, 0.0), strain=STRETCHED)
    assert caught[0].filename == __file__


def test_old_and_new_parameter_together_are_refused():
    with pytest.raises(TypeError, match=r"polarization= or its old name polarisation=, not both"):
        polarized_intensities(STRETCHED, polarization=(0.0, 0.0), polarisation=(0.0, 0.0))


@pytest.mark.parametrize(
    ("package", "old", "new"),
    [
        (raman, "DomainCheck", "ConsistencyTest"),
        (raman, "LineJudgement", "LineJudgment"),
        (simulate, "polarised_intensities", "polarized_intensities"),
    ],
)
def test_an_old_name_of_a_package_is_the_new_object(package, old, new):
    with pytest.warns(
        FutureWarning, match=f"{package.__name__}.{old} is now {new}; the old name goes in 0.4"
    ):
        found = getattr(package, old)
    assert found is getattr(package, new)
    assert old not in dir(package)


def test_an_unknown_name_of_a_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="Polarised"):
        simulate.Polarised  # noqa: B018


def test_old_method_and_field_of_the_separator_answer():
    rates = {"strain_rates": (-4.31, -2.5, -9.0), "doping_rates": (-0.33, -2.2, 0.0)}
    lines = np.array([[384.6, 402.7, 454.0]])
    separator = StrainDopingSeparator(columns=(0, 1, 2), positions=lines[0], **rates).fit(lines)
    with pytest.warns(FutureWarning, match=r"StrainDopingSeparator.domain is now check_consistency"):
        old = separator.domain(lines, [[0.1, 0.1, 0.5]])
    assert old.in_domain.all()
    with pytest.warns(FutureWarning, match=r"ModeSource.figure is now quantity"):
        assert material_modes("MoS2")[0].sources[0].figure == "position"


def test_old_parameters_of_the_mask_of_cosmic_rays_reach_the_new_ones():
    cube = np.random.default_rng(0).normal(100.0, 3.0, (3, 4, 40))
    with (
        pytest.warns(FutureWarning, match="max_move of mask_cosmic_rays is now max_line_shift"),
        pytest.raises(ValueError, match="but are 4 and -1"),
    ):
        mask_cosmic_rays(cube, max_move=-1)
    with pytest.warns(FutureWarning, match="columns of mask_cosmic_rays is now bad_pixels"):
        old = mask_cosmic_rays(cube, columns=False)
    np.testing.assert_array_equal(old, mask_cosmic_rays(cube, bad_pixels=False))
