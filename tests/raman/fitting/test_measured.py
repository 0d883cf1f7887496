# SPDX-License-Identifier: BSD-3-Clause
"""Spectra measured by others."""

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import curve_fit

from strain2dos.io import read_raman
from strain2dos.raman import FitStatus, RamanFeaturizer, RamanMode

pytestmark = pytest.mark.reference


def four_lines(shift, counts):
    """Centers, widths and heights of E', A1', LO(M) and ZO(M) in turn, by scipy, on a straight baseline."""

    def model(x, *p):
        lines = [
            h / (1 + 4 * ((x - c) / w) ** 2) for c, w, h in zip(p[:-2:3], p[1:-2:3], p[2:-2:3], strict=True)
        ]
        return sum(lines) + p[-2] + p[-1] * (x - 395)

    inside = (shift > 345) & (shift < 432)
    x, y = shift[inside], counts[inside]
    top = y.max() - y.min()
    start = [384, 4, 0.6 * top, 405, 5, top, 376, 14, 0.2 * top, 411, 8, 0.1 * top, y.min(), 0]
    p = curve_fit(model, x, y, start, sigma=np.sqrt(y), maxfev=40000)[0]
    return p[:12]


@pytest.mark.parametrize("split", [False, "auto"])
def test_measured_monolayer_gives_the_known_positions(reference_dir, split):
    # Its broad defect band at 377 cm-1 is fitted along: without it E' would lie 0.6 lower.
    shift, counts = np.loadtxt(reference_dir / "raman" / "spectrum1_1ML.txt").T
    a1 = four_lines(shift, counts)[3]
    fit = RamanFeaturizer(shift, split=split).fit(counts[None]).fit_spectra(counts[None])
    values, errors = (dict(zip(fit.names, row[0], strict=True)) for row in (fit.params, fit.sigma))
    assert fit.status[0] == 0
    assert values["E'_center"] == pytest.approx(384.25, abs=0.2)
    assert errors["E'_center"] < 0.3
    assert values["A1'_center"] == pytest.approx(a1, abs=0.15)
    assert abs(values["A1'_center"] - a1) < errors["A1'_center"]
    assert fit.split_probability[0] < 0.05


@pytest.mark.parametrize("number", [4, 5])
def test_wafers_agree_with_the_fits_of_their_owners(reference_dir, number):
    # Limits of the fit were chosen on wafer 4 and simulated spectra; wafer 5 checks them.
    folder = reference_dir / "raman" / "real"
    table = pd.read_csv(folder / f"wafer{number}.csv", sep=";").dropna(axis=1, how="all")
    shift, counts = np.array([float(name) for name in table.columns[2:]]), table.iloc[:, 2:].to_numpy(float)
    owner = pd.read_csv(folder / f"wafer{number}_owner_fits.csv")["E_center"].to_numpy()
    fit = RamanFeaturizer(shift, reference="Si").fit(counts).fit_spectra(counts)
    line = RamanMode("Si", 520.7, (505.0, 540.0), 4.0, margin=25.0)
    silicon = RamanFeaturizer(shift, modes=[line]).fit(counts).transform(counts)[:, 0]
    ok, j = fit.status == 0, fit.names.index("E'_center")
    away = (fit.params[:, j] - (owner - (silicon - 520.7)))[ok]
    assert ok.sum() >= 45
    assert abs(np.median(away)) < 0.3
    assert np.abs(away).max() < 1.5
    assert np.median(np.abs(away) / fit.sigma[ok, j]) < 2.0


def error_over_scatter(reference_dir, lineshape, noise):
    """Of the center of silicon, over 50 repeats, which give the scatter to 10 %."""
    cube = read_raman(reference_dir / "raman" / "real" / "si_static_repeatability.wdf")
    spectra = cube.values.reshape(-1, cube.sizes["shift"])
    line = RamanMode("Si", 520.7, (505.0, 540.0), 4.0, margin=25.0)
    featurizer = RamanFeaturizer(cube["shift"].values, modes=[line], lineshape=lineshape, noise=noise)
    fit = featurizer.fit(spectra).fit_spectra(spectra)
    return fit.sigma[:, 0].mean() / fit.params[:, 0].std(ddof=1)


