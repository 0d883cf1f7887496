# SPDX-License-Identifier: BSD-3-Clause
"""The curve in several forms at once: decoding takes a weighted mean of the curves that they give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._representations.aligned import AlignedRepresentation
from strain2dos.dos._representations.counting import CountingRepresentation
from strain2dos.dos._representations.grid import GridRepresentation

Array = NDArray[np.float64]

PARTS: dict[str, Any] = {
    "grid": GridRepresentation,
    "cdf": CountingRepresentation,
    "aligned": AlignedRepresentation,
}


class Part(NamedTuple):
    """One form, its share in the curve, and the size and number of its latents."""

    name: str
    representation: Any
    share: float
    scale: float
    width: int

    def state(self) -> dict[str, Any]:
        """Return plain values and arrays from which `from_state` builds the same part."""
        return {**self._asdict(), "representation": dict(vars(self.representation))}

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Part:
        """Rebuild what `state` described."""
        return cls(**{**state, "representation": PARTS[state["name"]](**state["representation"])})


@dataclass(frozen=True)
class BlendedRepresentation:
    """Latents of all parts side by side, each spread over the training curves by its share.

    Forms of a curve err differently on states that were left out: one smears features that move, another
    misplaces those that do not. A mean of their curves, with shares that add up to one, errs less than they
    do [L. Breiman, "Stacked regressions", Machine Learning 24, 49-64 (1996)].
    """

    parts: tuple[Part, ...]

    @classmethod
    def build(
        cls, energies: Array, dos: Array, nonnegative: bool, reference: float, threshold: float
    ) -> BlendedRepresentation | None:
        """Give equal shares to all forms that fit; None where fewer than two do."""
        built = {
            name: form.build(energies, dos, nonnegative, reference, threshold) for name, form in PARTS.items()
        }
        fit = {name: form for name, form in built.items() if form is not None}
        return cls.of(fit, dict.fromkeys(fit, 1 / len(fit)), dos) if len(fit) > 1 else None

    @classmethod
    def of(cls, forms: dict[str, Any], shares: dict[str, float], dos: Array) -> BlendedRepresentation:
        """Scale every form to its share, which must be positive."""
        parts = []
        for name, share in shares.items():
            latent = forms[name].encode(dos)
            # forms share directions and kernels, and count there as much as they say in the curve: with equal
            # weights, one that says little bends the kernels of the one that says most
            scale = (float(np.sqrt(latent.var(0).sum())) or 1.0) / share
            parts.append(Part(name, forms[name], float(share), scale, latent.shape[1]))
        return cls(tuple(parts))

    def encode(self, dos: Array) -> Array:
        """Return (n, n_latents) latents of all parts."""
        return np.hstack([part.representation.encode(dos) / part.scale for part in self.parts])

    def decode(self, latent: Array) -> Array:
        """Return (n, n_energies) densities."""
        curves = [
            part.share * part.representation.decode(latent[:, columns] * part.scale)
            for part, columns in self.slices()
        ]
        return np.sum(curves, axis=0)

    def expected(self, latent: Array, width: Array) -> Array:
        """Return the weighted mean of what the parts expect when latents scatter by `width`."""
        curves = [
            part.share
            * part.representation.expected(latent[:, columns] * part.scale, width[:, columns] * part.scale)
            for part, columns in self.slices()
        ]
        return np.sum(curves, axis=0)

    def slices(self) -> Iterator[tuple[Part, slice]]:
        """Give every part with the columns of its latents."""
        first = 0
        for part in self.parts:
            yield part, slice(first, first + part.width)
            first += part.width
