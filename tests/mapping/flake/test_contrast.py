# SPDX-License-Identifier: BSD-3-Clause
"""What common errors leave in the difference of two regions, against draws of these errors."""

import numpy as np
import pytest
import xarray as xr

from strain2dos import load_pretrained, map_flake
from strain2dos.mapping import region_contrast, region_mean
from strain2dos.mapping._flake.shared import SharedError
from strain2dos.raman import material_modes

NAMES = ("strain", "doping", "gap", "gap_direct")


@pytest.fixture(scope="module")
def flake(truth):
    return map_flake(truth.intensity, noise="poisson")


@pytest.fixture(scope="module")
def without_model_error(truth):
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(SharedError, "of", classmethod(lambda cls, model: None))
        return map_flake(truth.intensity, noise="poisson")


def strained_and_flat(flake):
    """The most strained pixels, on the crest of the wrinkle, and those that are hardly strained."""
    strain = flake.strain.where((flake.status == 0) & (flake.domain_score < 1))
    return (strain > 0.008).values, (abs(strain) < 0.001).values


def drawn_differences(flake, boxes, n_draws=400):
    """Differences of the regions where unstrained positions and rates are drawn from their spreads.

    The positions are those measured; strain and doping follow from them by the drawn rates, and the gaps by
    the bundled model at the positions that the table gives for these strains and dopings.
    """
    rng = np.random.default_rng(0)
    modes = {mode.name: mode for mode in material_modes("MoS2")}
    lines = ("E'", "A1'")
    rates = np.array([[modes[line].biaxial_rate, modes[line].doping_rate] for line in lines])
    spread = np.array([[modes[line].spread_of(k) for k in ("biaxial_rate", "doping_rate")] for line in lines])
    origin_spread = np.array([modes[line].spread_of("position") for line in lines])
    true = np.stack([100 * flake.strain.values, flake.doping.values], axis=-1)
    shift = true @ rates.T
    model = load_pretrained()[-1]
    columns = [[line in str(name) for line in lines] for name in flake.feature.values]
    found = {name: [] for name in NAMES}
    for _ in range(n_draws):
        drawn = rates + spread * rng.normal(size=(2, 2))
        moved = np.linalg.solve(drawn, (shift - origin_spread * rng.normal(size=2))[..., None])[..., 0]
        values = {"strain": moved[..., 0] / 100, "doping": moved[..., 1]}
        means = {name: [v[box].mean() for box in boxes] for name, v in values.items()}
        change = (moved - true) @ rates.T @ np.array(columns, float).T
        for box in boxes:
            valleys = model.predict_valleys(flake.features.values[box] + change[box])
            names = list(model.valleys_)
            gap = valleys[:, model.n_valence_ :].min(axis=1) - valleys[:, : model.n_valence_].max(axis=1)
            at_k = valleys[:, names.index("cbm_K")] - valleys[:, names.index("vbm_K")]
            means.setdefault("gap", []).append(gap.mean())
            means.setdefault("gap_direct", []).append(at_k.mean())
        for name in NAMES:
            found[name].append(means[name][0] - means[name][1])
    return {name: np.array(values) for name, values in found.items()}


def test_the_common_error_of_a_contrast_is_the_scatter_of_drawn_positions_and_rates(without_model_error):
    regions = strained_and_flat(without_model_error)
    stated = region_contrast(without_model_error, *regions)
    drawn = drawn_differences(without_model_error, regions)
    for name in NAMES:
        # 400 draws know a scatter to 3.5 %; the rates' errors of 10 % bend it by about as much
        low, high = np.quantile(drawn[name], [0.1587, 0.8413])
        ratio = float(stated[f"{name}_common_std"]) / (0.5 * (high - low))
        assert ratio == pytest.approx(1.0, abs=0.12), name
        assert float(stated[f"{name}_n_sigma"]) == pytest.approx(
            float(stated[name] / np.hypot(stated[f"{name}_std"], stated[f"{name}_common_std"]))
        )


def test_between_places_of_equal_strain_hardly_any_common_error_is_left(without_model_error):
    _, flat = strained_and_flat(without_model_error)
    left = flat & (np.arange(32) < 16)
    stated = region_contrast(without_model_error, left, flat & ~left)
    for name in ("strain", "doping", "gap_direct"):
        whole = float(region_mean(without_model_error, flat)[f"{name}_common_std"])
        assert float(stated[f"{name}_common_std"]) < 0.15 * whole, name


def test_of_the_models_error_at_the_unstrained_layer_the_difference_of_its_sizes_is_left(
    flake, without_model_error
):
    regions = strained_and_flat(flake)
    own = np.sqrt(flake.gap_common_std**2 - without_model_error.gap_common_std**2).values
    means = [np.nanmean(own[region]) for region in regions]
    both = (flake, without_model_error)
    stated = [float(region_contrast(one, *regions).gap_common_std) for one in both]
    assert stated[0] ** 2 - stated[1] ** 2 == pytest.approx((means[0] - means[1]) ** 2, rel=0.02)


def test_a_map_that_lacks_slopes_or_common_errors_states_none(flake, tmp_path):
    regions = strained_and_flat(flake)
    assert "gap_common_std" not in region_contrast(flake.drop_vars("energy_slopes"), *regions)
    plain = flake.drop_attrs(deep=False)
    assert "strain_common_std" not in region_contrast(plain, *regions)
    flake.drop_vars("status_reason").to_netcdf(tmp_path / "map.nc")
    with xr.open_dataset(tmp_path / "map.nc") as read:
        again = region_contrast(read, *regions)
    assert float(again.gap_common_std) == float(region_contrast(flake, *regions).gap_common_std)
