# SPDX-License-Identifier: BSD-3-Clause
"""What the page of a map holds, without a browser."""

import base64
import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr

from strain2dos.datasets import make_raman_map
from strain2dos.explain import ReportFigure
from strain2dos.raman import RamanFeaturizer
from strain2dos.report import spectra_with_fit, write_map_report


def data_of(path):
    """What the script of a page reads."""
    text = re.search(r'<script type="application/json" id="map-data">(.*?)</script>', path.read_text(), re.S)[
        1
    ]
    return json.loads(text.replace("<\\/", "</"))


def unpacked(words, dtype):
    return np.frombuffer(base64.b64decode(words), dtype)


def words_of(path):
    """Words of the page between its tags, without scripts and styles."""
    text = re.sub(r"<(script|style).*?</\1>", " ", path.read_text(), flags=re.S)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


@pytest.fixture
def large(make_example):
    """48 x 48 pixels with 400 energies and spectra of 110 points."""
    return make_example(48, 48, n_energies=400, n_shift=110)


def test_a_page_of_48_x_48_pixels_stays_below_5_megabytes(large, tmp_path):
    path = write_map_report(large.flake, tmp_path / "a.html", spectra=large.spectra, interactive=True)
    assert path.stat().st_size < 5e6
    assert "To keep this page light it holds every fifth of 400 energies" in words_of(path)


def test_curves_in_half_precision_keep_three_digits(large, tmp_path):
    path = write_map_report(large.flake, tmp_path / "a.html", spectra=large.spectra, interactive=True)
    packed = data_of(path)["dos"]
    pixels, scale = unpacked(packed["pixels"], "<i4"), unpacked(packed["scale"], "<f4")
    dos = unpacked(packed["dos"], "<f2").reshape(len(pixels), -1) * scale[:, np.newaxis]
    expected = large.flake.dos.sel(energy=packed["axis"], method="nearest").values.reshape(-1, dos.shape[1])
    np.testing.assert_allclose(dos, expected[pixels], atol=1e-3 * float(large.flake.dos.max()))


def test_a_page_needs_no_other_file_and_no_network(example, tmp_path):
    for interactive in (True, False):
        path = write_map_report(example.flake, tmp_path / "a.html", interactive=interactive)
        tags = re.sub(r"(<script[^>]*>).*?</script>", r"\1", path.read_text(), flags=re.S)
        links = re.findall(r'(?:src|srcset|href)="([^"]*)"', tags)
        assert links
        assert all(link.startswith(("data:", "#")) for link in links)


def test_the_same_map_gives_the_same_page(example, tmp_path):
    pages = [
        write_map_report(example.flake, tmp_path / name, spectra=example.spectra, interactive=True)
        for name in ("a.html", "b.html")
    ]
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_three_sentences_state_the_gap_the_strain_and_their_basis(example, tmp_path):
    path = write_map_report(example.flake, tmp_path / "a.html", interactive=False)
    sentences = re.findall(r"<li>(.*?)</li>", path.read_text())
    flake = example.flake
    inside = (flake.status == 0) & (flake.domain_score <= 1)
    gap, error = (float(flake[name].where(inside).median()) for name in ("gap", "gap_std"))
    assert len(sentences) == 3
    assert f"The band gap (PBE) is {gap:.3f} ± {error:.3f} eV" in sentences[0]
    assert "a further ± 0.031 eV is common to all pixels" in sentences[0]
    assert "iaxial strain" in sentences[1]
    assert sentences[1].count("±") == 3  # strain, doping, and what is common to all dopings
    assert f"This rests on {int(inside.sum())} of 140 pixels (29 no result: 28 a line is lost" in sentences[2]
    assert "24 outside: 24 more than one layer?" in sentences[2]


def test_one_spectrum_has_values_with_errors_and_neither_median_nor_span(example, tmp_path):
    one = example.flake.isel(y=[4], x=[4])
    one["gap_common_std"] = 0 * one.gap + 0.017
    text = write_map_report(one, tmp_path / "a.html", interactive=False).read_text()
    gap, strain, rest = re.findall(r"<li>(.*?)</li>", text)
    value, error = float(one.gap.item()), float(one.gap_std.item())
    further = ", and a further ± 0.017 eV comes from the calibration."
    assert gap == f"The band gap (PBE) is {value:.3f} ± {error:.3f} eV{further}"
    assert strain.count("(calibration: ± 0.45)") == 1
    assert "median" not in strain
    assert rest == "This rests on 1 of 1 spectra."


