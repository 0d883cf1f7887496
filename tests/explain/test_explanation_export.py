# SPDX-License-Identifier: BSD-3-Clause
"""Explanations as arrays, as maps, and in the hands of shap."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import xarray as xr
from scipy.integrate import trapezoid
from sklearn.linear_model import LinearRegression

from strain2dos import DOSExplainer

ENERGIES = np.linspace(-2, 2, 81)


@pytest.fixture
def explained():
    random = np.random.default_rng(0)
    X = random.normal(size=(12, 3))
    curves = np.clip(np.abs(ENERGIES) - 0.8 - 0.1 * X[:, :1], 0, None)
    model = LinearRegression().fit(X, curves)
    options = {"energies": ENERGIES, "edge_options": {"threshold": 0.1, "reference": 0.0}}
    explainer = DOSExplainer(model, X, feature_names=["E'", "A1'", "2LA"], **options)
    return explainer, model, X


def test_plots_of_shap_take_every_target(explained):
    import shap

    explainer, model, X = explained
    explanation = explainer.explain(X[:6])
    integral = trapezoid(model.predict(X[:6])[:, 60:81], ENERGIES[60:81], axis=1)
    wanted = {
        "gap": explanation.edge_predictions("gap"),
        1.5: model.predict(X[:6])[:, 70],
        (1.0, 2.0): integral,
    }
    for target, predictions in wanted.items():
        found = explanation.to_shap(target)
        assert found.feature_names == ["E'", "A1'", "2LA"]
        np.testing.assert_allclose(found.base_values + found.values.sum(1), predictions, atol=1e-9)
        np.testing.assert_array_equal(found.data, X[:6])
        shap.plots.bar(found, show=False)
        shap.plots.waterfall(found[0], show=False)
        plt.close("all")
    with pytest.raises(ValueError, match=r"'vb' was not explained; take one of \['vbm', 'cbm', 'gap'\]"):
        explanation.to_shap("vb")
    with pytest.raises(ValueError, match="target=3 must lie within the energies, -2 to 2 eV"):
        explanation.to_shap(3.0)


def test_explanations_have_a_length_and_are_cut_like_arrays(explained):
    explainer, _, X = explained
    explanation = explainer.explain(X[:6])
    assert len(explanation) == 6
    for samples in (slice(1, 4), [1, 2, 3], np.arange(6) % 4 > 0):
        part = explanation[samples]
        rows = np.arange(6)[samples]
        np.testing.assert_array_equal(part.values, explanation.values[rows])
        np.testing.assert_array_equal(part.edge_values["gap"], explanation.edge_values["gap"][rows])
        np.testing.assert_array_equal(part.predictions, explanation.predictions[rows])
        assert part.summary().shape == explanation.summary().shape
    assert len(explanation[-1]) == 1
    np.testing.assert_array_equal(explanation[-1].data[0], X[5])
    with pytest.raises(IndexError, match="sample 6 is asked for, but there are 6"):
        explanation[6]


def test_pixels_that_were_explained_become_a_map(explained):
    explainer, _, X = explained
    explanation = explainer.explain(X)
    like = xr.DataArray(np.zeros((3, 4)), dims=("y", "x"), coords={"y": [0.0, 0.5, 1.0]}, name="gap")
    flake = explanation.to_dataset(like)
    assert dict(flake["values"].sizes) == {"y": 3, "x": 4, "feature": 3, "energy": 81}
    np.testing.assert_array_equal(flake.gap_values[1, 2], explanation.edge_values["gap"][6])
    np.testing.assert_array_equal(flake.y, [0.0, 0.5, 1.0])
    assert dict(explanation.to_dataset().sizes) == {"sample": 12, "feature": 3, "energy": 81}
    with pytest.raises(ValueError, match="3 x 4 pixels, but 6 samples"):
        explanation[:6].to_dataset(like)


def test_edges_can_be_explained_without_curves(explained):
    explainer, _, X = explained
    whole, alone = explainer.explain(X[:3]), explainer.explain(X[:3], curves=False)
    assert alone.values.shape == (3, 3, 0)
    for name in ("vbm", "cbm", "gap"):
        np.testing.assert_allclose(alone.edge_values[name], whole.edge_values[name], atol=1e-12)
    assert list(alone.summary().columns) == ["|vbm| (meV)", "|cbm| (meV)", "|gap| (meV)"]
    assert alone.to_shap("cbm").values.shape == (3, 3)
    with pytest.raises(ValueError, match="edges=False leaves these out too"):
        explainer.explain(X[:3], edges=False, curves=False)
