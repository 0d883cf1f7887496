# SPDX-License-Identifier: BSD-3-Clause
"""What can be explained beside the curve: numbers of a prediction, each with its unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from strain2dos._estimators.wrappers import Transparent, look_through
from strain2dos._plotting.axes import BLUE, ORANGE
from strain2dos._plotting.labels import feature_label
from strain2dos.mapping._pixels.model import EDGE_NAMES, FittedModel

if TYPE_CHECKING:
    from strain2dos.dos import ConformalDOSRegressor

WIDTHS = tuple(f"{name}_width" for name in EDGE_NAMES)
_LABELS = {"vbm": "VBM", "cbm": "CBM", "gap": "Gap", "gap_direct": "Gap at K"}
_COLORS = {"vbm": BLUE, "cbm": ORANGE, "gap": "#000000", "gap_direct": "#7f7f7f"}


def label(name: str) -> str:
    """Words for a legend."""
    for ending, words in (("_std", "std of {}"), ("_width", "interval of {}")):
        if name.endswith(ending):
            return words.format(label(name.removesuffix(ending)))
    return _LABELS.get(name, name.replace("_", " "))


def short_label(name: str) -> str:
    """Words for a feature without its unit; names of our own begin with a capital."""
    rest = " rest" if name.endswith(" rest") else ""
    short = feature_label(name.removesuffix(rest), unit=False) + rest
    return short[:1].upper() + short[1:] if short.islower() else short


def color(name: str) -> str:
    """Color of bars: the same for an edge, its deviation and its interval."""
    return _COLORS.get(name.removesuffix("_std").removesuffix("_width"), "#999999")


def unit(name: str) -> str:
    """Unit of the number; empty where it is a ratio."""
    return "" if name == "domain_score" else "eV"


def scalar_names(model: FittedModel, edges: bool, targets: Sequence[str]) -> tuple[str, ...]:
    """Names of the numbers to be explained: the edges if wanted, then what else was asked for."""
    own = EDGE_NAMES if edges and model.has_edges else ()
    return (*own, *(name for name in dict.fromkeys(targets) if name not in own))


def check_energy(energy: float, grid: np.ndarray, unit: str | None) -> None:
    """Refuse an energy that lies off the grid of the curves that were explained."""
    if not len(grid) or not grid[0] <= energy <= grid[-1]:
        known = (
            f"{grid[0]:g} to {grid[-1]:g} {unit or 'index'}" if len(grid) else "none: curves were left out"
        )
        raise ValueError(f"target={energy:g} must lie within the energies, {known}.")


def conformal_of(estimator: object) -> ConformalDOSRegressor | None:
    """Give the conformal regressor that an estimator is or holds, None where there is none."""
    found = look_through(estimator, until="predict_edge_intervals").final
    return cast("ConformalDOSRegressor", found) if isinstance(found, Transparent) else None
