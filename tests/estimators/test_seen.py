# SPDX-License-Identifier: BSD-3-Clause
"""Rows that a regressor was fitted on are recognized where it keeps them."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.kernel_ridge import KernelRidge
from sklearn.linear_model import LinearRegression
from sklearn.neighbors import KNeighborsRegressor

from strain2dos._estimators.seen import row_hashes, trained_on

ROWS = np.array([[384.6, 402.7], [383.2, 401.9], [381.7, 401.0]])


@pytest.mark.parametrize(
    "regressor", [GaussianProcessRegressor(), KernelRidge(), KNeighborsRegressor(n_neighbors=1)]
)
def test_training_rows_of_scikit_learns_regressors_are_recognized(regressor):
    fitted = regressor.fit(ROWS, [1.6, 1.5, 1.4])
    asked = np.vstack([ROWS[2] * (1 + 1e-9), ROWS[2] + 0.01, ROWS[0]])
    assert trained_on(fitted, asked).tolist() == [True, False, True]


def test_a_regressor_that_keeps_no_rows_knows_none():
    assert trained_on(LinearRegression().fit(ROWS, [1.6, 1.5, 1.4]), ROWS) is None


def test_the_sign_of_zero_does_not_make_another_row():
    first, second = row_hashes([[0.0, 1.0], [-0.0, 1.0]])
    assert first == second