def test_a_map_that_is_not_to_be_used_gives_no_numbers_in_its_sentences(example, tmp_path):
    flake = example.flake.copy()
    flake["domain_score"] = flake.domain_score.where((flake.x == 2.0) & (flake.y == 2.0), 2.0)
    flake["domain_reason"] = xr.ones_like(flake.domain_reason).where(flake.domain_score > 1, 0.0)
    text = write_map_report(flake, tmp_path / "a.html", interactive=False).read_text()
    (only,) = re.findall(r"<li>(.*?)</li>", text)
    assert only.startswith("1 of 140 pixels inside the training domain (29 no result: 28 a line")
    assert "do not use these gaps" in text


def test_a_map_without_strain_states_whether_its_contrast_exceeds_its_error(example, tmp_path):
    flake = example.flake[["gap", "gap_std", "status", "domain_score", "domain_reason"]]
    clear = words_of(write_map_report(flake, tmp_path / "a.html", interactive=False))
    assert "more than twice the error of a pixel" in clear
    blurred = flake.assign(gap_std=flake.gap_std * 10)
    words = words_of(write_map_report(blurred, tmp_path / "a.html", interactive=False))
    assert "which does not exceed twice the error of a pixel" in words


def test_a_map_that_is_all_outside_is_refused_on_its_page(example, tmp_path):
    flake = example.flake.assign(domain_score=example.flake.domain_score + 2)
    flake["domain_reason"] = xr.full_like(flake.domain_reason, 4.0)
    path = write_map_report(flake, tmp_path / "a.html", interactive=True)
    warning = re.search(r'<p class="warning" role="alert">(.*?)</p>', path.read_text())[1]
    assert "All 111 pixels with a result lie outside" in warning
    assert "Is this MoS2?" in warning


def test_without_the_library_the_page_has_pictures(example, tmp_path):
    before = plt.get_fignums()
    path = write_map_report(example.flake, tmp_path / "a.html", interactive=False)
    assert plt.get_fignums() == before
    text = path.read_text()
    assert "Bokeh" not in text
    # gap, direct gap, strain, doping, profile, curves: each for light and dark pages
    assert text.count("<picture>") == text.count('media="screen and (prefers-color-scheme: dark)"') == 6
    assert len(set(re.findall(r'(?:src|srcset)="(data:[^"]*)"', text))) == 12
    assert 'pip install "strain2dos[report]"' in words_of(path)


def test_sections_come_in_the_order_of_the_reader(example, tmp_path):
    path = write_map_report(
        example.flake, tmp_path / "a.html", tables={"Mine": {"R2": 0.9}}, provenance={"seed": 0}
    )
    headings = re.findall(r"<h2[^>]*>(.*?)</h2>", path.read_text())
    assert headings == [
        "Band gap, PBE", "Strain and doping", "Profile", "Density of states at chosen points",
        "Calibration and provenance", "Tables",
    ]  # fmt: skip


def test_band_edges_are_maps_of_the_page_like_the_others(example, tmp_path):
    edges = {"vbm": -5.0 - example.flake.gap / 2, "cbm": -5.0 + example.flake.gap / 2}
    path = write_map_report(example.flake.assign(edges), tmp_path / "a.html", interactive=True)
    section = path.read_text().split(">Strain, doping and band edges</h2>")[1].split("</section>")[0]
    assert 'id="chart-map-vbm"' in section
    assert 'id="chart-map-cbm"' in section


def test_an_error_that_is_not_known_is_named(example, tmp_path):
    flake = example.flake.copy(deep=True)
    flake.strain_std[7, 8] = np.nan
    points = [(4.0, 3.5), (4.5, 3.5)]
    path = write_map_report(flake, tmp_path / "a.html", points=points, interactive=False)
    table = path.read_text().split("<caption>Chosen points</caption>")[1].split("</table>")[0]
    (row,) = [row for row in table.split("<tr>") if "iaxial strain" in row]
    first, second = re.findall(r"<td[^>]*>(.*?)</td>", row)[-2:]
    assert first.endswith("% (error not known)")
    assert "±" in second


def test_maps_of_light_join_the_section_of_its_figures(example, tmp_path):
    figure, ax = plt.subplots()
    ax.plot([1.5, 1.6], [1.8, 1.9])
    flake = example.flake.assign(pl_energy=example.flake.gap + 0.3).assign_attrs(pl_comparison="Slope 1.0.")
    path = write_map_report(
        flake, tmp_path / "a.html", figures={"Photoluminescence": [ReportFigure(figure, "Light.")]}
    )
    plt.close(figure)
    section = path.read_text().split(">Photoluminescence</h2>")[1].split("</section>")[0]
    for words in ("Slope 1.0.", 'id="chart-map-pl_energy"', 'alt="Light."'):
        assert words in section


