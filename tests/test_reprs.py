# SPDX-License-Identifier: BSD-3-Clause
"""Results print as one line with counts, and as a table in a notebook."""

from html.parser import HTMLParser

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from strain2dos import DOSExplainer, RamanFeaturizer, StrainDopingSeparator
from strain2dos.dos import BandEdges
from strain2dos.simulate import simulate_spectra

SHIFT = np.arange(350.0, 440.0, 0.5)


@pytest.fixture(scope="module")
def fit():
    spectra = simulate_spectra([[384.6, 384.6, 402.7]] * 6, SHIFT, random_state=0)
    spectra[4:] = 0.0
    return RamanFeaturizer(SHIFT).fit(spectra).fit_spectra(spectra)


def explanation():
    X = np.array([[0.0, 0.0], [2.0, 0.0], [0.0, 2.0], [2.0, 2.0]])
    model = LinearRegression().fit(X, X @ [[3.0, 3.0, 3.0], [0.0, 1.0, 0.0]])
    explainer = DOSExplainer(model, X, feature_names=["E'", "<A1'>"], energies=[-6.0, -5.5, -5.0])
    return explainer.explain(X, edges=False)


def test_a_fit_counts_its_spectra_by_status(fit):
    assert repr(fit).startswith("SpectraFit(6 spectra: 4 fitted, 2 all points are zero; E'_center 384.")
    assert "A1'_center 402.7" in repr(fit)


def test_a_separation_names_both_errors(fit):
    words = repr(StrainDopingSeparator().separate(fit))
    assert words.startswith("Separation(4 of 6 spectra; strain ")
    assert "errors: pixel " in words
    assert ", common " in words


def test_repr_of_band_edges_shows_their_span_and_how_many_have_no_gap():
    edges = BandEdges(*(np.array([a, a, np.nan]) for a in (-5.9, -4.3, 1.6)))
    assert repr(edges) == (
        "BandEdges(3 curves; vbm -5.900 (-5.900 to -5.900) eV; cbm -4.300 (-4.300 to -4.300) eV; "
        "gap 1.600 (1.600 to 1.600) eV; without a gap 1)"
    )


def test_an_explanation_names_what_drives_the_curve():
    words = repr(explanation())
    assert words.startswith("DOSExplanation(4 samples x 2 features; energies 3, -6 to -5 eV; Shapley values")
    # 3 + 3 + 3 of the one against 1 of the other
    assert "drives the curve E' 90%, <A1'> 10%" in words


def test_tables_are_sound_html_with_escaped_names(fit):
    class Tags(HTMLParser):
        def __init__(self):
            super().__init__()
            self.open, self.text = [], ""

        def handle_starttag(self, tag, attrs):
            self.open.append(tag)

        def handle_endtag(self, tag):
            assert self.open.pop() == tag

        def handle_data(self, data):
            self.text += data

    edges = BandEdges(*(np.array([a]) for a in (-5.9, -4.3, 1.6)))
    for result in (fit, StrainDopingSeparator().separate(fit), edges, explanation()):
        page = Tags()
        page.feed(result._repr_html_())
        assert not page.open
        assert type(result).__name__ in page.text
    assert "<A1'> 10%" in page.text
    assert "<A1'>" not in explanation()._repr_html_()
