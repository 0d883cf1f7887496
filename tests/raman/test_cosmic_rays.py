# SPDX-License-Identifier: BSD-3-Clause
"""Cosmic rays put into simulated maps are found again, and little else."""

import numpy as np
import pytest
import xarray as xr
from scipy.ndimage import uniform_filter1d

from strain2dos.datasets import make_raman_map
from strain2dos.raman import RamanFeaturizer, mask_cosmic_rays
from strain2dos.raman._cosmic_rays import mask as _cosmic_rays
from strain2dos.simulate import simulate_spectra

READ_NOISE = 5.0
HEIGHTS = ("5 sigma", "10 sigma", "20 sigma", "line", "10 lines", "100 lines")


@pytest.fixture(scope="module")
def flake():
    return make_raman_map((40, 40), cosmic_rays=0.0, n_dead=4, random_state=3)


@pytest.fixture(scope="module")
def edge():
    """Bare substrate beside a flake whose wrinkle moves the lines by up to 6 cm-1 within three pixels."""
    shift = np.arange(360.0, 430.0, 0.6)
    y, x = np.mgrid[0:36, 0:40]
    bump = np.exp(-(((x - 24 - 0.1 * y) / 2.5) ** 2))
    center = np.stack([384.5 - 8.0 * bump, 384.5 - 4.0 * bump, 403.0 - 2.0 * bump], axis=-1)
    center[x < 13] = np.nan
    heights = (1500.0 + 20.0 * x + 15.0 * y)[..., None] * [1.0, 1.2]
    cube = simulate_spectra(
        center.reshape(-1, 3), shift, height=heights.reshape(-1, 2), read_noise=READ_NOISE, random_state=0
    )
    return cube.reshape(36, 40, -1)


def hit(cube, seed, *, widths=(1, 2, 3, 4), heights=HEIGHTS, share=0.05, on_line=0.5):
    """Hits in 5 % of the spectra, half of them on the strongest line: the cube, and what was added."""
    rng = np.random.default_rng(seed)
    cube = cube.copy()
    flat = cube.reshape(-1, cube.shape[-1])
    m = flat.shape[1]
    whole = np.flatnonzero(np.isfinite(flat).all(axis=1) & (np.ptp(flat, axis=1) > 500))
    added = []
    for row in rng.choice(whole, int(share * len(whole)), replace=False):
        width, kind = int(rng.choice(widths)), str(rng.choice(heights))
        near = rng.random() < on_line
        start = int(np.argmax(flat[row]) + rng.integers(-3, 3)) if near else int(rng.integers(m))
        start = min(max(start, 0), m - width)
        there = flat[row, start : start + width]
        number, unit = float(kind.split()[0]) if " " in kind else 1.0, kind.split()[-1]
        noise = np.sqrt(max(np.median(there), 0.0) + READ_NOISE**2)
        there += number * (noise if unit == "sigma" else np.ptp(flat[row]))
        added.append((row, start, width, kind, near))
    return cube, added


def share_found(cube, seeds, **options):
    """Share of the hit points found, by height and by place; and points masked wrongly per million."""
    found, wrong, total = {}, 0, 0
    for seed in seeds:
        dirty, added = hit(cube, seed, **options)
        mask = mask_cosmic_rays(dirty, return_mask=True)[1].reshape(-1, cube.shape[-1])
        truth = np.zeros_like(mask)
        for row, start, width, kind, near in added:
            truth[row, start : start + width] = True
            found.setdefault((kind, near), []).append(mask[row, start : start + width].mean())
        wrong += int((mask & ~truth).sum())
        total += mask.size
    return {key: float(np.mean(values)) for key, values in found.items()}, 1e6 * wrong / total


# Off the lines, and on the strongest line: there the neighbors of this map differ in width by up to a half.
@pytest.mark.parametrize(
    ("name", "least_off", "least_on"),
    [
        ("flake", (0.0, 0.7, 0.8, 0.95, 0.99, 0.99), (0.0, 0.0, 0.3, 0.95, 0.99, 0.99)),
        ("edge", (0.0, 0.7, 0.85, 0.9, 0.99, 0.99), (0.0, 0.0, 0.8, 0.95, 0.99, 0.99)),
    ],
)
def test_hits_of_one_to_four_points_are_found(request, name, least_off, least_on):
    cube = request.getfixturevalue(name)
    cube = cube.intensity.values if name == "flake" else cube
    found, wrong = share_found(cube, range(6))
    for near, least in ((False, least_off), (True, least_on)):
        for kind, share in zip(HEIGHTS, least, strict=True):
            assert found[kind, near] >= share, (kind, near, found)
    assert wrong < (80 if name == "flake" else 10)


