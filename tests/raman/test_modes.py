# SPDX-License-Identifier: BSD-3-Clause
"""The table of lines is consistent, names the source of each value, and fits what it claims to fit."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from strain2dos.io import read_raman
from strain2dos.raman import FitStatus, ModeSource, RamanFeaturizer, RamanMode, material_modes
from strain2dos.raman._features.axis import select_modes
from strain2dos.raman._materials.lookup import MATERIALS, SUBSTRATES
from strain2dos.raman._materials.sources import CONLEY

FIGURES = (
    "position", "fwhm", "biaxial_rate", "gruneisen", "uniaxial_rates", "shear_potential", "doping_rate",
    "temperature_rate", "fwhm_range", "anchor", "height_range",
)  # fmt: skip
HEADINGS = {
    "position": "position (cm{sup}`-1`)",
    "biaxial_rate": "biaxial rate (cm{sup}`-1`/%)",
    "gruneisen": "Grüneisen parameter",
    "uniaxial_rates": "uniaxial rate (cm{sup}`-1`/%)",
    "shear_potential": "shear potential β",
    "doping_rate": "doping rate (cm{sup}`-1` per 10{sup}`13` e/cm{sup}`2`)",
    "temperature_rate": "temperature rate (cm{sup}`-1`/K)",
}
ALL = [(material, mode) for material, modes in MATERIALS.items() for mode in modes]
GUIDE = Path(__file__).parents[2] / "docs" / "guide" / "strain_doping.md"


def coefficient_table():
    """Every figure but the widths with all of its sources, as the user guide shows it."""
    lines = ["| line | quantity | value | in use | source | checked |", "|---|---|---|---|---|---|"]
    for material, mode in ALL:
        for quantity, heading in HEADINGS.items():
            for source in (source for source in mode.sources if source.quantity == quantity):
                values = source.value if isinstance(source.value, tuple) else (source.value,)
                used = "yes" if source is mode.source_of(quantity) else ""
                what = f"{source.kind}; {source.sample}" if source.sample else source.kind
                value = " / ".join(f"{number:g}" for number in values)
                if source.spread is not None:
                    spreads = source.spread if isinstance(source.spread, tuple) else (source.spread,)
                    value += " ± " + " / ".join(f"{number:g}" for number in spreads)
                cells = f"{material} {mode.name} | {heading} | {value} | {used}"
                lines.append(f"| {cells} | {source.citation} ({what}) | {source.checked} |")
    return "\n".join(lines)


@pytest.mark.parametrize(("material", "mode"), ALL, ids=lambda value: getattr(value, "name", value))
def test_every_figure_in_use_has_a_source_that_gives_its_value(material, mode):
    for quantity in FIGURES:
        source = mode.source_of(quantity)
        assert (source is None) == (getattr(mode, quantity) is None), (material, mode.name, quantity)
        assert source is None or (source.citation and source.value == getattr(mode, quantity))
    assert mode.source


@pytest.mark.parametrize(("material", "mode"), ALL, ids=lambda value: getattr(value, "name", value))
def test_rates_follow_from_the_gruneisen_parameter(material, mode):
    if mode.gruneisen is not None:
        expected = -2 * mode.gruneisen * mode.position / 100
        assert mode.biaxial_rate == pytest.approx(expected, rel=0.01), material


def test_published_splitting_of_mos2_agrees_with_its_shear_potential_within_its_error():
    # Conley 2013: branches at -4.5(3) and -1.0(10) cm-1/%; the substrate's Poisson ratio is about 0.33.
    mode = material_modes("MoS2")[0]
    lower, upper = mode.uniaxial_rates
    splitting = mode.shear_potential * mode.position * (1 + 0.33) / 100
    assert splitting == pytest.approx(upper - lower, abs=np.hypot(0.3, 1.0))


@pytest.mark.parametrize(("material", "mode"), ALL, ids=lambda value: getattr(value, "name", value))
def test_lines_lie_in_their_windows_and_windows_hold_the_strained_range(material, mode):
    low, high = mode.window
    assert low < mode.position < high
    if mode.biaxial_rate is not None and material != "graphene":
        assert low < mode.position + 6 * mode.biaxial_rate
        assert mode.position - 3 * mode.biaxial_rate < high


def test_a_line_with_an_anchor_lies_at_the_stated_distance_from_it():
    everything = {mode.name: mode for mode in (*material_modes("MoS2", optional=True), *SUBSTRATES.values())}
    anchored = [mode for mode in everything.values() if mode.anchor is not None]
    assert [mode.name for mode in anchored] == ["LO(M)", "ZO(M)", "2LA", "Al2O3(378)"]
    for mode in anchored:
        name, low, high = mode.anchor
        assert low < mode.position - everything[name].position < high, mode.name
        assert mode.fwhm_range[0] < mode.fwhm < mode.fwhm_range[1]


def test_reported_monolayers_lie_within_two_spreads_of_the_origin():
    # 384 to 386 and 402.5 to 405 cm-1 are the ranges that reviews give for natural monolayers
    for mode, reported in zip(material_modes("MoS2"), ((384.0, 386.0), (402.5, 405.0)), strict=True):
        assert np.std(np.linspace(*reported, 1001)) == pytest.approx(mode.spread_of("position"), abs=0.08)
        assert abs(np.mean(reported) - mode.position) < 2 * mode.spread_of("position")


def test_every_rate_of_mos2_has_a_spread_that_holds_the_other_measurement():
    for mode in material_modes("MoS2"):
        for quantity in ("biaxial_rate", "gruneisen", "doping_rate", "temperature_rate"):
            spread = mode.spread_of(quantity)
            assert spread > 0, (mode.name, quantity)
            used = [source for source in mode.sources if source.quantity == quantity]
            biaxial = [
                source for source in used if source.citation != CONLEY
            ]  # Conley strained along one axis
            values = [source.value for source in biaxial if source.kind != "calculated"]
            assert np.ptp(values) / 2 < 1.1 * spread, (mode.name, quantity)


def test_optional_lines_come_only_where_asked_for():
    assert [mode.name for mode in material_modes("MoS2")] == ["E'", "A1'"]
    assert [mode.name for mode in material_modes("MoS2", optional=True)] == [
        "LO(M)", "E'", "A1'", "ZO(M)", "2LA",
    ]  # fmt: skip
    assert select_modes("WS2", "auto") == material_modes("WS2")
    assert [mode.name for mode in select_modes("WS2", "all")] == ["323", "E'(M)", "2LA", "E'", "A1'"]
    assert [mode.name for mode in select_modes("MoS2", ["2LA", "E'"])] == ["E'", "2LA"]
    with pytest.raises(
        ValueError, match=r"modes holds '3LA', but MoS2 has \['2LA', \"A1'\", \"E'\", 'LO\(M\)', 'ZO\(M\)'\]"
    ):
        select_modes("MoS2", ["3LA"])


def test_a_line_beside_an_optional_one_is_sought_on_its_own_side():
    lines = select_modes("WS2", ["2LA", "E'", "A1'"])
    assert lines[0].window[1] == lines[1].window[0] == pytest.approx((351.4 + 356.0) / 2)
    assert lines[1].window[1] == 372.0
    own = replace(material_modes("WS2", optional=True)[2], window=(330.0, 360.0))
    assert select_modes("WS2", [own, "E'"])[0].window == (330.0, 360.0)
    assert select_modes("MoS2", ["E'", "A1'", "2LA"])[:2] == material_modes("MoS2")


def test_a_source_of_a_figure_that_does_not_exist_is_refused():
    with pytest.raises(ValueError, match=r"sources of X name \['rate'\]"):
        RamanMode("X", 384.6, (370, 395), 3.0, sources=(ModeSource("rate", 1.0, "nobody"),))


def test_the_2la_band_of_mos2_is_recovered_with_its_error():
    x = np.arange(340.0, 500.0, 0.5)
    centers = {"E'": (383.1, 3.0, 100.0), "A1'": (401.9, 5.0, 120.0), "2LA": (449.0, 24.0, 30.0)}
    curve = 50 + 0.02 * x
    for center, fwhm, height in centers.values():
        curve = curve + height / (1 + ((x - center) / (fwhm / 2)) ** 2)
    noisy = curve + np.random.default_rng(0).normal(0, 1.0, (400, x.size))
    featurizer = RamanFeaturizer(x, modes=["E'", "A1'", "2LA"], split=False)
    fit = featurizer.fit(noisy).fit_spectra(noisy)
    assert np.mean(fit.status == FitStatus.OK) > 0.99
    good = fit.status == FitStatus.OK
    for name, (center, fwhm, _) in centers.items():
        for kind, truth in (("center", center), ("fwhm", fwhm)):
            j = fit.names.index(f"{name}_{kind}")
            pull = (fit.params[good, j] - truth) / fit.sigma[good, j]
            assert abs(pull.mean()) < 4 / np.sqrt(good.sum()), (name, kind)
            assert pull.std() == pytest.approx(1.0, abs=0.15), (name, kind)


#: Equal weights: what the figures of the guide were measured with.
AS_GIVEN = {"noise": "gaussian"}


@pytest.fixture(scope="module")
def ws2_scan(reference_dir):
    scan = read_raman(reference_dir / "raman" / "wrighttools_WS2_raman_linescan.txt.gz")
    flake = np.zeros(scan.sizes["n"], dtype=bool)
    flake[6:80] = True  # where the 2LA band is more than half as high as in the middle of the flake
    return scan["shift"].values, scan.values, flake


@pytest.mark.reference
def test_measured_ws2_under_532_nm_needs_all_lines(ws2_scan):
    shift, spectra, flake = ws2_scan
    names = [mode.name for mode in material_modes("WS2", optional=True)]
    featurizer = RamanFeaturizer(shift, material="WS2", modes=names, split=False, reference="Si", **AS_GIVEN)
    fit = featurizer.fit(spectra).fit_spectra(spectra)
    assert np.all(fit.status[flake] == FitStatus.OK)
    for name, position, spread in (("2LA", 351.4, 0.2), ("E'", 355.95, 0.2), ("A1'", 418.2, 0.1)):
        values = fit.params[flake, fit.names.index(f"{name}_center")]
        assert np.median(values) == pytest.approx(position, abs=0.15), name
        assert values.std() < spread, name


@pytest.mark.reference
def test_without_2la_the_fit_of_measured_ws2_takes_it_for_e_prime(ws2_scan):
    # The guide warns of this: the default lines are for excitation off resonance. Their width gives them
    # away.
    shift, spectra, flake = ws2_scan
    plain = RamanFeaturizer(shift, material="WS2", split=False, extra_lines=False, **AS_GIVEN).fit(spectra)
    fit = plain.fit_spectra(spectra)
    assert np.all(fit.status[flake] == FitStatus.IMPLAUSIBLE_WIDTH)
    default = RamanFeaturizer(shift, material="WS2").fit(spectra).fit_spectra(spectra)
    assert np.all(default.status[flake] != FitStatus.OK)
    center, width = (
        np.median(fit.params[flake, fit.names.index(f"E'_{kind}")]) for kind in ("center", "fwhm")
    )
    assert center == pytest.approx(351.3, abs=0.2)
    assert width > 10.0


def test_the_guide_shows_this_table():
    assert coefficient_table() in GUIDE.read_text(encoding="utf-8")
