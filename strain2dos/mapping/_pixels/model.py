# SPDX-License-Identifier: BSD-3-Clause
"""A fitted estimator taken apart, so that a map can hold every quantity that it predicts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator

from strain2dos._estimators.chain import Chain
from strain2dos._estimators.wrappers import look_through

if TYPE_CHECKING:
    from strain2dos.raman import RamanFeaturizer

EDGE_NAMES = ("vbm", "cbm", "gap")
EDGE_STD = tuple(f"{name}_std" for name in EDGE_NAMES)
VALLEY_NAMES = ("gap_direct", "gap_direct_std", "valleys")
QUANTITIES = (
    "dos",
    *EDGE_NAMES,
    "dos_std",
    *EDGE_STD,
    *VALLEY_NAMES,
    "domain_score",
    "domain_reason",
    "features",
)


@dataclass(frozen=True)
class FittedModel:
    """A fitted estimator taken apart, with what reading band edges needs.

    Attributes
    ----------
    chain : Chain
        Steps before the regressor, and the regressor.
    grid : array or None
        Energies (m,) in eV given by the caller; the regressor's own ``energies_`` come first.
    edge_options : mapping
        Keyword arguments for :func:`strain2dos.dos.band_edges`, used where the regressor has no
        ``predict_edges``.
    """

    chain: Chain
    grid: np.ndarray | None
    edge_options: Mapping[str, Any]

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        *,
        energies: npt.ArrayLike | None = None,
        edge_options: Mapping[str, Any] | None = None,
    ) -> FittedModel:
        """Take ``estimator`` (regressor, pipeline, search or any other wrapper) apart."""
        grid = None if energies is None else np.array(energies, dtype=np.float64)
        return cls(look_through(estimator), grid, dict(edge_options or {}))

    @property
    def front(self) -> list[Any]:
        """Fitted transformers, in order; empty for a bare regressor."""
        return list(self.chain.front)

    @property
    def final(self) -> BaseEstimator:
        """The fitted regressor that predicts the DOS curves."""
        return self.chain.final

    @property
    def featurizer(self) -> RamanFeaturizer | None:
        """The first step if it reads spectra on an axis of Raman shifts, else None."""
        return self.chain.featurizer

    @property
    def reads_spectra_by(self) -> RamanFeaturizer:
        """The featurizer of a model that begins with one.

        Raises
        ------
        TypeError
            If the model begins with another step.
        """
        if self.featurizer is None:
            raise TypeError(
                f"spectra are mapped by a model whose first step is RamanFeaturizer, but its first step is "
                f"{type(self.first).__name__}; strain2dos.raman_pipeline builds one."
            )
        return self.featurizer

    @property
    def first(self) -> BaseEstimator:
        """The step that receives the input."""
        return self.chain.first

    @property
    def energies(self) -> np.ndarray | None:
        """Energies (m,) in eV on which the curves are predicted, or None where they are unknown."""
        own = self.chain.energies
        return self.grid if own is None else own

    @property
    def has_edges(self) -> bool:
        """Whether there are band edges: from the regressor itself or from its curves on known energies."""
        return self.chain.has_band_edges or self.energies is not None

    @property
    def edges_have_std(self) -> bool:
        """Whether the regressor gives standard deviations of its edges, which it then learned."""
        return self.chain.edges_learned and self.chain.supports_std("predict_edges")

    @property
    def valleys(self) -> list[str]:
        """Names of the valleys that the regressor learned one by one; empty where there are none."""
        known = self.chain.edges_learned and hasattr(self.final, "predict_valleys")
        return list(self.final.valleys_) if known else []

    @property
    def at_k(self) -> tuple[int, int] | None:
        """Columns of the valence and the conduction valley at K, None where they are not both known."""
        names = [name.lower() for name in self.valleys]
        return (names.index("vbm_k"), names.index("cbm_k")) if {"vbm_k", "cbm_k"} <= set(names) else None

    @property
    def pair_factors(self) -> np.ndarray:
        """Variance of the gap between two valleys over the sum of theirs, valence by conduction."""
        n_valence = self.final.n_valence_
        independent = np.ones((n_valence, len(self.valleys) - n_valence))
        return np.asarray(getattr(self.final, "valley_gap_factors_", independent))

    def edges(self, Z: object, dos: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Band edges of the rows ``Z`` in eV: the regressor's own, else those of the curves ``dos``."""
        from strain2dos.dos._edges.reading import band_edges, edges_of_curves

        if self._reads_curves and dos is not None:
            found = edges_of_curves(self.final, dos)
        elif self.chain.has_band_edges:
            found = self.final.predict_edges(Z)
        else:
            curves = self.chain.predict(Z) if dos is None else dos
            known = getattr(self.final, "edge_reference_", None)
            options = {} if known is None else {"reference": known}
            if self.energies is None:
                raise ValueError("band edges are read from curves on known energies; pass energies=.")
            found = band_edges(self.energies, curves, **options | dict(self.edge_options))
        return _named(found)

    @property
    def _reads_curves(self) -> bool:
        """Whether the regressor's own edges are those of its curves at its own threshold."""
        read = self.chain.has_band_edges and not self.chain.edges_learned
        return read and hasattr(self.final, "edge_threshold_") and hasattr(self.final, "edge_reference_")

    def predict(self, Z: object, quantities: Sequence[str]) -> dict[str, np.ndarray]:
        """Evaluate the wanted ``quantities`` except "features" for rows that are all finite, each once."""
        result: dict[str, np.ndarray] = {}
        wanted = set(quantities)
        edges = bool(wanted & set(EDGE_NAMES)) and self.has_edges
        dos: np.ndarray | None = None
        if "dos_std" in wanted:
            dos, result["dos_std"] = self.chain.predict(Z, return_std=True)
        elif "dos" in wanted or (edges and (self._reads_curves or not self.chain.has_band_edges)):
            dos = self.chain.predict(Z)
        if dos is not None:
            dos = np.asarray(dos)
            result["dos"] = dos = dos[:, np.newaxis] if dos.ndim == 1 else dos
            if "dos_std" in wanted:
                result["dos_std"] = np.broadcast_to(np.reshape(result["dos_std"], (len(dos), -1)), dos.shape)
        if wanted & set(VALLEY_NAMES):
            result |= self._valleys(Z)
        elif wanted & set(EDGE_STD):
            found, spread = self.final.predict_edges(Z, return_std=True)
            result |= _named(found) | _named(spread, "_std")
        elif edges:
            result |= self.edges(Z, dos)
        if "domain_score" in wanted:
            result["domain_score"] = np.asarray(self.final.domain_score(Z), dtype=np.float64)
        return {name: values for name, values in result.items() if name in wanted}

    def _valleys(self, Z: object) -> dict[str, np.ndarray]:
        """Energies of the valleys, the edges among them, and the gap at K."""
        from strain2dos.dos._edges.valleys import edges_of_valleys, spread_between, spread_of_valleys

        energies, spread = self.final.predict_valleys(Z, return_std=True)
        known = energies, self.final.n_valence_
        result = {"valleys": energies} | _named(edges_of_valleys(*known))
        factor = getattr(self.final, "gap_factor_", 1.0)
        result |= _named(spread_of_valleys(energies, np.square(spread), known[1], factor), "_std")
        if self.at_k is not None:
            top, bottom = self.at_k
            result["gap_direct"] = energies[:, bottom] - energies[:, top]
            factors = self.pair_factors
            result["gap_direct_std"] = spread_between(np.square(spread), top, bottom, factors)
        return result


def _named(edges: object, ending: str = "") -> dict[str, np.ndarray]:
    return {f"{name}{ending}": np.asarray(getattr(edges, name), dtype=np.float64) for name in EDGE_NAMES}
