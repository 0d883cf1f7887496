# SPDX-License-Identifier: BSD-3-Clause
"""Rows of pixels through a fitted model, with pixels that cannot be evaluated flagged instead of lost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import xarray as xr

from strain2dos._estimators.columns import as_named, finite_rows
from strain2dos.mapping._pixels.cube import column_names
from strain2dos.mapping._pixels.lines import domain_of
from strain2dos.mapping._pixels.model import EDGE_NAMES, EDGE_STD, QUANTITIES, VALLEY_NAMES, FittedModel
from strain2dos.mapping._pixels.status import FIT_CODES, PixelStatus

#: What "auto" maps as far as the model can give it.
AUTO = ("dos", *EDGE_NAMES, "gap_std", "gap_direct", "gap_direct_std", "domain_score")
# A network holds a few arrays as wide as its output.
_CURVES_AT_WORK = 4
#: A map of curves from this size on is made on request only.
MOST_BYTES = 2**30


def check_quantities(quantities: Sequence[str]) -> tuple[str, ...]:
    """Refuse names of quantities that a map cannot hold."""
    if isinstance(quantities, str):
        raise ValueError(f'quantities must be "auto" or a sequence of names, but got {quantities!r}.')
    unknown = [name for name in quantities if name not in QUANTITIES]
    if unknown or not len(quantities):
        raise ValueError(f"quantities must be taken from {list(QUANTITIES)}, but got {list(quantities)}.")
    return tuple(dict.fromkeys(quantities))


@dataclass(frozen=True)
class PixelEvaluator:
    """What a block of pixels becomes: arrays per quantity and a status.

    Attributes
    ----------
    model : FittedModel
    quantities : tuple of str
        What to evaluate; band edges are left NaN where the model has no energies.
    dtype : numpy dtype
        Of the quantities with an energy or feature axis.
    columns : tuple of str
        Names of the columns of "features".
    functional : str or None
        Of the calculation that was learned, for the labels of energies.
    left_out : tuple of str
        What quantities="auto" could not give.
    """

    model: FittedModel
    quantities: tuple[str, ...]
    dtype: np.dtype
    columns: tuple[str, ...]
    functional: str | None = None
    left_out: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        model: FittedModel,
        cube: xr.DataArray,
        wanted: Sequence[str] | str,
        dtype: np.dtype,
        functional: str | None,
    ) -> PixelEvaluator:
        """Set up the evaluation of a cube (y, x, k) for the quantities that are wanted, by name or "auto"."""
        size = 0 if model.energies is None else len(model.energies) * dtype.itemsize
        quantities = resolve_quantities(wanted, model, size * cube.sizes["y"] * cube.sizes["x"])
        left_out = tuple(name for name in AUTO if name not in quantities and isinstance(wanted, str))
        return cls(model, quantities, dtype, column_names(cube, model), functional, left_out)

    def __post_init__(self) -> None:
        chain = self.model.chain
        for name in self.quantities:
            if needs := _lacks(self.model, name):
                where = f" inside {type(chain.targets[0]).__name__}" if chain.targets else ""
                raise ValueError(
                    f"quantities asks for {name!r}, but {type(chain.final).__name__}{where} has no {needs}; "
                    "take the quantity out or map with a DOSRegressor."
                )

    @cached_property
    def n_energies(self) -> int:
        """Points of a predicted curve."""
        if self.model.energies is not None:
            return len(self.model.energies)
        final = self.model.final
        zeros = as_named(np.zeros((1, final.n_features_in_)), final)
        return int(np.asarray(self.model.chain.predict(zeros)).reshape(1, -1).shape[1])

    @property
    def values_per_pixel(self) -> int:
        """How many numbers the evaluation holds for a pixel at a time, by which chunks are sized."""
        return _CURVES_AT_WORK * self.n_energies

    def width(self, name: str) -> int | None:
        """Length of the last axis of the quantity ``name``; None for a plain map."""
        if name in ("dos", "dos_std"):
            return self.n_energies
        return {"features": len(self.columns), "valleys": len(self.model.valleys)}.get(name)

    def dtype_of(self, name: str) -> np.dtype:
        """Type in which the quantity ``name`` is stored."""
        return np.dtype(np.float64) if self.width(name) is None else self.dtype

    def empty(self, name: str, n: int) -> np.ndarray:
        """NaN for ``n`` pixels of the quantity ``name``."""
        width = self.width(name)
        return np.full(n if width is None else (n, width), np.nan, dtype=self.dtype_of(name))

    def __call__(self, X: np.ndarray) -> dict[str, np.ndarray]:
        """Evaluate pixels ``X`` (n, k): arrays (n,) or (n, m) by quantity, and "status" (n,) uint8."""
        X = np.asarray(X, dtype=np.float64)
        result = {name: self.empty(name, len(X)) for name in self.quantities}
        status = np.full(len(X), PixelStatus.INPUT_NOT_FINITE, dtype=np.uint8)
        result["status"] = status
        rows = np.flatnonzero(self.model.chain.usable(X))
        if not rows.size:
            return result
        inputs = X[rows]
        whole = finite_rows(inputs)
        if not whole.all():
            inputs = np.where(np.isfinite(inputs), inputs, np.nan)  # transformers that take NaN refuse inf
        Z, kept, features = self.model.chain.transform_finite(inputs)
        # A scaler passes NaN on: then the input is to blame. A featurizer fits without these points.
        handed_on = ~whole & (self.model.featurizer is None)
        lost = np.where(handed_on, PixelStatus.INPUT_NOT_FINITE, PixelStatus.FEATURES_NOT_FINITE)
        status[rows] = np.where(kept, PixelStatus.OK, lost)
        self._name_reasons(status, rows[~kept], inputs[~kept])
        if "features" in result:
            result["features"][rows] = features
        if kept.any():
            found = self.model.predict(Z, self.quantities)
            if {"domain_score", "domain_reason"} & set(self.quantities):
                found |= self._domain(Z, features[kept], found.get("domain_score"))
            for name in found.keys() & result.keys():
                result[name][rows[kept]] = found[name]
        return result

    def _name_reasons(self, status: np.ndarray, rows: np.ndarray, inputs: np.ndarray) -> None:
        """Status of the fit for spectra that a featurizer gave no numbers for."""
        featurizer = self.model.featurizer
        if featurizer is None or not rows.size or not hasattr(featurizer, "transform_with_status"):
            return
        codes = featurizer.transform_with_status(as_named(inputs, featurizer))[1]
        status[rows] = np.where(codes > 0, codes + FIT_CODES, status[rows])

    def _domain(self, Z: object, features: np.ndarray, score: np.ndarray | None) -> dict[str, np.ndarray]:
        if score is None and self.model.chain.has("domain_score"):
            score = np.asarray(self.model.final.domain_score(Z), dtype=np.float64)
        return domain_of(self.model, features, score)


def _lacks(model: FittedModel, name: str) -> str:
    """What the regressor would need for the quantity ``name``; empty where it has it."""
    if name == "dos_std":
        return "" if model.chain.supports_std() else "predict(X, return_std=True)"
    if name == "domain_score":
        return "" if model.chain.has(name) else f"method {name!r}"
    if name in EDGE_STD:
        return "" if model.edges_have_std else "edges learned from eigenvalues (fit(..., edges=...))"
    if name == "valleys":
        return "" if model.valleys else "valleys (fit(..., edges=...) with a table of valleys)"
    if name in VALLEY_NAMES:
        return "" if model.at_k else "valleys vbm_K and cbm_K (fit(..., edges=...) with a table of valleys)"
    return ""


def resolve_quantities(quantities: Sequence[str] | str, model: FittedModel, n_bytes: int) -> tuple[str, ...]:
    """Names of what is mapped: those given, or for "auto" what the model can give.

    Parameters
    ----------
    quantities : "auto" or sequence of str
    model : FittedModel
    n_bytes : int
        Size that a map of the curves would have.
    """
    if not isinstance(quantities, str) or quantities != "auto":
        return check_quantities(quantities)
    return tuple(
        name for name in AUTO if not _lacks(model, name) and not (name == "dos" and n_bytes >= MOST_BYTES)
    )


def needs_energies(quantities: Sequence[str]) -> bool:
    """Whether a band edge is among ``quantities``."""
    return any(name in EDGE_NAMES for name in quantities)
