# SPDX-License-Identifier: BSD-3-Clause
"""What can be explained beside the curve: numbers of a prediction, each with its unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from strain2dos._estimators.wrappers import Transparent, look_through
from strain2dos._plotting.axes import BLUE, ORANGE
from strain2dos._plotting.labels import feature_label
from strain2dos.mapping._pixels.model import EDGE_NAMES, EDGE_STD, FittedModel

_WIDTHS = tuple(f"{name}_width" for name in EDGE_NAMES)
_LABELS = {"vbm": "VBM", "cbm": "CBM", "gap": "Gap", "gap_direct": "Gap at K"}
_COLORS = {"vbm": BLUE, "cbm": ORANGE, "gap": "#000000", "gap_direct": "#7f7f7f"}
#: Numbers that `explain` takes as `targets`.
TARGETS = ("gap_direct", *EDGE_STD, "gap_direct_std", *_WIDTHS, "domain_score")


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


@dataclass(frozen=True)
class Evaluations:
    """The value function: quantities of a model side by side, averaged over rows.

    Attributes
    ----------
    model : FittedModel
    conformal : ConformalDOSRegressor or None
        What gives intervals.
    quantities : tuple of str
        "dos" and names of numbers, in order.
    """

    model: FittedModel
    conformal: Any | None
    quantities: tuple[str, ...]

    def check(self) -> None:
        """Raise a ValueError that says which targets the model has not."""
        has_std = self.model.edges_have_std
        known = set(EDGE_NAMES) if self.model.has_edges else set()
        known |= set(EDGE_STD) if has_std else set()
        known |= {"gap_direct", "gap_direct_std"} if self.model.at_k else set()
        known |= {"domain_score"} if self.model.chain.has("domain_score") else set()
        known |= set(_WIDTHS) if self.conformal is not None and self.model.has_edges else set()
        wrong = [name for name in self.quantities if name not in known | {"dos"}]
        if wrong:
            reason = (
                "; intervals need a ConformalDOSRegressor" if any(name in _WIDTHS for name in wrong) else ""
            )
            raise ValueError(
                f"targets={wrong} cannot be explained: this model gives {sorted(known)}{reason}."
            )

    def __call__(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means (g, m) over the rows (g, b, k) that have a value, and how many have none (g, m)."""
        g, b, k = rows.shape
        Z, good, _ = self.model.chain.transform_finite(rows.reshape(-1, k))
        if not good.all():
            raise ValueError("a step before the regressor answered finite features with values not finite.")
        found = self._predict(Z)
        parts = [
            _mean_of_present(np.asarray(found[name], dtype=np.float64).reshape(g, b, -1))
            for name in self.quantities
        ]
        means, missing = zip(*parts, strict=True)
        return np.concatenate(means, axis=1), np.concatenate(missing, axis=1)

    def _predict(self, Z: Any) -> dict[str, np.ndarray]:
        widths = [name for name in self.quantities if name in _WIDTHS]
        plain = [name for name in self.quantities if name not in _WIDTHS]
        if not widths or self.conformal is None:
            return self.model.predict(Z, plain)
        edges = self.conformal._intervals_of(self.model.final, Z)
        spans = {f"{name}_width": np.ptp(getattr(edges, name), axis=1) for name in EDGE_NAMES}
        return self.model.predict(Z, plain) | {name: spans[name] for name in widths}


def _mean_of_present(found: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean (g, m) of values (g, b, m) over rows that have one, and how many have none."""
    mean = found.mean(axis=1)
    if not np.isnan(mean).any():
        return mean, np.zeros_like(mean)
    absent = np.isnan(found)
    present = found.shape[1] - absent.sum(axis=1)
    with np.errstate(invalid="ignore"):
        mean = np.where(absent, 0.0, found).sum(axis=1) / np.where(present, present, np.nan)
    return mean, absent.sum(axis=1)


def scalar_names(model: FittedModel, edges: bool, targets: Sequence[str]) -> tuple[str, ...]:
    """Names of the numbers to be explained: the edges if wanted, then what else was asked for."""
    own = EDGE_NAMES if edges and model.has_edges else ()
    return (*own, *(name for name in dict.fromkeys(targets) if name not in own))


def conformal_of(estimator: Any) -> Any | None:
    """Give the conformal regressor that an estimator is or holds, None where there is none."""
    found = look_through(estimator, until="predict_edge_intervals").final
    return found if isinstance(found, Transparent) else None
