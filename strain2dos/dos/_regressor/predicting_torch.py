# SPDX-License-Identifier: BSD-3-Clause
"""Curves predicted on a CUDA device: the process, the nets and the decode as tensors, block by block."""

from __future__ import annotations

from dataclasses import replace
from itertools import count, takewhile
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import silu

from strain2dos.dos._networks.member import check_device, with_products
from strain2dos.dos._process.kernels import _CONSTANT, _stationary
from strain2dos.dos._process.regression import Trend
from strain2dos.dos._regressor import predicting as _predicting
from strain2dos.dos._representations.basis import Latent
from strain2dos.dos._representations.torch_decode import LatentDecode

Array = NDArray[np.float64]

# numbers in the widest array of a block: 64 MB in double precision, of which about a dozen live at once
_CELLS = 2**23


def curves(model: Any, X: Array, spread: bool) -> Any:
    """Return (n, n_energies) curves, with their standard deviation if asked, from where `device` says."""
    device = torch.device(check_device(model.device))
    # a prior is any regressor, and what it predicts comes from the CPU anyway
    if device.type != "cuda" or model.prior_head_ is not None:
        return _predicting.curves(model, X, spread)
    return curves_on(model, X, spread, device, model.dtype)


def curves_on(model: Any, X: Array, spread: bool, device: torch.device, dtype: str) -> Any:
    """Predict on any torch device in blocks that fit its memory; arrays come back in `dtype`."""
    kept = _kept(model, device, dtype)
    # a step of one standard deviation drowns in the rounding of single precision
    exact = _kept(model, device, "float64") if spread else None
    answer = np.empty((len(X), len(model.energies_)), dtype)
    deviation = np.empty_like(answer) if spread else None
    for start in range(0, len(X), kept.block):
        rows = slice(start, start + kept.block)
        with torch.inference_mode():
            features = kept.standardise(X[rows])
            torch.from_numpy(answer[rows]).copy_(kept.curve(features))
            if deviation is not None and exact is not None:
                torch.from_numpy(deviation[rows]).copy_(exact.deviation(features))
    return (answer, deviation) if spread else answer


# beside the model and not on it: tensors of a device have no place in a pickle or a saved model
_KEPT: WeakKeyDictionary[Any, dict[tuple[str, str], tuple[Any, DeviceCurves]]] = WeakKeyDictionary()


def _kept(model: Any, device: torch.device, dtype: str) -> DeviceCurves:
    """Return the tensors of a fitted model, made at the first call after each fit."""
    made = _KEPT.setdefault(model, {})
    key = str(device), dtype
    # every fit sets a new list
    if key not in made or made[key][0] is not model.heads_:
        made[key] = model.heads_, DeviceCurves(model, device, getattr(torch, dtype))
    return made[key][1]


