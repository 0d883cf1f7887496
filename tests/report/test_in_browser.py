# SPDX-License-Identifier: BSD-3-Clause
"""The page of a map in Chromium: what a click, a key, a drawn line and the slider show."""

from itertools import pairwise

import numpy as np
import pytest
import xarray as xr

from strain2dos.mapping import profile
from strain2dos.report import write_map_report


@pytest.fixture(scope="module")
def page(example, new_browser, tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    path = write_map_report(example.flake, folder / "report.html", spectra=example.spectra, interactive=True)
    with new_browser(folder) as browser:
        browser.open(path)
        yield browser


ENDS = ("x0", "y0", "x1", "y1")
FRAME = """(name => {
  const chart = document.getElementById(`chart-${name}`), box = chart.getBoundingClientRect();
  const view = Object.values(Bokeh.index.roots ?? [...Bokeh.index]).flat().find(v => v.model?.name === name);
  const inner = view.frame.bbox;
  return [box.left + inner.left, box.top + inner.top, inner.width, inner.height,
          view.model.x_range.start, view.model.x_range.end, view.model.y_range.start, view.model.y_range.end];
})"""


def screen(page, name, x, y, *, steady=True):
    """Where a position of a map stands in the window, scrolled into view."""
    page.run(f"document.getElementById('chart-{name}').scrollIntoView({{block: 'center'}})")
    look = page.steady if steady else page.run
    left, top, width, height, x0, x1, y0, y1 = look(f"{FRAME}('{name}')")
    return left + width * (x - x0) / (x1 - x0), top + height * (y1 - y) / (y1 - y0)


def numbers(page):
    """What the table of the chosen pixel says, by row."""
    rows = "[...document.querySelectorAll('#numbers tr')]"
    return dict(page.run(f"{rows}.map(row => [...row.cells].map(cell => cell.textContent))"))


def enter(page, name, value, event):
    """Put a value into a field, as a reader does."""
    page.run(
        f"(field => {{ field.value = {value}; field.dispatchEvent(new Event('{event}')) }})"
        f"(document.getElementById('{name}'))"
    )


def column(page, source, name):
    return np.array(page.run(
        f"Array.from(Bokeh.documents.map(d => d.get_model_by_name('{source}')).find(Boolean).data['{name}'])"
    ), dtype=float)  # fmt: skip


@pytest.mark.parametrize("chart", ["map-gap", "map-strain", "map-error"])
@pytest.mark.parametrize("place", [(4, 3), (8, 11), (5, 2)])
def test_a_click_shows_the_numbers_of_the_dataset(page, example, chart, place):
    one = example.flake.isel(y=place[0], x=place[1])
    page.click(*screen(page, chart, float(one.x), float(one.y)))
    shown = numbers(page)
    assert shown["position"] == f"x {float(one.x):g} µm, y {float(one.y):g} µm"
    assert shown["Band gap, PBE"] == f"{one.gap:.3f} ± {one.gap_std:.3f} eV"
    assert shown["Biaxial strain"].replace("\u2212", "-") == f"{100 * one.strain:+.2f} ± 0.11 %"
    assert shown["Doping"].replace("\u2212", "-") == (
        f"({one.doping:+.2f} ± 0.12) \u00d7 10¹³ e/cm² (common ± 0.45)"
    )
    assert shown["distance from the training domain"].startswith(f"{float(one.domain_score):.2f} ")


def test_a_dead_pixel_shows_its_reason_in_words(page, example):
    page.click(*screen(page, "map-gap", 3.0, 2.5))
    shown = numbers(page)
    assert shown["Band gap, PBE"] == "\u2013"
    assert shown["status"] == "the detector clipped a line"
    chart = "Bokeh.documents.map(d => d.get_model_by_name('dos')).find(Boolean)"
    assert not page.run(f"{chart}.renderers.some(part => part.visible)")
    assert "none for this pixel" in page.run("document.getElementById('chart-dos').parentElement.innerText")
    np.testing.assert_allclose(column(page, "spectrum-0", "y"), example.spectra.intensity[5, 6], rtol=1e-3)


def test_a_map_that_lacks_a_pixel_hatches_it_though_the_gap_has_it(page):
    for name, expected in (("gap", False), ("gap_direct", True)):
        left, right, bottom, top = (
            column(page, f"map-{name}-dead", side) for side in ("left", "right", "bottom", "top")
        )
        inside = (left < 0.0) & (right > 0.0) & (bottom < 4.5) & (top > 4.5)
        assert inside.any() == expected, name


def test_a_pixel_outside_the_domain_is_marked_as_such(page):
    page.click(*screen(page, "map-gap", 6.5, 3.0))
    assert numbers(page)["status"] == "outside: more than one layer?"


def test_each_of_many_clicks_in_a_row_chooses_its_pixel(page):
    for row, column in ((4, 3), (8, 11), (3, 7), (6, 2), (7, 9)):
        page.click(*screen(page, "map-gap", 0.5 * column, 0.5 * row, steady=False))
        assert numbers(page)["position"] == f"x {0.5 * column:g} µm, y {0.5 * row:g} µm"


def test_a_click_that_is_held_chooses_its_pixel(page):
    place = screen(page, "map-gap", 2.5, 4.0)
    page.click(*place, held=0.6)
    assert numbers(page)["position"] == "x 2.5 µm, y 4 µm"


def test_curves_of_the_pixel_are_those_of_the_dataset(page, example):
    page.click(*screen(page, "map-gap", 2.0, 2.0))
    one, spectrum = (part.isel(y=4, x=4) for part in (example.flake, example.spectra))
    np.testing.assert_allclose(column(page, "dos-0", "x"), one.energy, atol=1e-4)
    np.testing.assert_allclose(column(page, "dos-0", "y"), one.dos, atol=2e-3 * float(one.dos.max()))
    high = one.dos + one.dos_std
    np.testing.assert_allclose(column(page, "dos-0", "high"), high, atol=2e-3 * float(high.max()))
    np.testing.assert_allclose(column(page, "spectrum-0", "y"), spectrum.intensity, rtol=1e-3)
    np.testing.assert_allclose(column(page, "spectrum-1", "y"), spectrum.fit, rtol=1e-3)


def test_arrow_keys_move_the_chosen_pixel(page, example):
    page.click(*screen(page, "map-gap", 2.0, 2.0))
    page.run("document.getElementById('chart-map-gap').focus({preventScroll: true})")
    for key in ("ArrowRight", "ArrowUp", "ArrowUp", "ArrowLeft", "ArrowLeft"):
        page.key(key)
    assert numbers(page)["position"] == "x 1.5 µm, y 3 µm"


def test_a_drawn_line_gives_the_profile_of_the_package(page, example):
    start, stop = (0.5, 1.5), (5.5, 4.0)
    for chart in ("map-gap", "map-doping"):
        page.drag(screen(page, chart, *start), screen(page, chart, *stop))
        ends = [
            float(page.run(f"document.getElementById('{name}').value")) for name in ("x0", "y0", "x1", "y1")
        ]
        np.testing.assert_allclose(ends, [*start, *stop], atol=0.03)
    for name, value in zip(ENDS, (*start, *stop), strict=True):
        enter(page, name, value, "change")
    expected = profile(example.flake, start, stop)
    known = np.isfinite(expected.gap.values)
    np.testing.assert_allclose(column(page, "profile-0", "x"), expected.distance[known], atol=1e-6)
    np.testing.assert_allclose(column(page, "profile-0", "y"), expected.gap[known], atol=1e-6)
    half = (column(page, "profile-0", "high") - column(page, "profile-0", "low")) / 2
    np.testing.assert_allclose(half, expected.gap_std[known], atol=1e-6)


def test_the_slider_hatches_what_exceeds_it(page, example):
    def area():
        box = {side: column(page, "map-gap-outside", side) for side in ("left", "right", "bottom", "top")}
        return ((box["right"] - box["left"]) * (box["top"] - box["bottom"])).sum() / 0.25

    score = example.flake.domain_score.values
    assert area() == pytest.approx(np.nansum(score > 1))
    enter(page, "threshold", 0.506, "input")
    limit = float(page.run("document.getElementById('threshold').value"))
    assert area() == pytest.approx(np.nansum(score > limit), abs=0.01)
    kept = example.flake.gap.values[score <= limit]
    words = page.run("document.getElementById('kept').textContent")
    assert words.startswith(f"{kept.size} of 140 kept")
    assert f"{kept.mean():.3f} eV on average, scattering by ± {kept.std():.3f} eV" in words
    enter(page, "threshold", 1, "input")


def test_the_page_fits_a_telephone(page):
    page.resize(390, 844, touch=True)
    page.settle()
    charts = "[...document.querySelectorAll('.chart')].map(chart => chart.scrollWidth)"
    assert max(page.run(f"[document.documentElement.scrollWidth, ...{charts}]")) <= 390
    page.resize(1400, 900)


@pytest.mark.parametrize("width", [390, 1100, 1400])
def test_the_numbers_of_a_pixel_stay_inside_their_card(page, width):
    page.resize(width, 900, touch=width < 500)
    page.settle()
    card, table = "document.getElementById('pixel')", "document.querySelector('#numbers table')"
    right = page.run(f"[{card}, {table}].map(part => part.getBoundingClientRect().right)")
    page.resize(1400, 900)
    assert right[1] < right[0]


def test_charts_follow_a_dark_page(page):
    def lightness():
        chart = "Bokeh.documents.map(d => d.get_model_by_name('profile')).find(Boolean)"
        color = page.run(f"{chart}.left[0].axis_label_text_color")
        return sum(int(color[i : i + 2], 16) for i in (1, 3, 5)) / 765

    assert lightness() < 0.3
    page.dark(True)
    page.settle()
    assert lightness() > 0.8
    page.dark(False)


def test_the_printed_page_shows_every_chart(page, tmp_path):
    copies = page.run(
        """(() => { window.dispatchEvent(new Event('beforeprint'));
        const found = [...document.querySelectorAll('canvas.paper')].map(c => c.width * c.height);
        window.dispatchEvent(new Event('afterprint')); return found })()"""
    )
    assert len(copies) == page.run("document.querySelectorAll('.chart').length")
    assert min(copies) > 10_000
    assert page.pdf(tmp_path / "page.pdf").stat().st_size > 20_000


def test_a_screen_reader_finds_an_outline_and_names(page):
    levels = page.run("[...document.querySelectorAll('h1, h2, h3')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    unnamed = """[...document.querySelectorAll('input, select, img, .chart, section')].filter(part =>
      !(part.getAttribute('aria-label') || part.getAttribute('aria-labelledby') || part.alt
        || part.labels?.length)).map(part => part.outerHTML.slice(0, 100))"""
    assert page.run(unnamed) == []
    assert page.run("document.querySelectorAll('.chart.map:not([tabindex])').length") == 0


def test_the_page_asks_no_network_and_reports_no_error(page):
    """After all that was done to it above."""
    assert page.messages == []


@pytest.mark.parametrize("kind", ["line", "sites"])
def test_line_scans_and_wafers_have_a_page_too(example, new_browser, tmp_path, kind):
    flake = example.flake
    if kind == "line":
        shown = flake.isel(y=[4])
        place = (3.0, float(flake.gap[4, 6]))
    else:
        part = flake.isel(y=slice(2, 9, 2), x=slice(0, 12, 3))
        values = {
            name: (("n", *v.dims[2:]), v.values.reshape(16, *v.shape[2:]), v.attrs)
            for name, v in part.items()
        }
        angle = np.arange(16) * 2.4
        unit = {"units": "mm"}
        radius = 3 * np.sqrt(1 + np.arange(16))
        x, y = ("n", radius * np.cos(angle), unit), ("n", radius * np.sin(angle), unit)
        shown = xr.Dataset(values, {"x": x, "y": y, "energy": part.energy})
        place = (float(shown.x[6]), float(shown.y[6]))
    path = write_map_report(shown, tmp_path / "report.html", interactive=True)
    with new_browser(tmp_path) as browser:
        browser.open(path)
        browser.click(*screen(browser, "map-gap", *place))
        expected = shown.gap.values.ravel()[6]
        assert numbers(browser)["Band gap, PBE"].startswith(f"{expected:.3f}")
        assert browser.messages == []
