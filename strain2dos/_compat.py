# SPDX-License-Identifier: BSD-3-Clause
"""The one place where names private to scikit-learn are imported, so that a rename there is mended here."""

from sklearn.base import _fit_context
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import _safe_indexing as take_rows
from sklearn.utils._param_validation import HasMethods, Hidden, Interval, Options, StrOptions

__all__ = [
    "BaseSearchCV",
    "HasMethods",
    "Hidden",
    "Interval",
    "Options",
    "StrOptions",
    "_fit_context",
    "take_rows",
]