def test_clean_maps_are_left_alone(flake, edge):
    steep = make_raman_map(
        (40, 40), max_strain=0.04, random_strain=0.003, cosmic_rays=0.0, n_dead=4, random_state=5
    )
    for cube, most in ((flake.intensity.values, 80.0), (edge, 10.0), (steep.intensity.values, 150.0)):
        mask = mask_cosmic_rays(cube, return_mask=True)[1]
        assert 1e6 * mask.mean() < most


# From the height of a line on nothing is missed; of the hits of 20 times the noise some stay, beside a line.
@pytest.mark.parametrize(("weakest", "most"), [(3, 1.02), (2, 1.10)])
@pytest.mark.parametrize("widths", [(3,), (1, 2, 3, 4)])
def test_masked_map_gives_the_centers_of_the_clean_map(edge, widths, weakest, most):
    shift = np.arange(360.0, 430.0, 0.6)
    featurizer = RamanFeaturizer(shift).fit(edge.reshape(-1, len(shift)))
    columns = [list(featurizer.get_feature_names_out()).index(f"{mode}_center") for mode in ("E'", "A1'")]
    y, x = np.mgrid[0:36, 0:40]
    bump = np.exp(-(((x - 24 - 0.1 * y) / 2.5) ** 2))
    truth = np.stack([384.5 - 6.0 * bump, 403.0 - 2.0 * bump], axis=-1)[x >= 13]

    def rms(cube):
        centers = featurizer.transform(cube[x >= 13])[:, columns]
        lost.append(np.isnan(centers).any(axis=1).mean())
        return np.sqrt(np.nanmean((centers - truth) ** 2, axis=0))

    def rms_untreated(cube):
        # all numbers, trusted or not: a hit taken for a line leaves the line unexplained, which is flagged
        fit = untreated.fit_spectra(cube[x >= 13])
        centers = fit.params[:, [fit.names.index(f"{mode}_center") for mode in ("E'", "A1'")]]
        return np.sqrt(np.nanmean((centers - truth) ** 2, axis=0))

    lost = []
    clean = rms(edge)
    untreated = RamanFeaturizer(shift, despike=False).fit(edge.reshape(-1, len(shift)))
    masked = []
    for seed in range(3):
        dirty, _ = hit(edge, seed, widths=widths, heights=HEIGHTS[weakest:], on_line=0.0)
        assert rms_untreated(dirty)[0] > 5.0 * clean[0]
        masked.append(rms(mask_cosmic_rays(dirty)))
        assert lost[-1] == 0.0
    assert (np.sqrt(np.mean(np.square(masked), axis=0)) < most * clean).all()


def test_result_does_not_depend_on_blocks_orientation_or_scale(flake, monkeypatch):
    cube, _ = hit(flake.intensity.values, 0)
    masked, mask = mask_cosmic_rays(cube, return_mask=True)
    assert mask.any()
    np.testing.assert_array_equal(np.isnan(masked), mask | np.isnan(cube))
    np.testing.assert_array_equal(masked[~mask], cube[~mask])
    turned = mask_cosmic_rays(cube[::-1, ::-1].swapaxes(0, 1), return_mask=True)[1]
    np.testing.assert_array_equal(turned.swapaxes(0, 1)[::-1, ::-1], mask)
    np.testing.assert_array_equal(mask_cosmic_rays(1024.0 * cube, return_mask=True)[1], mask)
    monkeypatch.setattr(_cosmic_rays, "_BLOCK_BYTES", 1)
    np.testing.assert_array_equal(mask_cosmic_rays(cube, return_mask=True)[1], mask)


def test_data_array_keeps_its_dims_coordinates_and_attributes(flake):
    cube = flake.intensity.copy()
    cube[10, 10, 100:103] += 9e4
    masked, mask = mask_cosmic_rays(cube.transpose("shift", "x", "y"), return_mask=True)
    assert masked.dims == mask.dims == ("shift", "x", "y")
    assert masked.attrs == cube.attrs
    assert mask.sel(shift=cube["shift"][100:103]).values[:, 10, 10].all()
    xr.testing.assert_identical(masked.transpose("y", "x", "shift"), mask_cosmic_rays(cube))
    assert bool(np.isnan(masked.values[np.isnan(cube.transpose("shift", "x", "y").values)]).all())


