# SPDX-License-Identifier: BSD-3-Clause
"""The one place where names private to scikit-learn are imported, so that a rename there is mended here."""

from sklearn.base import _fit_context
from sklearn.utils._param_validation import HasMethods, Hidden, Interval, Options, StrOptions

__all__ = ["HasMethods", "Hidden", "Interval", "Options", "StrOptions", "_fit_context"]
