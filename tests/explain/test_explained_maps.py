# SPDX-License-Identifier: BSD-3-Clause
"""Maps of attribution, coordinates, errors and domain, on models whose answer is known on paper."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from sklearn.base import BaseEstimator, RegressorMixin

from strain2dos import (
    BandEdges,
    ConformalDOSRegressor,
    DOSExplainer,
    DOSRegressor,
    StrainDopingSeparator,
)
from strain2dos.explain import AttributionMapDisplay, ErrorShares
from strain2dos.explain._values.collinear import collinear_groups
from strain2dos.explain._values.coordinates import StrainCoordinates

ENERGIES = np.linspace(-7.0, -3.0, 9)
LINES = ["E'-_center", "E'+_center", "A1'_center"]
GAP, SLOPE = 1.8, -9.0


class GapOfStrain(RegressorMixin, BaseEstimator):
    """Reads strain off the lines by the published rates; its gap depends on strain and on nothing else."""

    def __init__(self, names=LINES, width=0.0):
        self.names, self.width = names, width

    def fit(self, X, y=None):
        self.energies_, self.n_features_in_ = ENERGIES, len(self.names)
        self.feature_names_in_ = np.array(self.names, dtype=object)
        self.separator_ = StrainDopingSeparator(output="invariants").fit(pd.DataFrame(X, columns=self.names))
        return self

    def predict(self, X):
        return np.ones((len(X), len(ENERGIES)))

    def predict_edges(self, X):
        frame = pd.DataFrame(np.asarray(X), columns=self.names)
        strain = 0.5 * self.separator_.transform(frame)[:, 0]
        gap = GAP + SLOPE * strain + self.width * (np.asarray(X)[:, -1] if "LA_fwhm" in self.names else 0.0)
        return BandEdges(-6.0 + 0.0 * gap, -6.0 + gap, gap)


def positions(strain, shear, doping):
    """Lines of given strain (half the trace), shear and doping, by the separator's own way back."""
    separator = StrainDopingSeparator(output="invariants").fit(
        pd.DataFrame([[384.0, 385.0, 403.0]], columns=LINES)
    )
    return separator.inverse_transform(np.column_stack([2 * np.asarray(strain), shear, doping]))


@pytest.fixture
def states(rng):
    strain, shear = rng.uniform(-0.01, 0.02, 40), rng.uniform(0, 0.01, 40)
    return strain, shear, rng.uniform(0, 1, 40)


def test_coordinates_are_strain_shear_and_doping_and_lead_back(states):
    X = positions(*states)
    names = [*LINES, "A1'_fwhm", "E'_center"]
    features = np.column_stack([X, np.full(40, 5.0), X[:, :2].mean(axis=1) + 0.1])
    found = StrainCoordinates.of(names, StrainDopingSeparator())
    assert found.names == ("strain", "shear", "doping", "A1'_fwhm", "E'_center rest")
    U = found.from_features(features)
    expected = np.column_stack([*states, np.full(40, 5.0), np.full(40, 0.1)])
    np.testing.assert_allclose(U, expected, atol=1e-9)
    np.testing.assert_allclose(found.to_features(U), features, atol=1e-9)
    step = np.array([0.3, -0.2, 0.1, 1.0, 0.05])
    moved = found.from_features(features + step) - U
    np.testing.assert_allclose(moved, np.tile(found.jacobian @ step, (40, 1)), atol=1e-9)
    with pytest.raises(ValueError, match="strain and doping follow from"):
        StrainCoordinates.of(["x", "y"], StrainDopingSeparator())


def test_in_coordinates_doping_and_shear_have_no_share_in_a_gap_of_strain(states):
    X = pd.DataFrame(positions(*states), columns=LINES)
    model = GapOfStrain().fit(X)
    found = DOSExplainer(model, X, coordinates="strain").explain(X[:6], curves=False)
    share = dict(zip(found.feature_names, found.edge_values["gap"].T, strict=True))
    np.testing.assert_allclose(share["strain"], SLOPE * (states[0][:6] - states[0].mean()), atol=1e-9)
    assert np.abs(share["shear"]).max() < 1e-9
    assert np.abs(share["doping"]).max() < 1e-9
    # the lines themselves trade shares: doping alone moves A1' and E', whose shares cancel
    doped = pd.DataFrame(positions([0.0], [0.0], [1.0]), columns=LINES)
    plain = DOSExplainer(model, pd.DataFrame(positions([0.0], [0.0], [0.0]), columns=LINES))
    alone = plain.explain(doped, curves=False).edge_values["gap"][0]
    assert np.abs(alone).max() > 1e-3
    assert abs(alone.sum()) < 1e-9


def test_a_map_names_the_strongest_feature_of_each_pixel_and_the_reason_for_sums(states):
    X = pd.DataFrame(positions(*states), columns=LINES)
    model = GapOfStrain().fit(X)
    strain = np.array([[0.0, 0.005, 0.01], [0.015, np.nan, 0.02]])
    pixels = positions(strain.ravel(), np.zeros(6), np.zeros(6)).reshape(2, 3, 3)
    cube = xr.DataArray(pixels, dims=("y", "x", "feature"), coords={"feature": LINES, "x": [0.0, 1.0, 2.0]})
    explainer = DOSExplainer(model, X, coordinates="strain")
    with pytest.warns(UserWarning, match="1 of 6 samples"):
        found = explainer.explain_map(cube)
    assert dict(found.sizes)["feature"] == 3
    np.testing.assert_allclose(
        found["gap_values"].sel(feature="strain"), SLOPE * (strain - states[0].mean()), atol=1e-9
    )
    np.testing.assert_array_equal(found["gap_driver"], [[0, 0, 0], [0, -1, 0]])
    assert found["gap_driver"].attrs["flag_meanings"] == "strain shear doping none"
    assert "groups" not in found.attrs
    np.testing.assert_array_equal(found["x"], [0.0, 1.0, 2.0])
    with pytest.warns(UserWarning, match="1 of 6 samples"):
        summed = DOSExplainer(model, X).explain_map(cube)
    assert list(summed["feature"].values) == ["E'-_center + E'+_center + A1'_center"]
    assert "move together" in summed.attrs["groups"]
    display = AttributionMapDisplay(found).plot()
    assert len(display.ims_) == 4
    assert display.axes_[-1].get_legend().get_texts()[0].get_text() == "Strain: 100%"
    with pytest.raises(ValueError, match="errors=True"):
        AttributionMapDisplay(found, what="error").plot()
    plt.close("all")


