# SPDX-License-Identifier: BSD-3-Clause
"""Pictures show what they were given."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import ConformalDOSRegressor, DOSRegressor, band_edges
from strain2dos.dos import DOSCurveDisplay, GapParityDisplay, LossCurveDisplay

ENERGIES = np.linspace(-2, 2, 81)
STRAIN = np.linspace(0, 0.06, 9)[:, None]
DOS = np.clip(np.abs(ENERGIES) - (0.8 - 5 * STRAIN), 0, None)


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.fixture(scope="module")
def pipeline():
    inner = DOSRegressor(ENERGIES, hidden_layer_sizes=(4,), n_members=2, max_epochs=4, random_state=0)
    return make_pipeline(StandardScaler(), inner).fit(STRAIN, DOS)


def test_loss_curves_show_every_epoch_of_every_net(pipeline):
    display = LossCurveDisplay.from_estimator(pipeline)
    assert len(display.lines_) == 4
    np.testing.assert_array_equal(display.lines_[0].get_ydata(), pipeline[-1].history_[0]["train_loss"])
    assert "log density" in display.ax_.get_ylabel()
    with pytest.raises(ValueError, match="Ridge has no history_"):
        LossCurveDisplay.from_estimator(Ridge())


def test_parity_states_the_error_and_what_is_missing():
    display = GapParityDisplay.from_predictions(
        [1.5, 1.2, 1.0], [1.51, 1.18, np.nan], gap_std=[0.01, 0.02, 0.01]
    )
    assert display.mae_ == pytest.approx(15.0)
    label = display.ax_.get_legend_handles_labels()[1][0]
    assert label == "left-out states: MAE 15.0 meV (1 without a gap)"
    assert "(eV)" in display.ax_.get_xlabel()
    assert "(eV)" in display.ax_.get_ylabel()
    low, high = display.ax_.get_xlim()
    GapParityDisplay.from_predictions([0.5], [0.6], label="second", ax=display.ax_)
    assert display.ax_.get_xlim()[0] < low
    assert display.ax_.get_xlim()[1] == high
    with pytest.raises(ValueError, match=r"\(2,\) and gap_pred \(1,\)"):
        GapParityDisplay([1.0, 2.0], [1.0])


def test_curve_marks_edges_and_reference(pipeline):
    display = DOSCurveDisplay.from_estimator(pipeline, STRAIN[[4]], DOS[4])
    labels = display.ax_.get_legend_handles_labels()[1]
    threshold = pipeline[-1].edge_threshold_
    edges = band_edges(ENERGIES, pipeline.predict(STRAIN[[4]]), threshold=threshold)
    assert f"VBM {edges.vbm[0]:.3f} eV" in labels
    assert "reference" in labels
    assert "eV" in display.ax_.get_xlabel()


def test_curve_of_a_conformal_regressor_has_its_band():
    model = ConformalDOSRegressor(Ridge(1e-6), level=0.5).fit(STRAIN, DOS)
    display = DOSCurveDisplay.from_estimator(model, STRAIN[[4]], energies=ENERGIES)
    np.testing.assert_array_equal(display.interval, model.predict_interval(STRAIN[[4]])[0])
    assert "band" in display.ax_.get_legend_handles_labels()[1]
    with pytest.raises(ValueError, match="pass energies="):
        DOSCurveDisplay.from_estimator(model, STRAIN[[4]])


def test_more_than_one_curve_is_refused():
    with pytest.raises(ValueError, match=r"\(81,\), but its shape is \(9, 81\)"):
        DOSCurveDisplay.from_predictions(ENERGIES, DOS)