def test_chosen_points_have_their_position_and_numbers(example, tmp_path):
    path = write_map_report(example.flake, tmp_path / "a.html", points=[(2.1, 2.0), (4.0, 3.4)])
    table = path.read_text().split("<caption>Chosen points</caption>")[1].split("</table>")[0]
    rows = [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in table.split("<tr>")[1:]]
    assert rows[0] == ["", "A", "B"]
    assert rows[1] == ["position", "x 2 µm, y 2 µm", "x 4 µm, y 3.5 µm"]
    one = example.flake.isel(y=7, x=8)
    assert rows[2][2] == f"{one.gap:.3f} ± {one.gap_std:.3f} eV"
    with pytest.raises(ValueError, match="must be finite and of shape"):
        write_map_report(example.flake, tmp_path / "a.html", points=[1.0])


def test_a_large_map_is_thinned_and_marked_as_such(tmp_path):
    gap = xr.DataArray(np.random.default_rng(0).normal(1.6, 0.1, (450, 300)), dims=("y", "x"))
    path = write_map_report(xr.Dataset({"gap": gap}), tmp_path / "a.html", interactive=True)
    assert path.stat().st_size < 5e6
    assert "every second row and column of 450 x 300 pixels" in words_of(path)
    shown = unpacked(data_of(path)["quantities"][0]["values"], "<f4").reshape(225, 150)
    np.testing.assert_allclose(shown, gap[::2, ::2], rtol=1e-6)


def test_rows_in_any_order_are_shown_by_position(example, tmp_path):
    turned = example.flake.isel(y=slice(None, None, -1))
    paths = [
        write_map_report(flake, tmp_path / name, interactive=True)
        for flake, name in ((example.flake, "a.html"), (turned, "b.html"))
    ]
    assert data_of(paths[0])["quantities"] == data_of(paths[1])["quantities"]


def test_spectra_of_other_pixels_are_refused(example, tmp_path):
    with pytest.raises(ValueError, match=r"spectra are of 70 pixels, but the map has 140"):
        write_map_report(
            example.flake, tmp_path / "a.html", spectra=example.spectra.isel(y=slice(5)), interactive=True
        )
    with pytest.raises(ValueError, match="no quantity over"):
        write_map_report(example.flake[["status"]], tmp_path / "a.html")


def test_spectra_come_with_the_fit_that_the_featurizer_made():
    cube = make_raman_map((8, 9), random_state=0).intensity
    featurizer = RamanFeaturizer(cube["shift"].values).fit(cube.values.reshape(72, -1))
    found = spectra_with_fit(cube, featurizer)
    window = cube.sel(shift=found["shift"])
    np.testing.assert_array_equal(found["intensity"], window)
    lines = featurizer.transform(cube.values.reshape(72, -1))
    good = np.flatnonzero(np.isfinite(lines).all(axis=1))
    fits = found["fit"].values.reshape(72, -1)
    for k in good[:5]:
        # the fitted curve is highest where the featurizer found one of the lines
        top = float(found["shift"].values[np.nanargmax(fits[k])])
        assert np.min(np.abs(lines[k] - top)) < 0.6
    few = spectra_with_fit(cube, featurizer, max_spectra=20)
    assert int(np.isfinite(few["intensity"]).any("shift").sum()) == 20
    with pytest.raises(ValueError, match="reads no spectra"):
        spectra_with_fit(cube, object())


def test_a_map_compared_with_light_shows_the_comparison_without_being_handed_a_figure(example, tmp_path):
    known = {
        "pl_comparison": "Slope 1.0 in-plane, -105 meV per %.",
        "pl_slope": 1.0,
        "model_name": "bundled MoS2",
        "lineshape": "voigt",
    }
    flake = example.flake.assign(pl_energy=example.flake.gap + 0.3).assign_attrs(known)
    text = write_map_report(flake, tmp_path / "a.html", interactive=False).read_text()
    section = text.split(">Photoluminescence</h2>")[1].split("</section>")[0]
    assert "<p>Slope 1.0 in-plane, \u2212105 meV per %.</p>" in section
    assert 'alt="Scatter plot of photoluminescence energy against predicted gap"' in section
    assert '<img class="inverted"' in section  # black on white, which a dark page turns over
    below = text.split(">Calibration and provenance</h2>")[1].split("</section>")[0]
    assert "<p>Model: bundled MoS2.</p>" in below
    assert "<p>Profile of the lines: voigt.</p>" in below
    del flake.attrs["pl_slope"]  # too flat to be compared: the sentence alone
    text = write_map_report(flake, tmp_path / "b.html", interactive=False).read_text()
    assert "<p>Slope 1.0 in-plane" in text
    assert "Scatter plot of" not in text