class DeviceTrend(NamedTuple):
    """One Gaussian process; constant and linear part of its mean are summed beforehand."""

    fitted: Trend
    length: torch.Tensor
    points: torch.Tensor
    weights: torch.Tensor
    slope: torch.Tensor
    level: torch.Tensor
    factor: torch.Tensor
    variance: torch.Tensor

    @classmethod
    def of(cls, trend: Trend, device: torch.device) -> DeviceTrend:
        """Copy a trend to the device."""
        points = trend.points / trend.kernel.length
        arrays = (
            trend.kernel.length,
            points,
            trend.weights,
            trend.kernel.linear * (points.T @ trend.weights),
            _CONSTANT * trend.weights.sum(0),
            trend.factor,
            trend.variance,
        )
        return cls(trend, *(torch.tensor(each, dtype=torch.float64, device=device) for each in arrays))

    def _nearness(self, scaled: torch.Tensor) -> torch.Tensor:
        # by differences: squares of norms cancel where points are close
        distance = torch.cdist(scaled, self.points, compute_mode="donot_use_mm_for_euclid_dist")
        return _stationary(distance.square_(), self.fitted.kernel.family, torch)

    def predict(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return (n, n_outputs) means and variances."""
        scaled, linear = features / self.length, self.fitted.kernel.linear
        near = self._nearness(scaled)
        mean = near @ self.weights + scaled @ self.slope + self.level
        cross = near + linear * (scaled @ self.points.T) + _CONSTANT
        own = 1.0 + linear * scaled.square().sum(1) + _CONSTANT
        share = own - (cross @ self.factor).square().sum(1)
        return mean, (share.clamp(min=0.0) + self.fitted.kernel.noise)[:, None] * self.variance


class DeviceCurves:
    """The curves of a fitted regressor on one device: processes in double precision, the rest in `dtype`.

    The terms of a process cancel to a small part of their size, which would cost single precision its
    digits, and its few hundred points cost little beside the decode of whole curves.
    """

    def __init__(self, model: Any, device: torch.device, dtype: torch.dtype) -> None:
        self.device, self.dtype, self.head = device, dtype, model.heads_[0]
        self.centre, self.scale, self.mean = (
            torch.tensor(each, dtype=torch.float64, device=device)
            for each in (model._centre_, model._scale_, self.head["mean"])
        )
        trends = [Trend.from_state(state) for state in self.head["trends"]]
        self.trends = [DeviceTrend.of(trend, device) for trend in trends]
        self.nets = self._stacked(model.weights_) if self.head["network_weight"] > 0 else []
        latent = _centred(Latent.from_state(model.representation_))
        self.decode = LatentDecode(latent).to(device, dtype)
        hidden = sum(layer[0].shape[0] * layer[0].shape[2] for layer in self.nets)
        width = max(
            len(latent.mean), len(model.energies_), hidden, *(len(trend.points) for trend in trends), 1
        )
        self.block = max(256, _CELLS // width)

    def _stacked(self, members: list[dict[str, Array]]) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Return weights (n_members, n_in, n_out) and levels of the smooth response and of each layer."""
        names = takewhile(lambda name: f"{name}.weight" in members[0], (f"layers.{k}" for k in count()))
        names = ["linear", *names, *(["head"] if "head.weight" in members[0] else [])]
        answer = []
        for name in names:
            columns = slice(*self.head["columns"]) if name in ("linear", "head") else slice(None)
            weight = np.stack([member[f"{name}.weight"][columns].T for member in members])
            level = np.stack([member[f"{name}.bias"][None, columns] for member in members])
            answer.append(
                tuple(torch.tensor(each, dtype=self.dtype, device=self.device) for each in (weight, level))
            )
        return answer

    def standardise(self, X: Array) -> torch.Tensor:
        """Return standardised features on the device."""
        return (torch.tensor(X, device=self.device) - self.centre) / self.scale

    def _answers(self, features: torch.Tensor) -> torch.Tensor:
        """Return (n_members, n, n_outputs) answers of the nets."""
        inputs = features.to(self.dtype).expand(self.nets[0][0].shape[0], -1, -1)
        smooth, *layers = self.nets
        same = smooth[0].shape[1] == inputs.shape[-1]
        answer = torch.baddbmm(smooth[1], inputs if same else with_products(inputs, torch.cat), smooth[0])
        if layers:
            for weight, level in layers[:-1]:
                inputs = silu(torch.baddbmm(level, inputs, weight))
            answer = answer + torch.baddbmm(layers[-1][1], inputs, layers[-1][0])
        return answer.double()

    def _outputs(self, features: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the scores and their variances."""
        answer = features.new_zeros((len(features), len(self.mean)))
        variance = torch.zeros_like(answer)
        found = [(trend.fitted.share, *trend.predict(features)) for trend in self.trends]
        for share, mean, _ in found:
            answer += share * mean
        for share, mean, own in found:
            variance += share * (own + (mean - answer).square())
        weight, size = self.head["network_weight"], self.head["scale"]
        if self.nets:
            nets = self._answers(features)
            answer += weight * (nets.mean(0) - answer)
            if len(nets) > 1:
                variance = (1 - weight) ** 2 * variance + weight**2 * nets.var(0)
        return self.mean + size * answer, size**2 * variance

    def curve(self, features: torch.Tensor) -> torch.Tensor:
        """Return (n, n_energies) curves."""
        scores, variance = (each.to(self.dtype) for each in self._outputs(features))
        return self.decode.expected(scores, variance)

    def deviation(self, features: torch.Tensor) -> torch.Tensor:
        """Return (n, n_energies) standard deviations, linearised as in `Latent.changes`."""
        scores, variance = self._outputs(features)
        total = torch.zeros((), device=self.device)
        for column in range(scores.shape[1]):
            step = torch.zeros_like(scores)
            step[:, column] = variance[:, column].sqrt()
            total = total + (0.5 * (self.decode(scores + step) - self.decode(scores - step))).square()
        return total.sqrt()


def _centred(latent: Latent) -> Latent:
    """Count energies from the reference in the gap: single precision then resolves what is left of them."""
    shape = latent.representation
    if latent.name == "blend":
        moved, parts = [], []
        for part, columns in shape.slices():
            own = Latent(part.name, part.representation, latent.mean[columns] * part.scale, latent.directions)
            centred = _centred(own)
            moved.append(centred.mean / part.scale)
            parts.append(part._replace(representation=centred.representation))
        return latent._replace(mean=np.hstack(moved), representation=replace(shape, parts=tuple(parts)))
    if latent.name == "cdf":
        sizes = [np.sqrt(np.gradient(counts)) for counts in (shape.up, shape.down)]
        moved = latent.mean - shape.reference * np.r_[sizes[0], -sizes[1]]
    elif latent.name == "aligned":
        moved = latent.mean - shape.reference * np.r_[np.zeros(len(latent.mean) - 2), shape.weights]
    else:
        return latent
    energies = shape.energies - shape.reference
    return latent._replace(mean=moved, representation=replace(shape, energies=energies, reference=0.0))
