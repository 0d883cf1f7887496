# SPDX-License-Identifier: BSD-3-Clause
"""Whatever wraps a pipeline, maps, explanations, scores and error bars are those of the pipeline."""

import numpy as np
import pytest
from sklearn.base import BaseEstimator, RegressorMixin, TransformerMixin
from sklearn.compose import TransformedTargetRegressor
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import ConformalDOSRegressor, DOSExplainer, SpatialMapper
from strain2dos._estimators.fitting import fit_arguments
from strain2dos._estimators.wrappers import look_through
from strain2dos.dos import BandEdges, band_edges, propagate_noise
from strain2dos.dos.metrics import make_dos_scorer

ENERGIES = np.linspace(-7.0, -3.0, 41)
SHIFT = np.linspace(375.0, 415.0, 21)


class Centroid(TransformerMixin, BaseEstimator):
    """Stands for a featurizer: centroid and spread of a spectrum, NaN points left out, none of a dark one."""

    def __init__(self, shift=None):
        self.shift = shift

    def fit(self, X, y=None):
        self.n_features_in_ = np.shape(X)[1]
        return self

    def transform(self, X):
        X = np.nan_to_num(np.asarray(X))
        with np.errstate(invalid="ignore", divide="ignore"):
            middle = (X * self.shift).sum(axis=1) / X.sum(axis=1)
            spread = (X * np.abs(self.shift - middle[:, None])).sum(axis=1) / X.sum(axis=1)
        return np.column_stack([middle, spread])

    def get_feature_names_out(self, input_features=None):
        return np.array(["E'_center", "spread"], dtype=object)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


class Semiconductor(RegressorMixin, BaseEstimator):
    """Ridge on the curves; edges, domain and deviation are known functions of the features."""

    def __init__(self, alpha=1e-6):
        self.alpha = alpha

    def fit(self, X, y, *, groups=None, edges=None, sample_weight=None):
        self.ridge_ = Ridge(self.alpha).fit(np.asarray(X), y, sample_weight)
        self.energies_, self.n_features_in_ = ENERGIES, self.ridge_.n_features_in_
        self.edge_reference_ = -5.2
        self.groups_, self.edges_, self.weight_ = groups, edges, sample_weight
        return self

    def predict(self, X, return_std=False):
        X = np.asarray(X)
        assert np.isfinite(X).all(), "a bad pixel reached the regressor"
        dos = self.ridge_.predict(X)
        return (dos, np.full_like(dos, 0.25)) if return_std else dos

    def predict_edges(self, X):
        cbm = -4.4 + 0.1 * np.asarray(X).mean(axis=1)
        return BandEdges(np.full(len(cbm), -6.0), cbm, cbm + 6.0)

    def domain_score(self, X):
        return np.abs(np.asarray(X)).max(axis=1)


@pytest.fixture(scope="module")
def data():
    random = np.random.default_rng(0)
    states = np.repeat(random.uniform(380, 400, 12), 2)
    spectra = np.exp(-((SHIFT - states[:, None]) ** 2) / 8) + 0.01 * random.uniform(size=(24, 21))
    gap = 1.6 + 0.02 * (states - 390)
    curves = np.clip(np.abs(ENERGIES + 5.2) - gap[:, None] / 2, 0, None)
    return spectra, curves, np.repeat(np.arange(12), 2)


def pipeline(output="default"):
    return make_pipeline(Centroid(SHIFT), StandardScaler(), Semiconductor()).set_output(transform=output)


