# SPDX-License-Identifier: BSD-3-Clause
"""The part of a covariance that depends on the distance of two states alone."""

from __future__ import annotations

import torch

Tensor = torch.Tensor

# What multiplies a squared distance before it enters `stationary`: C. E. Rasmussen and C. K. I. Williams,
# Gaussian Processes for Machine Learning, MIT Press 2006, equations (4.9) and (4.17).
FACTORS = {"gaussian": 0.5, "matern52": 5.0, "matern32": 3.0}
# What multiplies the second number that `stationary` returns, to be the derivative by a squared distance.
SLOPES = {"gaussian": -0.5, "matern52": -5.0 / 6.0, "matern32": -1.5}
FAMILIES = tuple(FACTORS)


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
