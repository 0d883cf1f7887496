# SPDX-License-Identifier: BSD-3-Clause
"""Training of all members together under one skorch net; each stops when it has learned what it can."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import cos, pi
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from skorch import NeuralNet
from skorch.callbacks import Callback, LRScheduler
from skorch.helper import predefined_split

from strain2dos.dos._common.threads import quiet_torch
from strain2dos.dos._networks.ensemble import Ensemble, MemberBatches, MemberRows, member_weights
from strain2dos.dos._networks.losses import MemberLoss
from strain2dos.dos._networks.member import Settings

Array = NDArray[np.float64]

# a fall of the error by less than this share is none
_LEAST_GAIN = 1e-4
_WARM_UP = 5


class Member(NamedTuple):
    """A trained member: weights by name and the losses of every epoch."""

    weights: dict[str, Array]
    history: dict[str, Array]


class EnsembleNet(NeuralNet):
    """A skorch net that minimises the sum of its members' losses and remembers each of them."""

    def get_loss(self, y_pred: Any, y_true: Any, X: Any = None, training: bool = False) -> torch.Tensor:
        """Return the sum over members: no weight is shared, so each descends on its own loss."""
        losses = super().get_loss(y_pred, y_true, X=X, training=training)
        name = "train_loss" if training else "valid_loss"
        self.tally.setdefault(name, []).append((losses.detach(), y_true["present"].sum(1)))
        return losses.sum()

    def take_losses(self) -> dict[str, Array]:
        """Return the mean loss of every member since the last call."""
        answer = {}
        for name, parts in self.tally.items():
            losses, counts = (torch.stack(part) for part in zip(*parts, strict=True))
            answer[name] = ((losses * counts).sum(0) / counts.sum(0)).cpu().numpy().astype(np.float64)
        self.tally.clear()
        return answer


class Watch(Callback):
    """Stop every member on its own: keep its best weights, and take it out of the computation."""

    def __init__(self, patience: int, monitor: str, tick: Callable[[], None] | None) -> None:
        self.patience, self.monitor, self.tick = patience, monitor, tick

    def on_train_begin(self, net: EnsembleNet, **kwargs: Any) -> None:
        """Take note of where the members begin."""
        self.kept = {name: value.detach().clone() for name, value in net.module_.state_dict().items()}
        n = len(next(iter(self.kept.values())))
        self.active, self.best, self.waited = np.arange(n), np.full(n, np.inf), np.zeros(n, dtype=int)
        self.histories: list[dict[str, list[float]]] = [{} for _ in range(n)]

    def on_epoch_end(
        self, net: EnsembleNet, dataset_train: Any = None, dataset_valid: Any = None, **kwargs: Any
    ) -> None:
        """Count the epochs of every member without gain."""
        losses = net.take_losses()
        for name, values in losses.items():
            for member, value in zip(self.active, values, strict=True):
                self.histories[member].setdefault(name, []).append(float(value))
        error = losses[self.monitor]
        better = error < self.best[self.active] * (1.0 - _LEAST_GAIN)
        self.best[self.active[better]] = error[better]
        self.waited[self.active] = np.where(better, 0, self.waited[self.active] + 1)
        stays = self.waited[self.active] < self.patience
        # without held-out rows no weights are better than the last ones
        self._keep(net, better if self.monitor == "valid_loss" else ~stays)
        if self.tick is not None:
            self.tick()
        if not stays.any():
            raise KeyboardInterrupt  # skorch's own sign to end training
        if not stays.all():
            self._narrow(net, np.flatnonzero(stays), dataset_train, dataset_valid)

    def on_train_end(self, net: EnsembleNet, **kwargs: Any) -> None:
        """Keep the last weights where none were best."""
        if self.monitor == "train_loss":
            self._keep(net, np.ones(len(self.active), dtype=bool))

    def _keep(self, net: EnsembleNet, which: NDArray[np.bool_]) -> None:
        if which.any():
            chosen = torch.from_numpy(np.flatnonzero(which))
            for name, value in net.module_.state_dict().items():
                self.kept[name][self.active[which]] = value[chosen]

    def _narrow(self, net: EnsembleNet, staying: NDArray[np.intp], *datasets: MemberRows | None) -> None:
        self.active = self.active[staying]
        chosen = torch.from_numpy(staying)
        for parameter in net.module_.parameters():
            parameter.data, parameter.grad = parameter.data[chosen], None
            state = net.optimizer_.state[parameter]
            state.update({name: value[chosen] for name, value in state.items() if value.ndim})
        for dataset in datasets:
            if dataset is not None:
                dataset.narrow(staying)


def rate(epoch: int, max_epochs: int) -> float:
    """Return the share of the learning rate: a short linear rise, then half a cosine down to nothing."""
    rise = min(_WARM_UP, max_epochs // 10)
    if epoch < rise:
        return (epoch + 1) / (rise + 1)
    return 0.5 * (1.0 + cos(pi * (epoch - rise) / max(max_epochs - rise, 1)))


def train_members(
    features: Array,
    targets: dict[str, Array],
    held_out: Sequence[NDArray[np.bool_]],
    starts: Sequence[tuple[Array, Array]],
    criterion: MemberLoss,
    settings: Settings,
    seeds: Sequence[int],
    tick: Callable[[], None] | None = None,
) -> list[Member]:
    """Train all members; `held_out` rows stop each of them, `starts` is the response it begins with."""
    tensor = {
        name: torch.from_numpy(np.asarray(values, dtype=np.float32)).to(settings.device)
        for name, values in {"inputs": features, **targets}.items()
    }
    inputs = tensor.pop("inputs")
    watched = all(mask.any() for mask in held_out)
    watch = Watch(settings.patience, "valid_loss" if watched else "train_loss", tick)
    with quiet_torch(0, settings.device):
        seen = MemberRows(inputs, tensor, [~mask for mask in held_out], seeds)
        unseen = MemberRows(inputs, tensor, held_out, seeds) if watched else None
        net = EnsembleNet(
            **_options(settings),
            module__seeds=seeds,
            module__n_inputs=features.shape[1],
            module__n_outputs=targets["outputs"].shape[1],
            criterion=criterion,
            train_split=predefined_split(unseen) if watched else None,
            callbacks=[("rate", _schedule(settings)), ("watch", watch)],
        )
        net.tally = {}
        net.initialize()
        net.module_.start(starts)
        net.partial_fit(seen)
    return [
        Member(member_weights(watch.kept, k), {name: np.array(losses) for name, losses in history.items()})
        for k, history in enumerate(watch.histories)
    ]


def _schedule(settings: Settings) -> LRScheduler:
    return LRScheduler(
        torch.optim.lr_scheduler.LambdaLR, lr_lambda=lambda epoch: rate(epoch, settings.max_epochs)
    )


def _options(settings: Settings) -> dict[str, Any]:
    return {
        "module": Ensemble,
        "module__hidden": settings.hidden,
        "module__quadratic": settings.quadratic,
        "optimizer": torch.optim.AdamW,
        "optimizer__weight_decay": settings.weight_decay,
        "optimizer__fused": True,
        "lr": settings.lr,
        "max_epochs": settings.max_epochs,
        "batch_size": settings.batch_size,
        "device": settings.device,
        "iterator_train": MemberBatches,
        "iterator_train__shuffle": True,
        "iterator_valid": MemberBatches,
        **{f"callbacks__{name}": None for name in ("print_log", "epoch_timer", "train_loss", "valid_loss")},
        "verbose": 0,
    }
