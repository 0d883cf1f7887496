# SPDX-License-Identifier: BSD-3-Clause
"""From latents to curves with gradients: the decode of each representation once more, in torch."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import nn

from strain2dos.dos._representations.aligned import AlignedRepresentation
from strain2dos.dos._representations.blended import BlendedRepresentation
from strain2dos.dos._representations.counting import PLACES, WEIGHTS, CountingRepresentation, _borders
from strain2dos.dos._representations.grid import GridRepresentation, PlainRepresentation


class Decode(nn.Module):
    """Densities from latents."""

    def expected(self, latent: torch.Tensor, width: torch.Tensor) -> torch.Tensor:
        """Return (..., n_energies) mean densities of latents that scatter by `width`, as in numpy."""
        answer: torch.Tensor = self(latent)
        return answer


class SquareDecode(Decode):
    """Densities from square roots."""

    def __init__(self, representation: GridRepresentation) -> None:
        super().__init__()
        self.nonnegative = representation.nonnegative

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Return (..., n_energies) densities."""
        return latent.clamp(min=0.0).square() if self.nonnegative else latent


class PlainDecode(Decode):
    """Densities from themselves."""

    def __init__(self, representation: PlainRepresentation) -> None:
        super().__init__()
        self.nonnegative = representation.nonnegative

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Return (..., n_energies) densities."""
        return latent.clamp(min=0.0) if self.nonnegative else latent


class CountingDecode(Decode):
    """Densities from the energies of the n-th state: the count between the borders of every energy."""

    def __init__(self, representation: CountingRepresentation) -> None:
        super().__init__()
        borders = _borders(representation.energies)
        self.ceiling = representation.ceiling
        self.split = len(representation.up)
        self._buffer("widths", np.diff(borders))
        for name, counts, axis in (
            ("up", representation.up, borders),
            ("down", representation.down, -borders[::-1]),
        ):
            self._buffer(f"{name}_counts", np.r_[0.0, counts])
            self._buffer(f"{name}_size", np.sqrt(np.gradient(counts)))
            self._buffer(f"{name}_borders", axis)
        share, self.least, self.most = representation.taken_in()
        self._buffer("share", share)

    def _buffer(self, name: str, values: Any) -> None:
        self.register_buffer(name, torch.tensor(np.ascontiguousarray(values)))

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Return (..., n_energies) densities."""
        up = self._states("up", latent[..., : self.split])
        down = self._states("down", latent[..., self.split :])
        return (up + down.flip(-1)) / self.widths

    def expected(self, latent: torch.Tensor, width: torch.Tensor) -> torch.Tensor:
        """Return (..., n_energies) mean densities of latents that scatter by `width`."""
        size = torch.cat([self.up_size, self.down_size])
        scatter = self.share * (width / size).clamp(max=self.most)
        step = (scatter.square() - self.least**2).clamp(min=0.0).sqrt() * size
        total = WEIGHTS[0] * self(latent)
        for place, weight in zip(PLACES[1:], WEIGHTS[1:], strict=True):
            total = total + weight * self(latent + place * step)
        return total

    def _states(self, side: str, part: torch.Tensor) -> torch.Tensor:
        counts, borders = getattr(self, f"{side}_counts"), getattr(self, f"{side}_borders")
        nodes = part / getattr(self, f"{side}_size")
        nodes = torch.cat([3 * nodes[..., :1] - 2 * nodes[..., 1:2], nodes], -1)
        # keeping successive energies apart is a running maximum once the least distances are taken off
        apart = counts / self.ceiling
        nodes = (nodes - apart).cummax(-1).values + apart
        x = borders.expand(*nodes.shape[:-1], -1).contiguous()
        at = torch.searchsorted(nodes.detach(), x).clamp(1, len(counts) - 1) - 1
        left, right = nodes.gather(-1, at), nodes.gather(-1, at + 1)
        share = ((x - left) / (right - left)).clamp(0.0, 1.0)
        return (counts[at] + (counts[at + 1] - counts[at]) * share).diff(dim=-1)


