# SPDX-License-Identifier: BSD-3-Clause
"""The skorch net that trains kernels and their networks on the density of groups left out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from skorch import NeuralNet
from skorch.callbacks import Callback, GradientNormClipping, LRScheduler
from skorch.helper import predefined_split
from torch.optim.lr_scheduler import CosineAnnealingLR

from strain2dos.dos._common.groups import held_out_groups, subsample_by_group
from strain2dos.dos._common.linear_algebra import tensor
from strain2dos.dos._process.closed_form import LeftOutDensity
from strain2dos.dos._process.covariance import Covariance
from strain2dos.dos._process.density import rows_of_groups

Array = NDArray[np.float64]

# rows of one step; a covariance of so many costs 0.1 s for ten members
_BATCH = 256
# norm of the gradient of one member's loss above which it is scaled down
_CLIP = 0.02
# kernels with less noise than this share of the variance pass through every point
LEAST_NOISE = 1e-8


class TrainingOptions(NamedTuple):
    """Parameters of the regressor for the networks and their training."""

    hidden: tuple[int, ...]
    n_members: int
    max_epochs: int
    lr: float
    weight_decay: float
    validation_fraction: float
    callbacks: tuple[Any, ...]
    device: str
    verbose: bool


class GroupRows(torch.utils.data.Dataset):  # type: ignore[misc]
    """Rows with their groups, and the groups that each member holds out."""

    def __init__(
        self, features: Array, outputs: Array, groups: NDArray[np.intp], held_out: NDArray[np.bool_]
    ) -> None:
        self.features, self.outputs, self.groups, self.held_out = features, outputs, groups, held_out

    def __len__(self) -> int:
        return len(self.features)

    def batch(self, rows: NDArray[np.intp]) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return features and targets of some rows, their groups numbered anew."""
        labels, group = np.unique(self.groups[rows], return_inverse=True)
        target = {"outputs": self.outputs[rows], "group": group, "held_out": self.held_out[:, labels]}
        target |= {f"rows{part.shape[1]:06d}": part for part in rows_of_groups(group)}
        # copies in the memory of torch, as of `tensor`
        return tensor(self.features[rows]), {name: torch.tensor(values) for name, values in target.items()}


class OneBatch:
    """Iterator of skorch: one batch per epoch, all rows or as many as one step holds, spread over groups."""

    def __init__(self, dataset: GroupRows, batch_size: int, seed: int, training: bool) -> None:
        self.dataset, self.batch_size, self.random = dataset, batch_size, np.random.RandomState(seed)
        # epochs of validation are compared, so their rows stay the same
        self.same = not training or len(dataset) <= batch_size
        self.kept: tuple[torch.Tensor, dict[str, torch.Tensor]] | None = None

    def __iter__(self) -> Iterator[tuple[torch.Tensor, dict[str, torch.Tensor]]]:
        if self.kept is None or not self.same:
            self.kept = self.dataset.batch(
                subsample_by_group(self.dataset.groups, self.batch_size, self.random)
            )
        yield self.kept


class DensityNet(NeuralNet):  # type: ignore[misc]
    """A skorch net that minimizes the sum of its members' losses: they share no weight."""

    def __init__(self, module: torch.nn.Module, *, seed: int = 0, **options: object) -> None:
        super().__init__(module, criterion=LeftOutDensity, **options)
        self.seed = seed

    def initialize(self) -> DensityNet:
        """Begin with empty lists of the members' losses."""
        self.of_members_: dict[str, list[Array]] = {"train_loss": [], "valid_loss": []}
        return super().initialize()

    def get_iterator(self, dataset: GroupRows, training: bool = False) -> OneBatch:
        """Return the iterator of all epochs."""
        return OneBatch(dataset, self.batch_size, self.seed, training)

    def get_loss(
        self, y_pred: Any, y_true: dict[str, torch.Tensor], X: object = None, training: bool = False
    ) -> torch.Tensor:
        """Return the mean over members of minus the log density of a group, and remember each member's."""
        losses = self.criterion_(y_pred, {name: part.to(self.device) for name, part in y_true.items()})
        self.of_members_["train_loss" if training else "valid_loss"].append(losses.detach().cpu().numpy())
        return losses.mean()


class Bar(Callback):  # type: ignore[misc]
    """A progress bar over epochs."""

    def on_train_begin(self, net: NeuralNet, **kwargs: object) -> None:
        """Show the bar."""
        from tqdm import tqdm

        self.bar_ = tqdm(total=net.max_epochs, desc="training", unit="epoch")

    def on_epoch_end(self, net: NeuralNet, **kwargs: object) -> None:
        """Count an epoch."""
        self.bar_.update()

    def on_train_end(self, net: NeuralNet, **kwargs: object) -> None:
        """Leave the bar."""
        self.bar_.close()


class Trained(NamedTuple):
    """Trained members, the groups (n_members, n_groups) that each did not see, and their losses by epoch."""

    covariance: Covariance
    held_out: NDArray[np.bool_]
    history: list[dict[str, Array]]


def train_networks(
    features: Array,
    outputs: Array,
    groups: NDArray[np.intp],
    start: Any,
    options: TrainingOptions,
    random: np.random.RandomState,
) -> Trained:
    """Train kernels that see through networks, from a kernel without one; each member misses some groups.

    What a member makes of the groups that it did not see shows whether its network helps.
    """
    members = options.n_members
    held_out = held_out_groups(int(groups.max()) + 1, members, options.validation_fraction, random)
    seed = int(random.randint(2**31 - 1))
    covariance = Covariance(
        "matern52",
        np.tile(start.length, (members, 1)),
        np.full(members, start.linear),
        np.full(members, start.noise),
        quadratic=np.full(members, start.quadratic),
        hidden=options.hidden,
        least_noise=0.5 * LEAST_NOISE,
        seed=seed,
    )
    rows = GroupRows(features, outputs, groups, held_out)
    net = network_of(covariance, options, seed, train_split=predefined_split(rows))
    net.fit(rows, None)
    history = [
        {name: np.array([loss[member] for loss in losses]) for name, losses in net.of_members_.items()}
        for member in range(members)
    ]
    return Trained(covariance.cpu().requires_grad_(False), held_out, history)


def network_of(covariance: Covariance, options: TrainingOptions, seed: int = 0, **more: object) -> DensityNet:
    """Return the skorch net of a covariance, not yet initialized."""
    own: Sequence[tuple[str, Any]] = [
        ("rate", LRScheduler(CosineAnnealingLR, T_max=options.max_epochs)),
        # members descend on their own, so the limit on all gradients grows with their number
        ("clip", GradientNormClipping(_CLIP * float(np.sqrt(options.n_members)))),
        *([("bar", Bar())] if options.verbose else []),
    ]
    given = [
        each if isinstance(each, tuple) else (f"user_{k}", each) for k, each in enumerate(options.callbacks)
    ]
    return DensityNet(
        covariance,
        seed=seed,
        optimizer=torch.optim.AdamW,
        optimizer__weight_decay=0.0,
        optimizer__param_groups=[("weights*", {"weight_decay": options.weight_decay})],
        lr=options.lr,
        max_epochs=options.max_epochs,
        batch_size=_BATCH,
        device=options.device,
        callbacks=[*own, *given],
        callbacks__print_log=None,
        callbacks__epoch_timer=None,
        verbose=0,
        **more,
    )
