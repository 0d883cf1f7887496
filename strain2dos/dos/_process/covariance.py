# SPDX-License-Identifier: BSD-3-Clause
"""Covariances of several Gaussian processes at once, each of which may see through a network of its own."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt

import numpy as np
import torch
from numpy.typing import NDArray

from strain2dos.dos._common.linear_algebra import product, tensor

Array = NDArray[np.float64]
Tensor = torch.Tensor

# What multiplies a squared distance before it enters `stationary`: C. E. Rasmussen and C. K. I. Williams,
# Gaussian Processes for Machine Learning, MIT Press 2006, equations (4.9) and (4.17).
FACTORS = {"gaussian": 0.5, "matern52": 5.0, "matern32": 3.0}
# What multiplies the second number that `stationary` returns, to be the derivative by a squared distance.
SLOPES = {"gaussian": -0.5, "matern52": -5.0 / 6.0, "matern32": -1.5}
FAMILIES = tuple(FACTORS)
# variance of the constant against that of the response: large, so that the level is free
CONSTANT = 100.0
# the network begins with this share in the distance of two states a standard deviation apart
_FIRST_REACH = 0.1
# up to this many rows, distances are sums of squared differences, which lose no digits
_EXACT_ROWS = 64


class Covariance(torch.nn.Module):
    r"""Constant, linear, quadratic and stationary part, with noise, for M members, in double precision.

    The stationary part is a function of the distance between :math:`[x / \ell, w f(x)]` and the same of
    another state, with :math:`f` a small network; without hidden layers it is that between
    :math:`x / \ell`. The linear part :math:`a\,p`, with :math:`p` the inner product of both
    :math:`x / \ell`, knows the lengths too, so a feature of no use drops out of both. With a quadratic
    part :math:`a q\,p^2` beside it, a response goes on beyond the states as it bends among them.

    Parameters
    ----------
    family : {"gaussian", "matern52", "matern32"}
        Stationary part.
    lengths : array of shape (n_members, n_features)
        Length scales of standardized features.
    linear, noise : array of shape (n_members,)
        Variances of linear part and noise, in units of the stationary part.
    quadratic : array of shape (n_members,), optional
        Variance of the quadratic part over that of the linear one; none where it is not given. Not trained.
    hidden : sequence of int
        Widths of the hidden layers of the network; empty for none.
    n_outputs : int
        Outputs of the network.
    least_noise : float
        The noise cannot fall below this.
    seed : int
        Seed of the weights; torch's own random state is not used.
    """

    quadratic: Tensor

    def __init__(
        self,
        family: str,
        lengths: Array,
        linear: Array,
        noise: Array,
        *,
        quadratic: Array | None = None,
        hidden: Sequence[int] = (),
        n_outputs: int = 4,
        least_noise: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.family, self.least_noise = family, least_noise
        self.log_lengths = _parameter(np.log(lengths))
        self.log_linear = _parameter(np.log(linear))
        bend = np.zeros(len(lengths)) if quadratic is None else quadratic
        self.register_buffer("quadratic", tensor(bend))
        self.log_noise = _parameter(np.log(np.maximum(noise - least_noise, 1e-3 * noise)))
        self.weights, self.biases = torch.nn.ParameterList(), torch.nn.ParameterList()
        self.log_reach = None
        if hidden:
            members, width = lengths.shape
            random = np.random.RandomState(seed)
            self.log_reach = _parameter(np.full(members, np.log(_FIRST_REACH)))
            for left, right in zip([width, *hidden], [*hidden, n_outputs], strict=True):
                limit = 1.0 / sqrt(left)
                self.weights.append(_parameter(random.uniform(-limit, limit, (members, left, right))))
                self.biases.append(_parameter(random.uniform(-limit, limit, (members, 1, right))))

    def warp(self, x: Tensor) -> Tensor:
        """Return what the networks make of standardized features (n, p): (n_members, n, n_outputs)."""
        if self.log_reach is None:
            return x.new_zeros((len(self.log_lengths), len(x), 0))
        hidden = x.expand(len(self.log_lengths), *x.shape)
        for layer, (weight, bias) in enumerate(zip(self.weights, self.biases, strict=True)):
            if layer:
                hidden = torch.nn.functional.silu(hidden)
            hidden = bias + product(hidden, weight)
        return torch.exp(self.log_reach)[:, None, None] * hidden

    def place(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return features over their lengths, and the same with the network's outputs beside them."""
        scaled = x / torch.exp(self.log_lengths)[:, None, :]
        return scaled, scaled if self.log_reach is None else torch.cat([scaled, self.warp(x)], dim=-1)

    def between(self, left: tuple[Tensor, Tensor], right: tuple[Tensor, Tensor]) -> Tensor:
        """Return (n_members, n_left, n_right) covariances of placed states."""
        # one member after the other: arrays of all at once leave the cache, and take twice as long
        return torch.stack([self.between_of(k, left, right) for k in range(len(self.log_lengths))])

    def between_of(self, k: int, left: tuple[Tensor, Tensor], right: tuple[Tensor, Tensor]) -> Tensor:
        """Return (n_left, n_right) covariances by one member."""
        near = left[1][k]
        scaled = FACTORS[self.family] * squared_distances(near, near if right is left else right[1][k])
        part = stationary(scaled, self.family)[0]
        inner = product(left[0][k], right[0][k].mT)
        response = self._response(inner, self.log_linear[k], self.quadratic[k])
        return part + response + CONSTANT if part.requires_grad else part.add_(response).add_(CONSTANT)

    @staticmethod
    def _response(inner: Tensor, log_linear: Tensor, quadratic: Tensor) -> Tensor:
        return torch.exp(log_linear) * torch.addcmul(inner, inner, quadratic * inner)

    def diagonal(self, placed: tuple[Tensor, Tensor]) -> Tensor:
        """Return (n_members, n) covariances of placed states with themselves, without noise."""
        inner = placed[0].square().sum(-1)
        return 1.0 + self._response(inner, self.log_linear[:, None], self.quadratic[:, None]) + CONSTANT

    def noise(self) -> Tensor:
        """Return the variance of the noise of every member."""
        return self.least_noise + torch.exp(self.log_noise)

    def member(self, k: int) -> Covariance:
        """Return the covariance of one member."""
        numbers = (self.log_lengths, self.log_linear, self.noise())
        lengths, linear, noise = (part[k : k + 1].detach().cpu().numpy() for part in numbers)
        quadratic = self.quadratic[k : k + 1].cpu().numpy()
        one = Covariance(self.family, np.exp(lengths), np.exp(linear), noise, quadratic=quadratic)
        if self.log_reach is not None:
            one.log_reach = torch.nn.Parameter(self.log_reach[k : k + 1].detach().clone())
            for kept, parts in ((one.weights, self.weights), (one.biases, self.biases)):
                kept.extend(torch.nn.Parameter(part[k : k + 1].detach().clone()) for part in parts)
        return one.to(self.log_lengths.device)

    def forward(self, x: Tensor, loose: Tensor | None = None) -> Tensor:
        """Return (n_members, n, n) covariances of states with noise; `loose` (n,) multiplies its variance."""
        placed = self.place(x)
        own = torch.diag(x.new_ones(len(x)) if loose is None else loose)
        return self.between(placed, placed) + self.noise()[:, None, None] * own


