# SPDX-License-Identifier: BSD-3-Clause
"""Figures show the fit they were given."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from strain2dos._plotting.axes import status_words
from strain2dos._plotting.labels import mode_label
from strain2dos.datasets import make_raman_map
from strain2dos.raman import (
    CorrelationDisplay,
    FeatureMapDisplay,
    FitStatus,
    RamanFeaturizer,
    SpectrumFitDisplay,
    StrainDopingSeparator,
    WorstFitsDisplay,
)

X_AXIS = np.arange(340.0, 440.0, 0.7)


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


def spectrum(split):
    y = 60 / (1 + ((X_AXIS - 384 + split / 2) / 1.5) ** 2) + 60 / (
        1 + ((X_AXIS - 384 - split / 2) / 1.5) ** 2
    )
    y += 120 / (1 + ((X_AXIS - 404) / 2.5) ** 2) + 20
    return y + np.random.default_rng(0).normal(0, 1, y.size)


@pytest.mark.parametrize(("split", "names"), [(0.0, {"E'", "A1'"}), (8.0, {"E'-", "E'+", "A1'"})])
@pytest.mark.parametrize("lineshape", ["lorentzian", "pseudo_voigt"])
def test_spectrum_display_shows_lines_that_add_up_to_the_data(split, names, lineshape):
    y = spectrum(split)
    featurizer = RamanFeaturizer(X_AXIS, lineshape=lineshape).fit(y[None])
    display = SpectrumFitDisplay.from_estimator(featurizer, y)
    assert set(display.components) == names
    assert np.std(display.residual) == pytest.approx(1.0, abs=0.2)
    assert display.residual_ax_ is not None
    assert display.residual_ax_.get_xlabel() == "Raman shift (cm$^{-1}$)"


def test_spectrum_display_draws_into_given_axes_and_names_a_failure():
    featurizer = RamanFeaturizer(X_AXIS).fit(spectrum(0.0)[None])
    _, ax = plt.subplots()
    display = SpectrumFitDisplay.from_estimator(featurizer, np.full(X_AXIS.size, 3.0), ax=ax)
    assert display.ax_ is ax
    assert display.ax_.get_title() == "Not used: all points are equal (FLAT)"
    with pytest.raises(ValueError, match=r"one row of X, but has shape \(1, 143\)"):
        SpectrumFitDisplay.from_estimator(featurizer, spectrum(0.0)[None])


def test_legend_gives_the_centers_with_their_errors():
    y = spectrum(8.0)
    featurizer = RamanFeaturizer(X_AXIS).fit(y[None])
    fit = featurizer.fit_spectra(y[None])
    display = SpectrumFitDisplay.from_estimator(featurizer, y)
    texts = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    j = fit.names.index("A1'_center")
    line = mode_label("A1'")
    assert f"{line}: {fit.params[0, j]:.3f} ± {fit.sigma[0, j]:.3f} cm$^{{-1}}$" in texts
    assert sum("±" in text for text in texts) == 3


def test_residual_is_drawn_in_units_of_its_noise_and_masked_points_as_crosses():
    y = 20.0 * spectrum(0.0)
    y[60:63] = np.nan
    featurizer = RamanFeaturizer(X_AXIS).fit(y[None])
    display = SpectrumFitDisplay.from_estimator(featurizer, y)
    assert display.noise_ == pytest.approx(20.0, rel=0.25)
    drawn = display.residual_ax_.lines[-1].get_ydata()
    assert np.nanstd(drawn) == pytest.approx(1.0, abs=0.2)
    crosses = next(line for line in display.ax_.lines if line.get_marker() == "x")
    np.testing.assert_allclose(crosses.get_xdata(), X_AXIS[60:63])
    assert np.isfinite(crosses.get_ydata()).all()


@pytest.mark.parametrize("bad", [np.nan, 0.0, 5.0])
def test_spectra_without_a_fit_are_drawn_with_the_reason(bad):
    featurizer = RamanFeaturizer(X_AXIS).fit(spectrum(0.0)[None])
    display = SpectrumFitDisplay.from_estimator(featurizer, np.full(X_AXIS.size, bad))
    display.figure_.draw_without_rendering()
    assert display.ax_.get_title().startswith("Not used: ")


def test_every_status_has_words():
    for status in FitStatus:
        assert status.name in status_words(status) or " " in status_words(status)


def test_correlation_display_shows_points_and_both_axes():
    separator = StrainDopingSeparator().fit([[0.0, 0.0]])
    centers = np.vstack([separator.inverse_transform([[0.01, 0.0], [0.0, 1.0]]), [[np.nan, 400.0]]])
    display = CorrelationDisplay.from_estimator(separator, centers)
    np.testing.assert_allclose(display.ax_.collections[0].get_offsets(), centers[:2])
    np.testing.assert_allclose(display.ax_.collections[0].get_array(), [1.0, 0.0], atol=1e-9)
    strain_axis = display.ax_.lines[0].get_xydata()
    slope = np.diff(strain_axis[:2], axis=0)[0]
    assert slope[1] / slope[0] == pytest.approx(2.50 / 4.31)
    assert display.colorbar_.ax.get_ylabel() == "Biaxial strain (%)"


def test_correlation_display_of_a_fit_shows_its_good_spectra_with_their_covariance(flake):
    _, _, fit = flake
    separator = StrainDopingSeparator().fit([[0.0, 0.0]])
    display = CorrelationDisplay.from_fit(separator, fit)
    good, lines = fit.status == FitStatus.OK, [fit.names.index(f"{n}_center") for n in ("E'", "A1'")]
    assert 0 < good.sum() < len(good)
    np.testing.assert_array_equal(display.centers, fit.params[good][:, lines])
    np.testing.assert_allclose(display.values, 100 * separator.transform(display.centers)[:, 0], atol=1e-9)
    for i, j in ((0, 0), (0, 1), (1, 1)):
        expected = fit.covariance[good, lines[i], lines[j]]
        np.testing.assert_array_equal(display.covariance[:, i, j], expected)
    alone = RamanFeaturizer(X_AXIS, modes=["A1'"]).fit(spectrum(0.0)[None]).fit_spectra(spectrum(0.0)[None])
    with pytest.raises(ValueError, match=r"fit must hold \[\"E'_center\", \"A1'_center\"\], but holds"):
        CorrelationDisplay.from_fit(separator, alone)


def test_correlation_display_counts_where_points_are_many():
    separator = StrainDopingSeparator().fit([[0.0, 0.0]])
    rng = np.random.default_rng(0)
    centers = separator.inverse_transform(rng.normal(0, [0.002, 0.2], (5000, 2)))
    display = CorrelationDisplay.from_estimator(separator, centers)
    assert display.colorbar_.ax.get_ylabel() == "Spectra per cell"
    assert display.ax_.collections[0].get_array().sum() == 5000
    few = CorrelationDisplay.from_estimator(separator, centers, density=False)
    assert len(few.ax_.collections[0].get_offsets()) == 5000


def test_ellipse_is_one_standard_deviation_of_a_typical_point():
    separator = StrainDopingSeparator().fit([[0.0, 0.0]])
    centers = separator.inverse_transform([[0.01, 0.0], [0.0, 1.0], [0.004, 0.3]])
    turn = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
    covariance = turn @ np.diag([0.2**2, 0.05**2]) @ turn.T
    display = CorrelationDisplay.from_estimator(separator, centers, covariance=np.tile(covariance, (3, 1, 1)))
    assert display.magnification_ == 1
    assert display.ellipse_.width == pytest.approx(0.4)
    assert display.ellipse_.height == pytest.approx(0.1)
    assert display.ellipse_.angle % 180 == pytest.approx(np.degrees(0.5))
    small = CorrelationDisplay.from_estimator(
        separator, centers, covariance=np.tile(covariance / 1e4, (3, 1, 1))
    )
    assert small.magnification_ == 100  # of 0.02 % of the axes nothing could be seen
    assert small.ellipse_.width == pytest.approx(0.4)
    with pytest.raises(ValueError, match=r"shape \(3, 2, 2\), but has \(2, 2\)"):
        CorrelationDisplay.from_estimator(separator, centers, covariance=covariance)


def test_grid_labels_lie_on_their_lines_of_equal_strain_and_doping():
    separator = StrainDopingSeparator().fit([[0.0, 0.0]])
    centers = separator.inverse_transform([[0.012, -0.4], [0.0, 1.0], [-0.004, 0.3]])
    display = CorrelationDisplay.from_estimator(separator, centers)
    ax = display.ax_
    labels = [text for text in ax.texts if text.get_text()]
    colors = {line.get_label(): line.get_color() for line in ax.lines}
    assert len(labels) >= 6
    for text in labels:
        at = ax.transData.inverted().transform(ax.transAxes.transform(text.get_position()))
        strain, doping = separator.transform([at])[0]
        value = float(text.get_text().replace("\u2212", "-"))
        is_strain = text.get_color() == colors["strain (%)"]
        assert (100 * strain if is_strain else doping) == pytest.approx(value, abs=1e-6)


@pytest.fixture(scope="module")
def flake():
    cube = make_raman_map((12, 14), cosmic_rays=0.0, n_dead=4, random_state=0).intensity
    spectra = cube.values.reshape(-1, cube.sizes["shift"])
    featurizer = RamanFeaturizer(cube["shift"].values).fit(spectra)
    return cube, featurizer, featurizer.fit_spectra(spectra)


def test_dataset_holds_each_feature_on_the_coordinates_of_the_map(flake):
    cube, _, fit = flake
    dataset = fit.to_dataset(cube)
    j = fit.names.index("E'_area")
    ok = (fit.status == 0).reshape(12, 14)
    np.testing.assert_array_equal(dataset["E'_area"].values[ok], fit.params[:, j].reshape(12, 14)[ok])
    np.testing.assert_array_equal(dataset["E'_area_sigma"].values[ok], fit.sigma[:, j].reshape(12, 14)[ok])
    for name in ("E'_area", "A1'_center_sigma", "chi2", "split_probability"):
        assert np.isnan(dataset[name].values[~ok]).all()
    np.testing.assert_array_equal(dataset.status.values.ravel(), fit.status)
    assert dataset["E'_center"].attrs["units"] == dataset["A1'-E'"].attrs["units"] == "cm-1"
    assert dataset["E'_area"].attrs["units"] == "counts cm-1"
    assert dataset["E'-_center"].attrs["long_name"] == "E'- center"
    assert dataset.status.attrs["flag_meanings"].split()[4] == "flat"
    xr.testing.assert_identical(dataset.x.drop_attrs(), cube.x.drop_attrs())
    with pytest.raises(ValueError, match="like holds 12 spectra"):
        fit.to_dataset(cube[:, 0])


def test_line_scan_keeps_its_own_coordinate(flake):
    cube, featurizer, _ = flake
    scan = cube[6]
    dataset = featurizer.fit_spectra(scan.values).to_dataset(scan)
    assert dataset["E'_center"].dims == ("x",)
    with pytest.raises(ValueError, match="must have the dims"):
        FeatureMapDisplay.from_dataset(dataset, "E'_center")


def test_feature_map_names_the_reason_of_each_failure(flake):
    cube, _, fit = flake
    display = FeatureMapDisplay.from_fit(fit, cube, "E'_center")
    texts = [text.get_text() for text in display.legend_.get_texts()]
    codes, counts = np.unique(fit.status[fit.status != 0], return_counts=True)
    assert texts == [f"{status_words(int(c))}: {n} px" for c, n in zip(codes, counts, strict=True)]
    # The patches of the failed pixels cover exactly these pixels.
    for patch, code in zip(display.ax_.patches, codes, strict=True):
        y, x = np.nonzero(fit.status.reshape(12, 14) == code)
        inside = patch.get_path().contains_points(np.column_stack([cube.x.values[x], cube.y.values[y]]))
        corners = patch.get_path().vertices.reshape(-1, 5, 2)
        area = np.abs((corners[:, 2, 0] - corners[:, 0, 0]) * (corners[:, 2, 1] - corners[:, 0, 1])).sum()
        assert area == pytest.approx(0.25 * len(y))
        assert inside.any()
    display.figure_.draw_without_rendering()
    box = display.legend_.get_window_extent()
    assert box.x0 >= 0
    assert box.y0 >= 0


def test_colors_of_a_feature_map_leave_outliers_to_the_arrows(flake):
    cube, _, fit = flake
    dataset = fit.to_dataset(cube)
    plain = FeatureMapDisplay.from_dataset(dataset, "A1'_center").im_.get_clim()
    y, x = np.argwhere((dataset.status == 0).values)[5]
    dataset["A1'_center"][y, x] = 460.0
    display = FeatureMapDisplay.from_dataset(dataset, "A1'_center")
    assert display.im_.get_clim()[1] - plain[1] < 0.5
    assert display.colorbar_.extend in ("max", "both")
    fixed = FeatureMapDisplay.from_dataset(dataset, "A1'_center", vmin=300.0, vmax=500.0)
    assert fixed.colorbar_.extend == "neither"
    with pytest.raises(ValueError, match="dataset must hold 'B_center' and 'status'"):
        FeatureMapDisplay.from_dataset(dataset, "B_center")


def test_worst_fits_come_first_and_every_reason_is_shown(flake):
    cube, featurizer, fit = flake
    display = WorstFitsDisplay.from_estimator(featurizer, cube, n=8)
    statuses = [fit.status[i] for i in display.index]
    reasons = np.unique(fit.status[fit.status != 0])
    assert statuses[: len(reasons)] == reasons.tolist()[:4]
    assert statuses[4:] == [0] * 4
    assert (np.diff(display.misfit[4:]) <= 0).all()
    y, x = np.unravel_index(display.index[5], (12, 14))
    assert display.axes_[5].get_title(loc="left") == f"y {y}, x {x}"
    assert f"{(fit.status != 0).sum()} of 168" in display.figure_.get_suptitle()


def test_a_spectrum_that_the_model_cannot_describe_is_the_worst_fit():
    rng = np.random.default_rng(1)
    clean = 120 / (1 + ((X_AXIS - 384) / 1.5) ** 2) + 120 / (1 + ((X_AXIS - 404) / 2.5) ** 2) + 20
    spectra = clean + rng.normal(0, 1, (30, X_AXIS.size))
    spectra[17] += 25 / (1 + ((X_AXIS - 394.5) / 2.0) ** 2)  # another line between the two
    featurizer = RamanFeaturizer(X_AXIS, split=False, extra_lines=False).fit(spectra)
    display = WorstFitsDisplay.from_estimator(featurizer, spectra, n=3)
    assert display.index[0] == 17
    assert display.misfit[0] > 3.0
    assert display.misfit[1] == pytest.approx(1.0, abs=0.5)


def test_page_of_worst_fits_takes_few_good_and_only_failed_spectra():
    good = np.stack([spectrum(0.0)] * 3)
    featurizer = RamanFeaturizer(X_AXIS).fit(good)
    assert len(WorstFitsDisplay.from_estimator(featurizer, good, n=12).axes_) == 3
    bad = np.stack([np.full(X_AXIS.size, value) for value in (np.nan, 5.0, 0.0, np.nan, np.nan)])
    display = WorstFitsDisplay.from_estimator(featurizer, bad, n=12)
    display.figure_.draw_without_rendering()
    assert [fit.status.name for fit in display.fits] == [
        "NON_FINITE",
        "EMPTY",
        "FLAT",
        "NON_FINITE",
        "NON_FINITE",
    ]
    one = WorstFitsDisplay.from_estimator(featurizer, np.vstack([good, bad]), n=1)
    assert one.index.tolist() == [3]
    with pytest.raises(ValueError, match="n must be at least 1, but is 0"):
        WorstFitsDisplay.from_estimator(featurizer, good, n=0)


def test_correlation_display_refuses_what_is_no_plane():
    frame = pd.DataFrame({"E'-_center": [380.0], "E'+_center": [384.0], "A1'_center": [402.0]})
    separator = StrainDopingSeparator(output="invariants").fit(frame)
    with pytest.raises(ValueError, match="two lines with output='biaxial', but this one has 3 lines and 3"):
        CorrelationDisplay.from_estimator(separator, frame)


def test_a_cube_is_fitted_as_its_spectra_and_refused_where_rows_are_due():
    cube = make_raman_map((9, 12), random_state=0).intensity.isel(y=slice(2, 6), x=slice(3, 8))
    rows = cube.values.reshape(-1, cube.sizes["shift"])
    featurizer = RamanFeaturizer(cube["shift"].values).fit(rows)
    expected = featurizer.fit_spectra(rows)
    found = featurizer.fit_spectra(cube.transpose("shift", "y", "x"))
    np.testing.assert_array_equal(found.params, expected.params)
    assert found.to_dataset(cube).sizes == {"y": 4, "x": 5}
    falling = featurizer.fit_spectra(cube.isel(shift=slice(None, None, -1)))
    np.testing.assert_array_equal(falling.params, expected.params)
    with pytest.raises(ValueError, match="is not the axis that the featurizer was fitted on"):
        featurizer.fit_spectra(cube.assign_coords(shift=cube["shift"] + 5.0))
    with pytest.raises(ValueError, match=r"cube of shape \(4, 5, \d+\); map it by map_flake"):
        featurizer.transform(cube)
