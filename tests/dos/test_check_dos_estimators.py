# SPDX-License-Identifier: BSD-3-Clause
"""The contract of scikit-learn."""

from sklearn.linear_model import Ridge
from sklearn.utils.estimator_checks import parametrize_with_checks

from strain2dos import ConformalDOSRegressor, DOSRegressor

ESTIMATORS = [
    DOSRegressor(hidden_layer_sizes=(8,), n_members=2, max_epochs=5, random_state=0),
    DOSRegressor(
        hidden_layer_sizes=(4, 4),
        n_members=1,
        max_epochs=3,
        early_stopping=False,
        representation="pca",
        loss="huber",
    ),
    ConformalDOSRegressor(Ridge(), level=0.5),
]


@parametrize_with_checks(ESTIMATORS)
def test_scikit_learn_contract(estimator, check):
    check(estimator)