WRAPPERS = {
    "pipeline": lambda inner, fit: fit(inner),
    "frozen": lambda inner, fit: FrozenEstimator(fit(inner)),
    "search": lambda inner, fit: fit(GridSearchCV(inner, {"semiconductor__alpha": [1e-6]}, cv=2)),
    "conformal": lambda inner, fit: fit(ConformalDOSRegressor(inner, cv=3, level=0.5)),
    "mapper": lambda inner, fit: fit(SpatialMapper(inner)),
    "nested": lambda inner, fit: FrozenEstimator(
        fit(SpatialMapper(ConformalDOSRegressor(make_pipeline("passthrough", inner), cv=3, level=0.5)))
    ),
    "search of conformal": lambda inner, fit: fit(
        GridSearchCV(ConformalDOSRegressor(inner, cv=3, level=0.5), {"level": [0.5]}, cv=2)
    ),
    "conformal of search": lambda inner, fit: fit(
        ConformalDOSRegressor(
            GridSearchCV(inner, {"semiconductor__alpha": [1e-6]}, cv=GroupKFold(2)), cv=3, level=0.5
        )
    ),
}


@pytest.fixture(params=WRAPPERS)
def wrap(request, data):
    spectra, curves, _ = data
    return lambda inner: WRAPPERS[request.param](inner, lambda model: model.fit(spectra, curves))


@pytest.fixture(scope="module")
def cube(data):
    spectra = data[0][:6].reshape(2, 3, 21).copy()
    spectra[0, 1] = 0.0
    spectra[1, 0, 3] = np.nan
    spectra[1, 2] = np.nan
    return spectra


@pytest.mark.parametrize("output", ["default", "pandas", "polars"])
def test_dark_pixels_are_flagged_behind_any_wrapper_and_table_type(wrap, data, cube, output):
    plain = pipeline().fit(*data[:2])
    quantities = ("dos", "dos_std", "vbm", "cbm", "gap", "domain_score", "features")
    wanted = SpatialMapper(plain, quantities=quantities).predict_map(cube)
    assert wanted.status.values.tolist() == [[0, 2, 0], [0, 0, 1]]
    found = SpatialMapper(wrap(pipeline(output)), quantities=quantities).predict_map(cube)
    for name in (*quantities, "status"):
        np.testing.assert_allclose(found[name], wanted[name], rtol=0, atol=1e-12)
    alone = plain[-1].predict_edges(plain[:-1].transform(cube[1, 1][None])).gap[0]
    assert wanted.gap.values[1, 1] == pytest.approx(alone, abs=1e-12)


def test_scorers_explainer_and_error_bars_look_into_any_wrapper(wrap, data):
    spectra, curves, _ = data
    plain, wrapped = pipeline().fit(spectra, curves), wrap(pipeline())
    for name in ("gap_mae", "learned_gap_mae", "wasserstein", "dos_mae"):
        scorer = make_dos_scorer(name)
        assert scorer(wrapped, spectra, curves) == pytest.approx(scorer(plain, spectra, curves), rel=1e-9)
    ours, theirs = (
        DOSExplainer.from_pipeline(model, spectra[::4]).explain(spectra[:3]) for model in (wrapped, plain)
    )
    assert ours.feature_names == ("E'_center", "spread")
    np.testing.assert_allclose(ours.values, theirs.values, atol=1e-12)
    np.testing.assert_allclose(ours.edge_values["gap"], theirs.edge_values["gap"], atol=1e-12)
    chain = look_through(wrapped)
    features = plain[0].transform(spectra[:4])
    bars = [
        propagate_noise(model, features, np.diag([0.04, 0.01]), model_std=True)
        for model in (chain.after(1), plain[1:])
    ]
    np.testing.assert_allclose(bars[0].dos_std, bars[1].dos_std, rtol=1e-9)
    np.testing.assert_allclose(bars[0].gap_std, bars[1].gap_std, rtol=1e-9)


