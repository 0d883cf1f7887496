# SPDX-License-Identifier: BSD-3-Clause
"""Explanations of the project's own regressor, against the physics of a strained flake."""

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import DOSExplainer
from strain2dos.datasets import load_mos2_dft, make_raman_dos
from strain2dos.dos import DOSRegressor
from strain2dos.raman import RamanFeaturizer

CENTERS = ["E'-", "E'+", "A1'"]


@pytest.fixture(scope="module")
def phonon_model():
    data = load_mos2_dft()
    regressor = DOSRegressor(data.energies, n_members=2, max_epochs=30, random_state=0)
    edges = np.column_stack([data.vbm, data.cbm])
    model = make_pipeline(StandardScaler(), regressor)
    return data, model.fit(data.phonons, data.dos, dosregressor__edges=edges)


def test_gap_and_raman_lines_fall_together_under_tension(phonon_model):
    data, model = phonon_model
    explanation = DOSExplainer(model, data.phonons, feature_names=CENTERS).explain(data.phonons)
    assert explanation.method == "exact"
    np.testing.assert_allclose(explanation.predictions, model.predict(data.phonons), atol=1e-9)
    together = explanation.grouped({"Raman lines": CENTERS})
    gap = together.edge_values["gap"][:, 0]
    # Tension softens the lines: the share of all lines in the gap falls with them, d(gap)/d(E') > 0.
    assert np.corrcoef(gap, data.phonons[:, :2].mean(axis=1))[0, 1] > 0.9
    order = np.argsort(data.strain[:, 0] + data.strain[:, 1])
    assert gap[order[-1]] < gap[order[len(order) // 2]]
    np.testing.assert_allclose(together.edge_predictions("gap"), data.gap, atol=0.05)


def test_spectra_are_explained_by_their_lines():
    data = make_raman_dos(48, random_state=0)
    regressor = DOSRegressor(data.energies, n_members=1, max_epochs=10, random_state=0)
    featurizer = RamanFeaturizer(data.shift, features=("center",))
    model = make_pipeline(featurizer, StandardScaler(), regressor)
    model.fit(data.spectra, data.dos, dosregressor__groups=data.groups, dosregressor__edges=data.edges)
    explainer = DOSExplainer.from_pipeline(model, data.spectra, max_background=12, random_state=0)
    assert explainer.feature_names == tuple(featurizer.get_feature_names_out())
    explanation = explainer.explain(data.spectra[:5])
    np.testing.assert_allclose(explanation.predictions, model.predict(data.spectra[:5]), atol=1e-8)
    states = explanation.window(-7.0, -5.0)
    assert states.shape == (5, len(explainer.feature_names))
    assert np.isfinite(states).all()


def test_the_gap_follows_the_split_line_and_hardly_the_one_that_doping_moves():
    data = make_raman_dos(160, random_state=0)
    regressor = DOSRegressor(data.energies, n_members=1, max_epochs=30, random_state=0)
    featurizer = RamanFeaturizer(data.shift, noise="poisson", features=("center",))
    model = make_pipeline(featurizer, regressor)
    # torn states, of strains of opposite sign, have a branch of E' in A1': the two mix
    rows = np.flatnonzero(data.phonons[:, 1] - data.phonons[:, 0] < 20.0)
    known = {"dosregressor__groups": data.groups[rows], "dosregressor__edges": data.edges[rows]}
    model.fit(data.spectra[rows], data.dos[rows], **known)
    explainer = DOSExplainer.from_pipeline(model, data.spectra[rows[::5]], max_background=16, random_state=0)
    explanation = explainer.explain(data.spectra[rows[::10]])
    gap = explanation.edge_values["gap"]
    lines = [name for name in explanation.feature_names if name.startswith("E'")]
    share = explanation.grouped({"E'": lines}).edge_values["gap"]
    position = explanation.data[:, explanation.feature_names.index("E'_center")]
    # tension lowers both, so the share of E' follows its position as the true gap does
    true = np.polyfit(position, data.gap[rows[::10]], 1)[0]
    assert true > 0.008
    assert np.polyfit(position, share[:, 0], 1)[0] == pytest.approx(true, rel=0.25)
    a1 = gap[:, explanation.feature_names.index("A1'_center")]
    # A1' mixes with E' under large uniaxial strain, so it keeps some say among states of low symmetry
    assert np.abs(a1).mean() < np.abs(share[:, 0]).mean() / 3