def test_groups_hold_what_is_correlated_and_nothing_else(rng):
    strain, other = rng.normal(size=(2, 200))
    rows = np.column_stack([strain, -0.5 * strain + 0.05 * other, other, np.ones(200)])
    assert collinear_groups(rows, list("abcd")) == {"a + b": ["a", "b"]}


def test_the_variance_of_the_gap_is_divided_exactly_where_the_model_is_linear(states, rng):
    X = pd.DataFrame(positions(*states), columns=LINES)
    model = GapOfStrain().fit(X)
    root = rng.normal(size=(3, 3)) * 0.1
    covariance = root @ root.T
    slope = 0.5 * SLOPE * model.separator_.inverse_[0]
    found = DOSExplainer(model, X).explain_errors(X[:4], covariance)
    np.testing.assert_allclose(found.variance, np.tile(slope * (covariance @ slope), (4, 1)), atol=1e-14)
    np.testing.assert_allclose(found.std, np.sqrt(slope @ covariance @ slope), rtol=1e-9)
    np.testing.assert_allclose(found.share.sum(axis=1), 1.0)
    inner = DOSExplainer(model, X, coordinates="strain").explain_errors(X[:4], covariance)
    np.testing.assert_allclose(inner.std, found.std, rtol=1e-6)
    np.testing.assert_allclose(inner.share, [[1.0, 0.0, 0.0]] * 4, atol=1e-9)
    with pytest.raises(ValueError, match="pass the covariance of the features"):
        DOSExplainer(model, X).explain_errors(X)


@pytest.fixture(scope="module")
def trained():
    rng = np.random.default_rng(4)
    strain = np.linspace(-0.01, 0.02, 24)
    X = pd.DataFrame(
        positions(strain, np.abs(np.sin(9 * strain)) * 0.01, rng.uniform(0, 0.5, 24)), columns=LINES
    )
    energies = np.linspace(-2.0, 2.0, 101)
    half = 0.9 - 4.5 * strain
    dos = np.clip(np.abs(energies) - half[:, None], 0.0, None)
    model = DOSRegressor(energies, hidden_layer_sizes=(), representation="grid", random_state=0)
    conformal = ConformalDOSRegressor(model, cv=4, level=0.8)
    return X, conformal.fit(X, dos, edges=np.column_stack([-half, half]))


def test_shares_in_widths_and_in_the_model_error_add_up_to_them(trained):
    X, conformal = trained
    rows = X[:3] + np.array([0.4, 0.4, -0.5])
    found = DOSExplainer(conformal, X).explain(
        rows, curves=False, targets=["gap_width", "gap_std", "domain_score"]
    )
    width = np.ptp(conformal.predict_edge_intervals(rows).gap, axis=1)
    np.testing.assert_allclose(found.edge_predictions("gap_width"), width, atol=1e-9)
    np.testing.assert_allclose(
        found.edge_predictions("gap_std"), conformal.predict_edges(rows, return_std=True)[1].gap, atol=1e-9
    )
    np.testing.assert_allclose(
        found.edge_predictions("domain_score"), conformal.domain_score(rows), atol=1e-9
    )
    assert "|domain_score|" in found.summary().columns
    with pytest.raises(ValueError, match="intervals need a ConformalDOSRegressor"):
        DOSExplainer(conformal.estimator_, X).explain(rows, targets=["gap_width"])


def test_the_reason_of_a_sample_outside_names_the_value_that_lies_furthest_out(trained):
    X, conformal = trained
    inside, far = X[10:11].to_numpy(), X[10:11].to_numpy() + np.array([0.0, 0.0, 6.0])
    words = DOSExplainer(conformal, X).explain_domain(np.vstack([inside, far, [[np.nan, 1.0, 1.0]]]))
    assert words[0] == ""
    seen = {name.removesuffix("_center"): X[name].to_numpy() for name in LINES}
    distances = {"A1'-E'-": seen["A1'"] - seen["E'-"], "A1'-E'+": seen["A1'"] - seen["E'+"]}
    there = {"A1'-E'-": far[0, 2] - far[0, 0], "A1'-E'+": far[0, 2] - far[0, 1]}
    worst = max(distances, key=lambda name: (there[name] - distances[name].max()) / np.ptp(distances[name]))
    low, high = distances[worst].min(), distances[worst].max()
    expected = f"its {worst} is {there[worst]:.4g}, and the background has {low:.4g} to {high:.4g}."
    assert words[1].endswith(expected)
    assert words[2] == "no features could be taken from it"


def test_errors_as_a_table_are_in_mev_and_lie_in_the_order_of_the_sources():
    found = ErrorShares("gap", ("E'_center", "model"), np.array([[9e-6, 16e-6], [np.nan, np.nan]]))
    table = found.summary()
    np.testing.assert_allclose(table["std of gap (meV)"], [3.0, 4.0])
    np.testing.assert_allclose(table["share of the variance"], [0.36, 0.64])
    assert list(table.index) == ["E'_center", "model"]
