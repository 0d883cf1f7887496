# SPDX-License-Identifier: BSD-3-Clause
"""What the user is told of measured files: another material, an axis that is off, no layer at all."""

import numpy as np
import pytest

from strain2dos import map_flake

pytestmark = pytest.mark.reference


def told(path, **options):
    """Map and warning."""
    with pytest.warns(UserWarning, match="result") as caught:
        found = map_flake(path, **options)
    return found, " ".join(str(warning.message) for warning in caught)


def test_ws2_taken_for_mos2_is_doubted(reference_dir):
    found, words = told(reference_dir / "raman" / "wrighttools_WS2_raman_linescan.txt.gz")
    assert "Is this MoS2?" in words
    ok = found.status.values == 0
    assert not ok.any() or (found.domain_score.values[ok] > 1).all()


@pytest.mark.parametrize("reference", [None, "Si"])
def test_a_monolayer_whose_lines_are_as_far_apart_as_its_noise_allows_is_no_bilayer(reference_dir, reference):
    found = map_flake(reference_dir / "raman" / "spectrum1_1ML.txt", reference=reference)
    assert found.status.item() == 0
    assert found.domain_score.item() <= 1
    assert "refusal" not in found.attrs


def test_a_map_of_something_else_has_no_result(reference_dir):
    found, words = told(reference_dir / "raman" / "real" / "witec_map_label.txt")
    assert "None of the 25" in words
    assert "Is this MoS2?" in words
    assert np.isnan(found.gap).all()


def test_a_wafer_whose_axis_is_off_is_not_to_be_used(reference_dir):
    found, words = told(reference_dir / "raman" / "real" / "wafer5.csv")
    assert "do not use these gaps" in words
    assert found.sizes["x"] == 49
    assert {"x_position", "y_position"} <= set(found.coords)


def test_sites_with_axes_of_their_own_are_read_and_what_is_no_layer_is_named(reference_dir):
    found, words = told(reference_dir / "raman" / "real" / "wafer_newformat.csv", reference="Si")
    assert found.status.size == 4
    assert "refusal" in found.attrs
    assert words
