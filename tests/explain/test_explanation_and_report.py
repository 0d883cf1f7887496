# SPDX-License-Identifier: BSD-3-Clause
import re
from dataclasses import replace
from html.parser import HTMLParser

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from scipy.integrate import trapezoid
from sklearn.linear_model import LinearRegression

from strain2dos import DOSExplainer
from strain2dos._plotting.labels import feature_label
from strain2dos.explain import EdgeAttributionDisplay, ExplanationHeatmapDisplay, ReportFigure, write_report

ENERGIES = np.linspace(-7.0, -3.0, 81)
NAMES = ["E'_center", "A1'_center", "E'_fwhm"]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.fixture
def explanation():
    rng = np.random.default_rng(2)
    X = rng.normal(size=(30, 3))
    below, above = np.clip(-6.0 - ENERGIES, 0, None), np.clip(ENERGIES + 4.4, 0, None)
    model = LinearRegression().fit(X, below + above + 0.05 * X[:, :1] * below - 0.02 * X[:, 1:2] * above)
    options = {"energies": ENERGIES, "edge_options": {"threshold": 0.2, "reference": -5.2}}
    return DOSExplainer(model, X, feature_names=NAMES, **options).explain(X[:12])


def test_windows_integrate_exactly_and_add_up(explanation):
    whole = trapezoid(explanation.values, ENERGIES, axis=-1)
    np.testing.assert_allclose(explanation.window(-7.0, -3.0), whole, atol=1e-12)
    parts = explanation.windows({"valence": (-7.0, -5.913), "rest": (-5.913, -3.0)})
    np.testing.assert_allclose(parts["valence"] + parts["rest"], whole, atol=1e-12)
    narrow = explanation.window(-6.512, -6.511)
    slope = 0.05 * (6.5115 - 6.0) * 1e-3
    np.testing.assert_allclose(np.ptp(narrow[:, 0]) / np.ptp(explanation.data[:, 0]), slope, rtol=1e-6)
    for limits in [(-8.0, -5.0), (-5.0, -5.0), (-4.0, -5.0)]:
        with pytest.raises(ValueError, match="must ascend and lie within"):
            explanation.window(*limits)


def test_grouped_features_add_their_shares(explanation):
    together = explanation.grouped({"Raman centers": ["E'_center", "A1'_center"]})
    assert together.feature_names == ("Raman centers", "E'_fwhm")
    np.testing.assert_allclose(together.values[:, 0], explanation.values[:, :2].sum(axis=1))
    np.testing.assert_allclose(
        together.edge_values["gap"][:, 0], explanation.edge_values["gap"][:, :2].sum(axis=1)
    )
    np.testing.assert_allclose(together.predictions, explanation.predictions, atol=1e-12)
    for wrong in ({"a": ["E'_center", "nope"]}, {"a": ["E'_center"], "b": ["E'_center"]}):
        with pytest.raises(ValueError, match="at most once"):
            explanation.grouped(wrong)


def test_dataset_and_summary_keep_units(explanation):
    dataset = explanation.to_xarray()
    assert dict(dataset.sizes) == {"sample": 12, "feature": 3, "energy": 81}
    assert dataset.energy.attrs["units"] == dataset.gap_values.attrs["units"] == "eV"
    np.testing.assert_array_equal(dataset["values"].sel(feature="E'_fwhm"), explanation.values[:, 2])
    summary = explanation.summary({"valence": (-7.0, -5.5)})
    expected = 1e3 * np.abs(explanation.edge_values["gap"]).mean(axis=0)
    np.testing.assert_allclose(summary["|gap| (meV)"], expected)
    assert summary.columns.tolist()[3] == "|valence| (states)"


def test_slope_is_the_regression_of_shares_on_features(explanation):
    display = explanation.plot_heatmap()
    assert display.kind == "slope"
    for feature in range(3):
        x = explanation.data[:, feature]
        slope = np.polyfit(x, explanation.values[:, feature], 1)[0] * x.std()
        np.testing.assert_allclose(display.matrix[feature], slope, atol=1e-12)


def test_heatmap_is_centered_at_zero_and_marks_the_edges(explanation):
    display = explanation.plot_heatmap(kind="signed")
    assert display.im_.norm.vmin == -display.im_.norm.vmax
    np.testing.assert_allclose(display.matrix, explanation.values.mean(axis=0))
    assert [text.get_text() for text in display.ax_.texts] == ["VBM", "CBM"]
    assert next(label.get_text() for label in display.ax_.get_yticklabels()) == "E\u2032 center (cm⁻¹)"
    assert display.ax_.get_xlabel() == "Energy (eV)"
    with pytest.raises(ValueError, match="needs at least 2 samples, but got 1"):
        replace(explanation, values=explanation.values[:1], data=explanation.data[:1]).plot_heatmap(
            kind="slope"
        )
    _, ax = plt.subplots()
    assert ExplanationHeatmapDisplay.from_explanation(explanation, ax=ax, energy_range=(-6.5, -4.0)).ax_ is ax