def test_a_transformed_target_is_mapped_explained_and_scored_in_the_unit_of_the_curves(data, cube):
    spectra, curves, _ = data
    inner = make_pipeline(StandardScaler(), Semiconductor())
    target = TransformedTargetRegressor(inner, func=lambda y: 1e3 * y, inverse_func=lambda y: y / 1e3)
    model = make_pipeline(Centroid(SHIFT), target).fit(spectra, curves)
    plain = pipeline().fit(spectra, curves)
    found = SpatialMapper(model).predict_map(cube)
    wanted = SpatialMapper(plain).predict_map(cube)
    np.testing.assert_allclose(found.dos, wanted.dos, atol=1e-9)
    np.testing.assert_array_equal(found.status, wanted.status)
    # edges are read from the curves in their own unit: a threshold for scaled curves would not serve
    read = band_edges(ENERGIES, plain.predict(spectra[:1]), reference=-5.2)
    np.testing.assert_allclose(found.gap.values[0, 0], read.gap[0], atol=1e-6)
    explanation = DOSExplainer.from_pipeline(model, spectra[::4]).explain(spectra[:2], edges=False)
    np.testing.assert_allclose(explanation.predictions, model.predict(spectra[:2]), atol=1e-9)
    assert make_dos_scorer("dos_mae")(model, spectra, curves) == pytest.approx(
        make_dos_scorer("dos_mae")(plain, spectra, curves), rel=1e-6
    )
    with pytest.raises(ValueError, match="Semiconductor inside TransformedTargetRegressor has no predict"):
        SpatialMapper(model, quantities=("dos_std",)).predict_map(cube)
    with pytest.raises(ValueError, match="predict_edges of Semiconductor is in the unit of the transformed"):
        SpatialMapper(model).predict_edges(spectra)
    with pytest.raises(ValueError, match="TransformedTargetRegressor changes that unit"):
        make_dos_scorer("learned_gap_mae")(model, spectra, curves)


def test_a_vector_of_targets_keeps_its_shape_behind_a_transformed_target(data):
    model = TransformedTargetRegressor(Ridge(), transformer=StandardScaler()).fit(data[0], data[1][:, 3])
    found = look_through(model).call("predict", data[0])
    np.testing.assert_allclose(found, model.predict(data[0]), atol=1e-12)
    assert found.shape == (24,)


def test_unfitted_wrappers_are_looked_through_too():
    search = GridSearchCV(ConformalDOSRegressor(pipeline()), {"level": [0.5]})
    chain = look_through(SpatialMapper(TransformedTargetRegressor(search)))
    assert [type(step).__name__ for step in chain.steps] == ["Centroid", "StandardScaler", "Semiconductor"]
    assert chain.names == ("centroid", "standardscaler")
    assert not chain.frozen
    assert isinstance(look_through(search, until="predict_interval").final, ConformalDOSRegressor)


def test_arguments_of_fit_find_their_way_through_wrappers(data):
    spectra, curves, groups = data
    known = {"groups": groups, "edges": np.ones((24, 2)), "unknown": groups}
    inner = pipeline()
    expected = {"semiconductor__groups", "semiconductor__edges"}
    assert set(fit_arguments(inner, known)) == expected
    assert set(fit_arguments(SpatialMapper(inner), known)) == expected
    grouped = GridSearchCV(inner, {"semiconductor__alpha": [1e-6]}, cv=GroupKFold(2))
    assert set(fit_arguments(grouped, known)) == {*expected, "groups"}
    plain = GridSearchCV(inner, {"semiconductor__alpha": [1e-6]}, cv=2)
    assert set(fit_arguments(plain, known)) == expected
    assert set(fit_arguments(make_pipeline(StandardScaler(), inner), known)) == {
        f"pipeline__{name}" for name in expected
    }
    assert fit_arguments(FrozenEstimator(inner), known) == {}
    for model in (grouped, TransformedTargetRegressor(inner), make_pipeline("passthrough", inner)):
        mapper = SpatialMapper(model).fit(spectra, curves, groups=groups, edges=known["edges"])
        final = look_through(mapper).final
        assert np.array_equal(final.groups_, groups)
        assert final.edges_.shape == (24, 2)
    with pytest.raises(TypeError, match="weights"):
        SpatialMapper(Semiconductor()).fit(spectra, curves, weights=groups)
