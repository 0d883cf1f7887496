# SPDX-License-Identifier: BSD-3-Clause
"""Mean edges of rows that take some features from a sample and the others from a background.

The squared distance of such a row to a training state is a sum of two parts: one that the sample gives, and
one that the background gives. Each is made once for all rows that share it. What is left for each row is the
kernel of the sum; where kernels are Gaussian they multiply, and one product of matrices does all rows.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from strain2dos.dos._common.linear_algebra import tensor
from strain2dos.dos._common.threads import one_thread
from strain2dos.dos._process.covariance import CONSTANT, FACTORS, stationary
from strain2dos.dos._process.heads import LoadedHeads
from strain2dos.dos._process.mixture import Loaded
from strain2dos.dos._regressor.fitted import FittedDOS

Array = NDArray[np.float64]
Tensor = torch.Tensor

# samples at a time, and rows whose kernels are held at once: fewer cost time in calls, more leave the cache
_SAMPLES, _ROWS = 16, 3200


class JointEdges:
    """Mean edges over a background, for any choice of features that are taken from samples.

    Parameters
    ----------
    fitted : FittedDOS
        With valleys that were learned.
    heads : LoadedHeads
        Its heads on a device.
    background : ndarray of shape (b, n_features)
    weights : ndarray of shape (b,)
        Of its rows, which add to one.
    """

    def __init__(self, fitted: FittedDOS, heads: LoadedHeads, background: Array, weights: Array) -> None:
        self.fitted, self.device = fitted, heads.device
        self.weights = tensor(weights, self.device)
        self.valleys = [
            [_Kernel(part, k, head.scale) for part in parts for k in range(len(part.member_weights))]
            for head, parts in zip(heads.heads.valleys, heads.valley_parts, strict=True)
        ]
        self.levels = [float(head.mean[0]) for head in heads.heads.valleys]
        self.others = self._placed(background)

    def means(self, X: Array, members: NDArray[np.bool_]) -> Array:
        """Return mean edges (n, c, 3) of samples (n, k) for each choice of features, (c, k) bool."""
        answer = np.empty((len(X), len(members), 3))
        with one_thread(), torch.no_grad():
            taken = tensor(members, self.device)
            for start in range(0, len(X), _SAMPLES):
                some = X[start : start + _SAMPLES]
                own, step = self._placed(some), max(1, _ROWS // (len(some) * len(self.weights)))
                for first in range(0, len(taken), step):
                    vbm, cbm = self._mean(own, taken[first : first + step])
                    found = torch.stack([vbm, cbm, cbm - vbm], dim=-1).transpose(0, 1)
                    answer[start : start + _SAMPLES, first : first + step] = found.cpu().numpy()
        return answer

    def _mean(self, own: list[list[_Placed]], taken: Tensor) -> tuple[Tensor, Tensor]:
        """Mean valence and conduction edges (c, n) for choices of features (c, k)."""
        energies, left = [], 1.0 - taken
        for level, kernels, near, far in zip(self.levels, self.valleys, own, self.others, strict=True):
            energies.append(torch.full((1, 1, 1), level, dtype=torch.float64, device=self.device))
            for kernel, one, other in zip(kernels, near, far, strict=True):
                energies[-1] = kernel(one.chosen(taken), other.chosen(left)).add_(energies[-1])
        n = self.fitted.n_valence
        vbm, cbm = torch.stack(energies[:n]).amax(0), torch.stack(energies[n:]).amin(0)
        return vbm @ self.weights, cbm @ self.weights

    def _placed(self, X: Array) -> list[list[_Placed]]:
        x = tensor(self.fitted.standardise(X), self.device)
        return [[kernel.place(x) for kernel in kernels] for kernels in self.valleys]


class _Placed(NamedTuple):
    """Rows as one kernel sees them, feature by feature.

    Attributes
    ----------
    apart : Tensor of shape (k, n * n_points)
        Squared distances to the training states.
    tilt : Tensor of shape (k, n)
        What the linear part makes of the features.
    """

    apart: Tensor
    tilt: Tensor

    def chosen(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return both, summed over choices of features (c, k): (c, n, n_points) and (c, n)."""
        tilt = features @ self.tilt
        return (features @ self.apart).view(*tilt.shape, -1), tilt


class _Kernel:
    """One kernel without a network, times its coefficients."""

    def __init__(self, part: Loaded, k: int, scale: float) -> None:
        covariance, points = part.covariance, part.placed[0][k]
        self.family, self.points = covariance.family, points.mT
        self.lengths = torch.exp(covariance.log_lengths[k])
        self.coefficients = scale * part.member_weights[k] * part.coefficients[k, :, 0]
        self.slopes = torch.exp(covariance.log_linear[k]) * (self.points @ self.coefficients)
        self.level = CONSTANT * self.coefficients.sum()

    def place(self, x: Tensor) -> _Placed:
        """Place standardized features (n, k)."""
        placed = (x / self.lengths).mT
        apart = (placed[:, :, None] - self.points[:, None, :]).square_().mul_(FACTORS[self.family])
        return _Placed(apart.flatten(1), placed * self.slopes[:, None])

    def __call__(self, one: tuple[Tensor, Tensor], other: tuple[Tensor, Tensor]) -> Tensor:
        """Return energies (c, n, b) of rows that are joined from n of the one kind and b of the other."""
        (near, tilt), (far, slant) = one, other
        if self.family == "gaussian":
            energy = near.neg_().exp_().mul_(self.coefficients) @ far.neg_().exp_().mT
        else:
            energy = stationary(near[:, :, None] + far[:, None], self.family)[0] @ self.coefficients
        return energy.add_(tilt[:, :, None]).add_((slant + self.level)[:, None])