def test_groups_are_drawn_against_their_first_member(explanation):
    together = explanation.grouped({"Raman centers": ["A1'_center", "E'_center"]})
    x = explanation.data[:, 1]
    slope = np.polyfit(x, explanation.values[:, :2].sum(axis=1), 1)[0] * x.std()
    np.testing.assert_allclose(together.plot_heatmap().matrix[0], slope, atol=1e-12)


def test_samples_without_shares_are_left_out_of_the_figures(explanation):
    values, edges = explanation.values.copy(), {n: v.copy() for n, v in explanation.edge_values.items()}
    values[0] = np.nan
    edges["gap"][:2] = np.nan
    damaged = replace(explanation, values=values, edge_values=edges)
    np.testing.assert_allclose(
        damaged.plot_heatmap(kind="signed").matrix, explanation.values[1:].mean(axis=0), atol=1e-15
    )
    shares = EdgeAttributionDisplay.from_explanation(damaged, kind="signed").shares
    np.testing.assert_allclose(shares["gap"], explanation.edge_values["gap"][2:].mean(axis=0), atol=1e-15)


def test_edge_bars_show_mev(explanation):
    display = EdgeAttributionDisplay.from_explanation(explanation, kind="absolute")
    widths = [bar.get_width() for bar in display.ax_.containers[2]]
    np.testing.assert_allclose(widths, 1e3 * np.abs(explanation.edge_values["gap"]).mean(axis=0))


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("E'_center", "E\u2032 center (cm⁻¹)"),
        ("E'-_center", "E\u2032⁻ center (cm⁻¹)"),
        ("A1'_fwhm", "A₁\u2032 width (cm⁻¹)"),
        ("A1'-E'", "A₁\u2032 \u2212 E\u2032 (cm⁻¹)"),
        ("E'+", "E\u2032⁺ (cm⁻¹)"),
        ("exx", "$\\varepsilon_{xx}$"),
        ("my own_feature", "my own_feature"),
    ],
)
def test_labels_are_printed_names(name, label):
    assert feature_label(name) == label


class Page(HTMLParser):
    """Collects what a page links to and how it is built."""

    def __init__(self, path):
        super().__init__()
        self.links, self.alts, self.headings, self.open = [], [], [], []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.links += [attrs[name] for name in ("src", "href") if name in attrs]
        if tag == "img":
            self.alts.append(attrs.get("alt"))
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in {"img", "meta", "link", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def test_report_needs_no_other_file_and_describes_its_figures(tmp_path):
    figure, ax = plt.subplots()
    ax.plot([0, 1])
    figure.savefig(tmp_path / "one.png")
    figures = [figure, (tmp_path / "one.png", "A line."), ReportFigure(figure, "Caption", alt="Rising line")]
    frame = pd.DataFrame({"method": ["ours", "<PCHIP>"], "gap MAE (meV)": [9.81234, np.nan]})
    tables = {"Methods": frame, "Merit": {"R2": 0.99876543, "converged": True, "offset": -1.5}}
    path = write_report(
        tmp_path / "report.html",
        title="A & B",
        figures=figures,
        tables=tables,
        text="One.\n\nTwo.",
        provenance={"seed": 0},
    )
    page, source = Page(path), path.read_text(encoding="utf-8")
    assert not page.open
    assert page.alts == ["Figure", "A line.", "Rising line"]
    assert all(link.startswith("data:image/") for link in page.links)
    assert "http" not in re.sub(r"data:image/[^\"]*", "", source)
    assert page.headings == [1, 2, 2, 2]
    for words in (
        "A &amp; B",
        "&lt;PCHIP&gt;",
        "9.812",
        "\u2013",
        "0.9988",
        "\u22121.5",
        "yes",
        "<p>Two.</p>",
        "strain2dos 0",
    ):
        assert words in source
    again = write_report(
        tmp_path / "again.html",
        title="A & B",
        figures=figures,
        tables=tables,
        text="One.\n\nTwo.",
        provenance={"seed": 0},
    )
    assert again.read_bytes() == path.read_bytes()
    with pytest.raises(ValueError, match="a figure must be a matplotlib figure or one of"):
        write_report(tmp_path / "x.html", title="x", figures=["notes.txt"])


def test_explanation_page_shows_everything_and_leaves_no_figure_open(explanation, tmp_path):
    before = plt.get_fignums()
    path = explanation.to_html(
        tmp_path / "why.html", energy_windows={"valence": (-7.0, -5.5)}, groups={"Raman centers": NAMES[:2]}
    )
    assert plt.get_fignums() == before
    page, source = Page(path), path.read_text(encoding="utf-8")
    assert len(page.alts) == 4
    assert "Raman centers" in source
    assert "|valence| (states)" in source
    assert "exact over all coalitions" in source
