# SPDX-License-Identifier: BSD-3-Clause
"""One fit per spectrum, and everything that follows from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from strain2dos._estimators.columns import as_named, finite_rows
from strain2dos.mapping._flake.positions import PositionErrors
from strain2dos.mapping._flake.propagation import energies_of, energy_names
from strain2dos.mapping._flake.scissor import Scissor
from strain2dos.mapping._flake.shared import SharedError
from strain2dos.mapping._flake.strain import STRAIN_NAMES, StrainLines
from strain2dos.mapping._pixels.evaluate import PixelEvaluator
from strain2dos.mapping._pixels.lines import domain_of
from strain2dos.mapping._pixels.model import FittedModel
from strain2dos.mapping._pixels.status import FIT_CODES, PixelStatus
from strain2dos.mapping._sampling.common import SLOPES

Array = NDArray[np.float64]

# The covariance of a fit of four lines, with what is made of it.
_FIT_VALUES = 1000


@dataclass(frozen=True)
class FlakeEvaluator(PixelEvaluator):
    """What a block of spectra becomes.

    Attributes
    ----------
    lines : StrainLines or None
        None where strain and doping of the material are not known.
    positions : PositionErrors or None
        Errors that all spectra share, where ``lines`` do not tell them.
    scissor : Scissor or None
        By which the conduction band is moved.
    shared_error : SharedError or None
        None where all errors of the model count as those of a pixel.
    """

    lines: StrainLines | None = None
    positions: PositionErrors | None = None
    scissor: Scissor | None = None
    shared_error: SharedError | None = None

    @property
    def values_per_pixel(self) -> int:
        """How many numbers the evaluation holds for a pixel at a time, by which chunks are sized."""
        curves = {"dos", "dos_std"} & set(self.quantities) or not self.model.valleys
        return super().values_per_pixel if curves else _FIT_VALUES

    @property
    def slope_names(self) -> list[str]:
        """Columns of the slopes of the energies: "gap/A1'"."""
        lines = [] if self.lines is None else self.lines.terms.lines
        return [f"{energy}/{line}" for energy in energy_names(self.model) for line in lines]

    def width(self, name: str) -> int | None:
        """Length of the last axis of the quantity ``name``; None for a plain map."""
        return len(self.slope_names) if name == SLOPES else super().width(name)

    def dtype_of(self, name: str) -> np.dtype:
        """Type in which the quantity ``name`` is stored."""
        return np.dtype(np.float32) if name == SLOPES else super().dtype_of(name)

    def __call__(self, X: np.ndarray) -> dict[str, np.ndarray]:
        """Evaluate spectra ``X`` (n, k): arrays (n,) or (n, m) by quantity, and "status" (n,) uint8."""
        X = np.asarray(X)
        result = {name: self.empty(name, len(X)) for name in self.quantities}
        status = result["status"] = np.full(len(X), PixelStatus.INPUT_NOT_FINITE, dtype=np.uint8)
        rows = np.flatnonzero(np.isfinite(X).any(axis=1))
        if not rows.size:
            return result
        featurizer = self.model.reads_spectra_by
        fit = featurizer.fit_spectra(as_named(X[rows], featurizer))
        features, covariance = featurizer.features_of(fit)
        good = finite_rows(features)
        lost = np.where(fit.status > 0, fit.status + FIT_CODES, PixelStatus.FEATURES_NOT_FINITE)
        status[rows] = np.where(good, PixelStatus.OK, lost)
        if "features" in result:
            result["features"][rows] = features
        found: dict[str, Array] = {}
        shared = None
        if self.lines is not None:
            strain, unknowns = self.lines.separate(fit)
            found = {name: values[good] for name, values in strain.items()}
            shared = self.lines.common_covariance(unknowns[good])
        elif self.positions is not None:
            shared = self.positions.covariance(features[good])
        if good.any():
            # fit_spectra keeps the covariance
            found |= self._energies(features[good], cast("Array", covariance)[good], shared)
        for name in found.keys() & result.keys():
            result[name][rows[good]] = found[name]
        return result

    def _energies(self, features: Array, covariance: Array, shared: Array | None) -> dict[str, Array]:
        """Edges, gaps, valleys, curves and domain of rows of features with their errors."""
        energies = energies_of(self.model, features)
        names = energies.names
        found = _named(names, "", energies.values)
        own = energies.std
        if shared is not None:
            common = energies.spread(shared)
            if self.shared_error is not None:
                own, of_all = self.shared_error.split(own, features)
                common = np.hypot(common, of_all)
            found |= _named(names, "_common_std", common)
        if self.lines is not None:
            slopes = self.lines.per_line(energies.slopes)
            found[SLOPES] = slopes.reshape(len(slopes), -1)
        found |= _named(names, "_std", np.hypot(own, energies.spread(covariance)))
        if energies.valleys is not None:
            found["valleys"] = energies.valleys
            found["edge_valleys"] = _transition(energies.valleys, self.model.final.n_valence_)
        curves = {"dos", "dos_std"} & set(self.quantities)
        Z = self.model.chain.after(1).transform(features)
        if curves:
            found |= self.model.predict(Z, tuple(curves))
        score = self.model.final.domain_score(Z) if self.model.chain.has("domain_score") else None
        sigma = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
        found |= domain_of(self.model, features, score, sigma)
        return found if self.scissor is None else self.scissor.applied(found, self.model)


def _named(names: tuple[str, ...], ending: str, columns: Array) -> dict[str, Array]:
    return {f"{name}{ending}": column for name, column in zip(names, columns.T, strict=True)}


def _transition(valleys: Array, n_valence: int) -> Array:
    """Number of the pair of valleys that are the edges: conduction valley runs fastest."""
    top, bottom = valleys[:, :n_valence].argmax(axis=1), valleys[:, n_valence:].argmin(axis=1)
    return (top * (valleys.shape[1] - n_valence) + bottom).astype(np.float64)


def transitions(model: FittedModel) -> list[str]:
    """Names of the pairs of valleys by number, such as "K_K" (direct) and "G_K"."""
    names = [name.split("_", 1)[-1] for name in model.valleys]
    n_valence = model.final.n_valence_ if names else 0
    return [f"{top}_{bottom}" for top in names[:n_valence] for bottom in names[n_valence:]]


def flake_quantities(
    model: FittedModel, lines: StrainLines | None, positions: PositionErrors | None, *, dos: bool
) -> tuple[str, ...]:
    """What "auto" maps: all that this model and this material can give."""
    endings = ("", "_std") if lines is None and positions is None else ("", "_std", "_common_std")
    mapped = (*energy_names(model), *(STRAIN_NAMES if lines is not None else ()))
    names = [f"{name}{ending}" for name in mapped for ending in endings]
    if lines is not None:
        names.append(SLOPES)
    if model.valleys:
        names += ["valleys", "edge_valleys"]
    names += ["domain_score", "domain_reason", "features"]
    return (*names, "dos") if dos else tuple(names)
