# SPDX-License-Identifier: BSD-3-Clause
"""The estimators together, as users join them: spectra in, curves out."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import DOSRegressor, RamanFeaturizer
from strain2dos.datasets import SampleVariation, make_raman_dos


@pytest.fixture(scope="module")
def data():
    # perfectly calibrated samples: the errors of the unstrained positions would hide those of the model
    return make_raman_dos(
        48, doping=0.1, variation=SampleVariation((0.0, 0.0), 0.0, 0.0, 0.0), random_state=0
    )


def pipeline(data):
    regressor = DOSRegressor(
        data.energies,
        n_members=1,
        max_epochs=4,
        hidden_layer_sizes=(8,),
        representation="pca",
        random_state=0,
    )
    return Pipeline(
        [
            ("features", RamanFeaturizer(data.shift)),
            ("scale", StandardScaler().set_output(transform="pandas")),
            ("dos", regressor),
        ]
    )


def test_grid_search_over_featurizer_and_regressor_does_not_depend_on_n_jobs(data):
    grid = {"features__features": [("center",), ("center", "fwhm", "area")], "dos__lr": [1e-3, 1e-2]}
    found = [
        GridSearchCV(pipeline(data), grid, cv=GroupKFold(2), n_jobs=n_jobs, error_score="raise").fit(
            data.spectra, data.dos, groups=data.groups, dos__groups=data.groups
        )
        for n_jobs in (1, 2)
    ]
    scores = [search.cv_results_["mean_test_score"] for search in found]
    assert np.array_equal(scores[0], scores[1])
    assert len(np.unique(scores[0])) > 1
    assert np.array_equal(found[0].predict(data.spectra), found[1].predict(data.spectra))


def test_the_pipeline_predicts_the_gap_of_a_strain_state_it_has_not_seen(data):
    unseen = np.array(data.name) == "bi+1"
    model = pipeline(data).set_params(dos__representation="auto")
    model.fit(
        data.spectra[~unseen],
        data.dos[~unseen],
        dos__groups=data.groups[~unseen],
        dos__edges=data.edges[~unseen],
    )
    gap = model[-1].predict_edges(model[:-1].transform(data.spectra[unseen])).gap
    # the neighbors at 0 and 2 % lie 180 and 220 meV away; linear interpolation between them misses by 19 meV
    assert np.abs(gap - data.gap[unseen]).max() < 0.019
    assert model.predict(data.spectra).min() >= 0.0


def test_importing_the_package_imports_neither_torch_nor_shap():
    code = "import sys, strain2dos; print([m for m in ('torch', 'shap', 'numba') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