class AlignedDecode(Decode):
    """Densities from two parts relative to their edges, and the edges."""

    def __init__(self, representation: AlignedRepresentation) -> None:
        super().__init__()
        self.scale = representation.step**0.5
        self.split = len(representation.lower)
        for name in ("energies", "lower", "upper", "weights"):
            self.register_buffer(name, torch.tensor(getattr(representation, name)))

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Return (..., n_energies) densities."""
        edges = latent[..., -2:] / self.weights
        roots = latent[..., :-2] / self.scale
        valence = self._moved(edges[..., :1], self.lower, roots[..., : self.split], 1)
        conduction = self._moved(edges[..., 1:], self.upper, roots[..., self.split :], -1)
        below = self.energies < edges.mean(-1, keepdim=True)
        return torch.where(below, valence, conduction).clamp(min=0.0).square()

    def _moved(
        self, edge: torch.Tensor, grid: torch.Tensor, values: torch.Tensor, gap_side: int
    ) -> torch.Tensor:
        place = (self.energies - edge - grid[0]) / (grid[1] - grid[0])
        inside = place.clamp(0.0, len(grid) - 1.000001)
        # a place just below the last point rounds up to it in single precision
        low = inside.detach().long().clamp(max=len(grid) - 2)
        left, right = values.gather(-1, low), values.gather(-1, low + 1)
        in_gap = place > len(grid) - 1 if gap_side > 0 else place < 0
        return torch.where(in_gap, 0.0, left + (inside - low) * (right - left))


class BlendedDecode(Decode):
    """Densities as the weighted mean of those that the parts give."""

    def __init__(self, representation: BlendedRepresentation) -> None:
        super().__init__()
        self.curves = nn.ModuleList(
            TORCH_DECODES[part.name](part.representation) for part in representation.parts
        )
        self.places = [(part.share, part.scale, columns) for part, columns in representation.slices()]

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Return (..., n_energies) densities."""
        total = latent.new_zeros(())
        for curve, (share, scale, columns) in zip(self.curves, self.places, strict=True):
            total = total + share * curve(latent[..., columns] * scale)
        return total

    def expected(self, latent: torch.Tensor, width: torch.Tensor) -> torch.Tensor:
        """Return (..., n_energies) mean densities of latents that scatter by `width`."""
        total = latent.new_zeros(())
        for curve, (share, scale, columns) in zip(self.curves, self.places, strict=True):
            total = total + share * curve.expected(latent[..., columns] * scale, width[..., columns] * scale)
        return total


TORCH_DECODES: dict[str, type[Decode]] = {
    "grid": SquareDecode,
    "pca": PlainDecode,
    "cdf": CountingDecode,
    "aligned": AlignedDecode,
    "blend": BlendedDecode,
}


class LatentDecode(nn.Module):
    """Curves from the scores of a `Latent`, with gradients."""

    def __init__(self, latent: Any) -> None:
        super().__init__()
        if latent.name not in TORCH_DECODES:
            known = ", ".join(sorted(TORCH_DECODES))
            raise ValueError(
                f"representation={latent.name!r} has no decode with gradients, which physics terms in the "
                f"loss need; choose one of {known}, or leave cdf_weight, smoothness_weight, state_weight and "
                "gap_weight at 0."
            )
        self.curve = TORCH_DECODES[latent.name](latent.representation)
        self.register_buffer("mean", torch.tensor(latent.mean))
        self.register_buffer("directions", torch.tensor(latent.directions))

    def forward(self, scores: torch.Tensor) -> torch.Tensor:
        """Return (..., n_energies) densities for scores (..., n_directions)."""
        return self.curve(self.mean + scores @ self.directions)

    def expected(self, scores: torch.Tensor, variance: torch.Tensor) -> torch.Tensor:
        """Return (..., n_energies) mean densities for scores that scatter with `variance`."""
        width = (variance @ self.directions.square()).sqrt()
        return self.curve.expected(self.mean + scores @ self.directions, width)
