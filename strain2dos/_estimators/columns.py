# SPDX-License-Identifier: BSD-3-Clause
"""Columns by name: where a table and a model both have names, names decide and positions never do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def column_names(X: Any) -> list[str] | None:
    """Names of the columns of a table (pandas, polars, pyarrow, xarray, any dataframe), else None.

    As in scikit-learn, only names that are all strings count.
    """
    if hasattr(X, "dims") and hasattr(X, "coords"):
        names = X.coords[X.dims[-1]].values.tolist() if X.dims and X.dims[-1] in X.coords else None
    elif isinstance(getattr(X, "column_names", None), list):
        names = X.column_names
    elif isinstance(X, pd.DataFrame) or isinstance(getattr(X, "columns", None), list):
        names = list(X.columns)
    elif hasattr(X, "__dataframe__"):
        names = list(X.__dataframe__().column_names())
    else:
        return None
    if not names or not all(isinstance(name, str) for name in names):
        return None
    return [str(name) for name in names]


def as_array(X: object) -> Any:
    """Make an array of nested lists; tables and arrays stay what they are."""
    return np.asarray(X) if isinstance(X, list | tuple) else X


def feature_names(step: object) -> list[str] | None:
    """Names of the columns that ``step`` was fitted on, or None where it saw none."""
    names = getattr(step, "feature_names_in_", None)
    return None if names is None else [str(name) for name in names]


def as_named(X: np.ndarray, step: object) -> np.ndarray | pd.DataFrame:
    """Give ``X`` the column names that ``step`` was fitted on, so that scikit-learn can check them."""
    names = feature_names(step)
    return X if names is None else pd.DataFrame(X, columns=names)


def finite_rows(X: object) -> NDArray[np.bool_]:
    """Whether all values of each row are finite: (n,) bool."""
    return np.asarray(np.isfinite(np.asarray(X, dtype=np.float64)).all(axis=1))


def scatter_rows(values: np.ndarray, kept: NDArray[np.bool_]) -> np.ndarray:
    """Put rows back to where they were kept (n,), with NaN for the others."""
    full = np.full((len(kept), *values.shape[1:]), np.nan)
    full[kept] = values
    return full


def column_order(
    have: Sequence[str], wanted: Sequence[str], *, what: str, noun: str = "columns"
) -> list[int]:
    """Places in ``have`` of the names in ``wanted``.

    Parameters
    ----------
    have : sequence of str
        Names as the caller has them, in any order.
    wanted : sequence of str
        Names that the model was fitted on.
    what, noun : str
        How the error calls the table and its columns.

    Raises
    ------
    ValueError
        If the two do not hold the same names once each; in the words of scikit-learn.
    """
    have, wanted = list(have), list(wanted)
    unseen, missing = sorted(set(have) - set(wanted)), sorted(set(wanted) - set(have))
    twice = sorted({name for name in have if have.count(name) > 1})
    if not (unseen or missing or twice):
        return [have.index(name) for name in wanted]
    words = f"{what} has the {noun} {have}, but the model was fitted on {wanted}. "
    words += "The feature names should match those that were passed during fit.\n"
    for title, names in (
        ("Feature names unseen at fit time", unseen),
        ("Feature names seen at fit time, yet now missing", missing),
        ("Feature names that stand there more than once", twice),
    ):
        words += f"{title}:\n" + "".join(f"- {name}\n" for name in names) if names else ""
    raise ValueError(f"{words}Rename or drop columns so that they agree; their order does not matter.")


def aligned(X: object, names: Sequence[str] | None, *, what: str = "X") -> NDArray[np.float64]:
    """Return the values of ``X`` (n, k) with its columns in the order of ``names``.

    Parameters
    ----------
    X : array-like or dataframe of shape (n, k)
    names : sequence of str or None
        Names that the model was fitted on. Without names on either side, columns are taken as they stand.
    what : str
        How errors call ``X``.

    Raises
    ------
    ValueError
        If ``X`` does not have 2 axes, or its names are not those.
    """
    rows = np.asarray(X, dtype=np.float64)
    have = column_names(X)
    if have is None or names is None or rows.ndim != 2:
        return rows
    return rows[:, column_order(have, names, what=what)]
