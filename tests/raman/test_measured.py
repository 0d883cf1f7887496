# SPDX-License-Identifier: BSD-3-Clause
"""Spectra measured by others."""

import numpy as np
import pytest
from scipy.optimize import curve_fit

from strain2dos.raman import RamanFeaturizer

pytestmark = pytest.mark.reference


@pytest.mark.parametrize("split", [False, "auto"])
def test_measured_monolayer_gives_the_known_positions(reference_dir, split):
    shift, counts = np.loadtxt(reference_dir / "raman" / "spectrum1_1ML.txt").T
    fit = RamanFeaturizer(shift, split=split).fit(counts[None]).fit_spectra(counts[None])
    values = dict(zip(fit.names, fit.params[0], strict=True))
    assert fit.status[0] == 0
    assert values["E'_center"] == pytest.approx(383.6, abs=0.2)
    assert values["A1'_center"] == pytest.approx(405.3, abs=0.1)
    # Its broad defect shoulder at 377 cm-1 is no split line.
    assert fit.split_probability[0] < 0.05


def test_all_sites_of_a_wafer_are_fitted_on_the_silicon_axis(reference_dir):
    table = np.genfromtxt(reference_dir / "raman" / "wafer1_process1.csv", delimiter=";", skip_header=1)
    shift, counts = table[0, 2:-1], table[1:, 2:-1]
    featurizer = RamanFeaturizer(shift, reference="Si").fit(counts)
    fit = featurizer.fit_spectra(counts)
    assert fit.status.tolist() == [0] * 49
    raw = RamanFeaturizer(shift).fit(counts).fit_spectra(counts)
    offset = raw.params[:, 0] - fit.params[:, 0]
    assert np.median(offset) == pytest.approx(7.6, abs=0.2)


def test_no_site_of_a_wafer_has_a_better_fit_nearby(reference_dir):
    def model(x, c1, c2, w1, w2, h1, h2, level, slope):
        line = lambda c, w, h: h / (1 + 4 * ((x - c) / w) ** 2)  # noqa: E731
        return line(c1, w1, h1) + line(c2, w2, h2) + level + slope * (x - 400)

    table = np.genfromtxt(reference_dir / "raman" / "wafer1_process1.csv", delimiter=";", skip_header=1)
    shift, counts = table[0, 2:-1], table[1:, 2:-1]
    inside = (shift > 372) & (shift < 434)  # all of these points enter the fit: 22 cm-1 beyond both lines
    shift, counts = shift[inside], counts[:, inside]
    featurizer = RamanFeaturizer(shift, split=False, despike=False).fit(counts)
    fit = featurizer.fit_spectra(counts)
    assert fit.status.tolist() == [0] * 49
    centers = fit.params[:, [fit.names.index("E'_center"), fit.names.index("A1'_center")]]
    widths = fit.params[:, [fit.names.index("E'_fwhm"), fit.names.index("A1'_fwhm")]]
    areas = fit.params[:, [fit.names.index("E'_area"), fit.names.index("A1'_area")]]
    sigma = fit.sigma[:, [fit.names.index("E'_center"), fit.names.index("A1'_center")]]
    for i in range(49):
        heights = 2 * areas[i] / np.pi / widths[i]
        start = [*centers[i], *widths[i], *heights, counts[i].min(), 0.0]
        best = curve_fit(model, shift, counts[i], start, ftol=1e-14, xtol=1e-14, gtol=1e-14)[0]
        assert np.all(np.abs(centers[i] - best[:2]) < 0.03 * sigma[i])