def test_line_scan_and_memory_mapped_counts_are_taken(tmp_path):
    shift = np.arange(360.0, 430.0, 0.6)
    scan = simulate_spectra(np.tile([384.5, 384.5, 403.0], (30, 1)), shift, random_state=1).astype(np.int32)
    scan[11, 39:42] += 3000
    np.save(tmp_path / "scan.npy", scan)
    masked, mask = mask_cosmic_rays(np.load(tmp_path / "scan.npy", mmap_mode="r"), return_mask=True)
    assert masked.dtype == np.float64
    assert np.argwhere(mask).tolist() == [[11, 39], [11, 40], [11, 41]]
    one_row = mask_cosmic_rays(scan[None].astype(np.float32), return_mask=True)
    assert one_row[0].dtype == np.float32
    np.testing.assert_array_equal(one_row[1][0], mask)


def test_coarsely_digitised_counts_have_a_noise(flake):
    cube = np.round(flake.intensity.values / 300.0)  # most neighboring points are equal
    assert 1e6 * mask_cosmic_rays(cube, return_mask=True)[1].mean() < 60
    cube[20, 20, 50:53] += 12.0
    assert mask_cosmic_rays(cube, return_mask=True)[1][20, 20, 50:53].all()


def test_smoothed_and_noiseless_spectra_are_left_alone(flake):
    smoothed = uniform_filter1d(np.nan_to_num(flake.intensity.values), 5, axis=-1)
    assert 1e6 * mask_cosmic_rays(smoothed, return_mask=True)[1].mean() < 200
    shift = np.arange(360.0, 430.0, 0.6)
    x = np.repeat(np.arange(12.0), 12)
    lines = np.stack([384.5 - 0.2 * x, 384.5 - 0.1 * x, 403.0 - 0.05 * x], axis=-1)
    exact = simulate_spectra(lines, shift, shot_noise=False, read_noise=0.0).reshape(12, 12, -1)
    assert not mask_cosmic_rays(exact, return_mask=True)[1].any()


def test_hot_and_dead_detector_pixels_are_masked_in_all_spectra(flake):
    cube = flake.intensity.values.copy()
    clean = mask_cosmic_rays(cube, return_mask=True)[1]
    cube[..., 50] += 400.0
    cube[..., 100] = 0.0
    cube[..., 140:142] += 500.0
    mask = mask_cosmic_rays(cube, return_mask=True)[1]
    assert np.flatnonzero(mask.all(axis=(0, 1))).tolist() == [50, 100, 140, 141]
    assert (mask ^ clean)[..., [50, 100, 140, 141]].mean() > 0.99
    assert not mask_cosmic_rays(cube, bad_pixels=False, return_mask=True)[1].all(axis=(0, 1)).any()


@pytest.mark.parametrize("value", [0.0, 7.0, np.nan])
def test_maps_without_a_signal_stay_as_they_are(value):
    cube = np.full((4, 5, 30), value)
    np.testing.assert_array_equal(mask_cosmic_rays(cube), cube)


def test_impossible_input_is_refused_with_its_shape():
    with pytest.raises(ValueError, match=r"has \(40,\); a single spectrum has no neighbors"):
        mask_cosmic_rays(np.zeros(40))
    with pytest.raises(ValueError, match=r"at least 2 spectra of at least 10 points, .* is \(1, 1"):
        mask_cosmic_rays(np.zeros((1, 1, 40)))
    with pytest.raises(ValueError, match=r"threshold must be a positive number .* but is 0"):
        mask_cosmic_rays(np.zeros((2, 2, 40)), threshold=0)
    with pytest.raises(ValueError, match="but are 0 and 8"):
        mask_cosmic_rays(np.zeros((2, 2, 40)), max_width=0)


@pytest.mark.reference
def test_measured_wafer_loses_the_bad_pixels_of_its_detector(reference_dir):
    table = np.genfromtxt(reference_dir / "raman" / "wafer1_process1.csv", delimiter=";", skip_header=1)
    shift, counts = table[0, 2:-1], table[1:, 2:-1]
    _, mask = mask_cosmic_rays(counts, return_mask=True)
    # Two pairs of pixels read up to 1600 counts too little in all 49 spectra.
    bad = shift[mask.all(axis=0)]
    np.testing.assert_allclose(bad, [569.72, 570.29, 871.27, 871.81], atol=0.01)
    assert mask.mean() < 0.005
