# SPDX-License-Identifier: BSD-3-Clause
"""All members of the ensemble as one torch module, and their rows as one data set."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from strain2dos.dos._networks.member import CorrectedLinear, corrected

Array = NDArray[np.float64]
Batch = tuple[torch.Tensor, dict[str, torch.Tensor]]


class GroupedLinear(nn.Module):
    """One linear layer per member, multiplied as a batch of matrices (n_members, n_in, n_out)."""

    def __init__(self, layers: Sequence[nn.Linear]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.stack([layer.weight.detach().T for layer in layers]))
        self.bias = nn.Parameter(torch.stack([layer.bias.detach()[None] for layer in layers]))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return (n_members, n, n_out) for inputs (n_members, n, n_in)."""
        return torch.baddbmm(self.bias, inputs, self.weight)


class Ensemble(nn.Module):
    """Members side by side: each has its own weights, and sees its own rows.

    Parameters
    ----------
    seeds : sequence of int
        One seed per member; the member begins as `CorrectedLinear` does under that seed.
    n_inputs, n_outputs, hidden, quadratic
        As for `CorrectedLinear`.
    """

    def __init__(
        self, seeds: Sequence[int], n_inputs: int, n_outputs: int, hidden: Sequence[int], quadratic: bool
    ) -> None:
        super().__init__()
        members = []
        for seed in seeds:
            torch.manual_seed(seed)
            members.append(CorrectedLinear(n_inputs, n_outputs, hidden, quadratic))
        self.quadratic = quadratic
        self.linear = GroupedLinear([member.linear for member in members])
        self.layers = nn.ModuleList(
            GroupedLinear([member.layers[k] for member in members]) for k in range(len(hidden))
        )
        self.head = GroupedLinear([member.head for member in members]) if hidden else None

    def start(self, responses: Sequence[tuple[Array, Array]]) -> None:
        """Begin every member with its slope (n_terms, n_outputs) and level (n_outputs,)."""
        with torch.no_grad():
            for k, (slope, level) in enumerate(responses):
                self.linear.weight[k] = torch.from_numpy(slope.astype(np.float32))
                self.linear.bias[k, 0] = torch.from_numpy(level.astype(np.float32))

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Return (n_members, n, n_outputs) for the rows of every member."""
        return corrected(self, inputs)


def member_weights(state: dict[str, torch.Tensor], member: int) -> dict[str, Array]:
    """Return the arrays of one member under the names and in the shapes of `CorrectedLinear`."""
    answer = {}
    for name, value in state.items():
        part = value[member].T if name.endswith("weight") else value[member, 0]
        answer[name] = np.ascontiguousarray(part.cpu().numpy().astype(np.float64))
    return answer


class MemberRows(torch.utils.data.Dataset):
    """The rows that each member sees, as one matrix; shorter lists are filled up with rows that do not count.

    Parameters
    ----------
    inputs : Tensor of shape (n, n_inputs)
        Standardised features.
    targets : dict of Tensor of shape (n, ...)
        What the loss compares with.
    masks : sequence of ndarray of shape (n,)
        Rows of each member.
    seeds : sequence of int
        One seed per member for the order of its rows.
    """

    def __init__(
        self,
        inputs: torch.Tensor,
        targets: dict[str, torch.Tensor],
        masks: Sequence[NDArray[np.bool_]],
        seeds: Sequence[int],
    ) -> None:
        self.inputs, self.targets = inputs, targets
        lists = [np.flatnonzero(mask) for mask in masks]
        self.rows = torch.zeros((len(lists), max(map(len, lists))), dtype=torch.long)
        self.present = torch.zeros(self.rows.shape)
        for k, rows in enumerate(lists):
            self.rows[k, : len(rows)] = torch.from_numpy(rows)
            self.present[k, : len(rows)] = 1.0
        self.generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._whole: Batch | None = None

    def __len__(self) -> int:
        return self.rows.shape[1]

    def narrow(self, staying: NDArray[np.intp]) -> None:
        """Keep the rows of some members only."""
        self.rows, self.present = self.rows[staying], self.present[staying]
        self.generators = [self.generators[k] for k in staying]
        self._whole = None

    def whole(self) -> Batch:
        """Return all rows of every member at once."""
        if self._whole is None:
            self._whole = self._take(self.rows, self.present)
        return self._whole

    def batches(self, n: int) -> Iterator[Batch]:
        """Give `n` batches of nearly equal size, each member's rows in its own random order."""
        order = torch.stack([torch.randperm(len(self), generator=each) for each in self.generators])
        rows, present = self.rows.gather(1, order), self.present.gather(1, order)
        for part, there in zip(rows.tensor_split(n, 1), present.tensor_split(n, 1), strict=True):
            yield self._take(part, there)

    def _take(self, rows: torch.Tensor, present: torch.Tensor) -> Batch:
        device = self.inputs.device
        rows = rows.to(device)
        targets = {name: values[rows] for name, values in self.targets.items()}
        return self.inputs[rows], {**targets, "present": present.to(device)}


class MemberBatches:
    """What skorch iterates over: batches for all members, gathered at once rather than row by row."""

    def __init__(self, dataset: Any, batch_size: int, shuffle: bool = False) -> None:
        self.dataset, self.batch_size, self.shuffle = dataset, batch_size, shuffle

    def __iter__(self) -> Iterator[Batch]:
        n = -(-len(self.dataset) // self.batch_size)
        # the order within a single batch would change nothing but the last bits
        if n == 1 or not self.shuffle:
            yield self.dataset.whole()
        else:
            yield from self.dataset.batches(n)