@pytest.mark.parametrize("noise", ["auto", "gaussian", "poisson"])
@pytest.mark.parametrize("lineshape", ["auto", "pseudo_voigt", "voigt"])
def test_stated_error_is_the_scatter_of_repeated_measurements(reference_dir, lineshape, noise):
    assert 0.8 < error_over_scatter(reference_dir, lineshape, noise) < 1.2


@pytest.mark.parametrize("noise", ["auto", "gaussian", "poisson"])
def test_a_profile_too_simple_for_the_line_states_more_than_the_scatter(reference_dir, noise):
    # the line is no Lorentzian: what that leaves counts as error, as it may differ from sample to sample
    assert 0.95 < error_over_scatter(reference_dir, "lorentzian", noise) < 1.4


def test_sites_of_a_wafer_are_fitted_on_the_silicon_axis_or_flagged(reference_dir):
    table = np.genfromtxt(reference_dir / "raman" / "wafer1_process1.csv", delimiter=";", skip_header=1)
    shift, counts = table[0, 2:-1], table[1:, 2:-1]
    fit = RamanFeaturizer(shift, reference="Si").fit(counts).fit_spectra(counts)
    # E' of one site is fitted 12 cm-1 wide
    assert np.flatnonzero(fit.status).tolist() == [35]
    center = fit.params[fit.status == 0, fit.names.index("E'_center")]
    assert np.abs(center - np.median(center)).max() < 2.0
    # without silicon the axis is off by 8, and the lines are the same ones: none is taken for sapphire's
    raw = RamanFeaturizer(shift).fit(counts).fit_spectra(counts)
    line = RamanMode("Si", 520.7, (505.0, 540.0), 4.0, margin=25.0)
    silicon = RamanFeaturizer(shift, modes=[line]).fit(counts).transform(counts)[:, :1]
    ok = (raw.status == 0) & (fit.status == 0)
    assert ok.sum() >= 45
    away = raw.params[:, [0, 6]] - (silicon - 520.7) - fit.params[:, [0, 6]]
    assert np.abs(away[ok]).max() < 0.5
    assert np.abs(away / fit.sigma[:, [0, 6]])[ok].max() < 3.0


def test_no_site_of_a_wafer_has_a_better_fit_nearby(reference_dir):
    def model(x, c1, c2, w1, w2, h1, h2, level, slope):
        line = lambda c, w, h: h / (1 + 4 * ((x - c) / w) ** 2)  # noqa: E731
        return line(c1, w1, h1) + line(c2, w2, h2) + level + slope * (x - 400)

    table = np.genfromtxt(reference_dir / "raman" / "wafer1_process1.csv", delimiter=";", skip_header=1)
    shift, counts = table[0, 2:-1], table[1:, 2:-1]
    inside = (shift > 372) & (shift < 434)  # all of these points enter the fit: 22 cm-1 beyond both lines
    shift, counts = shift[inside], counts[:, inside]
    plain = {"split": False, "despike": False, "extra_lines": False, "noise": "gaussian"}
    plain["baseline_degree"] = 1
    featurizer = RamanFeaturizer(shift, **plain).fit(counts)
    fit = featurizer.fit_spectra(counts)
    # without its band of defects, E' comes out broader than a line can be at some of the sites
    assert set(fit.status) <= {FitStatus.OK, FitStatus.IMPLAUSIBLE_WIDTH}
    centers = fit.params[:, [fit.names.index("E'_center"), fit.names.index("A1'_center")]]
    widths = fit.params[:, [fit.names.index("E'_fwhm"), fit.names.index("A1'_fwhm")]]
    areas = fit.params[:, [fit.names.index("E'_area"), fit.names.index("A1'_area")]]
    sigma = fit.sigma[:, [fit.names.index("E'_center"), fit.names.index("A1'_center")]]
    for i in range(49):
        heights = 2 * areas[i] / np.pi / widths[i]
        start = [*centers[i], *widths[i], *heights, counts[i].min(), 0.0]
        best = curve_fit(model, shift, counts[i], start, ftol=1e-14, xtol=1e-14, gtol=1e-14)[0]
        assert np.all(np.abs(centers[i] - best[:2]) < 0.03 * sigma[i])
