# SPDX-License-Identifier: BSD-3-Clause
"""What the nets minimise: the error of the latent curve, and terms that know what the curve means."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from strain2dos.dos._networks.member import POINTWISE
from strain2dos.dos._representations.torch_decode import LatentDecode

Array = NDArray[np.float64]


class Physics(NamedTuple):
    """Weights of the terms on the decoded curve; a term of weight 1 counts like the curve's own error."""

    cdf: float = 0.0
    smoothness: float = 0.0
    states: float = 0.0
    gap: float = 0.0
    window: tuple[float, float] | None = None

    @property
    def wanted(self) -> bool:
        """Whether any term counts."""
        return max(self[:4]) > 0


class CurveTerms(nn.Module):
    r"""Four ways in which a curve :math:`\hat\rho` differs from the true :math:`\rho`, row by row.

    * cdf: :math:`\int [\hat N(E) - N(E)]^2 dE` with :math:`N` the number of states counted from inside
      the gap. Cramer's distance, half the energy distance in one dimension [Szekely & Rizzo, J. Stat.
      Plan. Inference 143, 1249 (2013)], for numbers of states in place of shares.
    * smoothness: the sum of squared second differences of the *error* along energy. That of the curve itself
      would flatten the steps and peaks that two-dimensional bands have.
    * states: the squared error of the number of states in a window of energies.
    * gap: :math:`\int [\hat\rho - \rho]_+^2 dE` between the true edges, where there are no states beyond the
      tails that broadening gives the true curve.
    """

    def __init__(self, energies: Array, reference: float, window: tuple[float, float] | None) -> None:
        super().__init__()
        steps = np.diff(energies)
        # weights of the trapezoidal rule
        cells = 0.5 * (np.r_[steps, 0.0] + np.r_[0.0, steps]) if len(energies) > 1 else np.ones(1)
        low, high = (-np.inf, np.inf) if window is None else window
        self.origin = int(np.argmin(np.abs(energies - reference)))
        self.register_buffer("energies", torch.tensor(energies))
        self.register_buffer("steps", torch.tensor(steps))
        self.register_buffer("cells", torch.tensor(cells))
        self.register_buffer("window", torch.tensor(cells * ((energies >= low) & (energies <= high))))

    def forward(self, found: torch.Tensor, truth: torch.Tensor, edges: torch.Tensor) -> torch.Tensor:
        """Return (4, ...) terms for curves (..., n_energies) and edges (..., 2)."""
        miss = found - truth
        passed = nn.functional.pad((0.5 * (miss[..., 1:] + miss[..., :-1]) * self.steps).cumsum(-1), (1, 0))
        counted = passed - passed[..., self.origin, None]
        inside = (self.energies > edges[..., :1]) & (self.energies < edges[..., 1:])
        return torch.stack(
            [
                (counted.square() * self.cells).sum(-1),
                (miss.diff(dim=-1) / self.steps).diff(dim=-1).square().sum(-1),
                (miss * self.window).sum(-1).square(),
                (miss.clamp(min=0.0).square() * inside * self.cells).sum(-1),
            ]
        )


class PhysicsLoss(nn.Module):
    """The terms on the curve that the latent scores decode to, measured by what the mean curve misses."""

    def __init__(
        self,
        physics: Physics,
        latent: Any,
        head: tuple[Array, float],
        energies: Array,
        reference: float,
        curves: Array,
        edges: Array,
    ) -> None:
        super().__init__()
        self.decode = LatentDecode(latent)
        self.terms = CurveTerms(energies, reference, physics.window)
        mean, self.scale = head
        self.n_scores = len(mean)
        self.register_buffer("mean", torch.tensor(mean))
        # copies: torch warns of arrays that it may not write, as memory-mapped ones are
        truth, bounds = torch.tensor(curves), torch.tensor(edges)
        unit = self.terms(truth.mean(0), truth, bounds).mean(1)
        # a number of states that never changes has no spread to be measured by, so its size serves
        least = 1e-6 * self.terms(torch.zeros_like(truth), truth, bounds).mean(1)
        unit = torch.maximum(unit, least)
        weights = torch.tensor(physics[:4], dtype=torch.float64)
        self.register_buffer("weights", weights / torch.where(unit > 0, unit, 1.0))

    def forward(self, answers: torch.Tensor, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return one number per row."""
        found = self.decode(self.mean + self.scale * answers[..., : self.n_scores])
        terms = self.terms(found, batch["curves"], batch["edges"])
        return torch.tensordot(self.weights, terms, 1)


class MemberLoss(nn.Module):
    """Mean loss of every member over the rows that count.

    Parameters
    ----------
    loss : {"auto", "mse", "huber"}
        Error of the outputs.
    columns : ndarray of shape (n_outputs,)
        Weight of each output.
    physics : PhysicsLoss, optional
        Terms on the decoded curve.
    """

    def __init__(self, loss: str, columns: Array, physics: PhysicsLoss | None = None) -> None:
        super().__init__()
        self.pointwise = POINTWISE[loss](reduction="none")
        self.physics = None if physics is None else physics.float()
        self.register_buffer("columns", torch.tensor(columns / len(columns)).float())

    def forward(self, answers: torch.Tensor, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        """Return (n_members,) losses for answers (n_members, n, n_outputs)."""
        rows = self.pointwise(answers, batch["outputs"]) @ self.columns
        if self.physics is not None:
            # the squared errors of a block add up to one for its mean, before they are shared out
            rows = rows + self.physics(answers, batch) / len(self.columns)
        present = batch["present"]
        return (rows * present).sum(1) / present.sum(1).clamp(min=1.0)