def stationary(scaled: Tensor, family: str) -> tuple[Tensor, Tensor]:
    """Return the stationary part, 1 at no distance, and its derivative but for the factor in `SLOPES`.

    `scaled` are squared distances times `FACTORS`. Their memory is used again where they need no gradient:
    arrays of predictions then stay in the cache.
    """
    free = None if scaled.requires_grad else scaled
    if family == "gaussian":
        part = torch.exp(torch.neg(scaled, out=free), out=free)
        return part, part
    # the root needs a derivative at no distance
    root = torch.sqrt(torch.clamp(scaled, min=1e-24, out=free), out=free)
    fall = torch.exp(-root)
    near = (1.0 + root).mul_(fall)
    if family == "matern32":
        return near, fall
    return torch.addcmul(near, torch.mul(root, root, out=free), fall, value=1.0 / 3.0), near


def squared_distances(left: Tensor, right: Tensor) -> Tensor:
    """Return squared distances (..., n_left, n_right) of rows (..., n, p)."""
    if left is right and left.shape[-2] <= _EXACT_ROWS:
        return (left[..., :, None, :] - right[..., None, :, :]).square().sum(-1)
    norms = left.square().sum(-1)[..., :, None] + right.square().sum(-1)[..., None, :]
    return (norms - 2.0 * product(left, right.mT)).clamp(min=0.0)


def _parameter(values: Array) -> torch.nn.Parameter:
    return torch.nn.Parameter(tensor(values))
