# SPDX-License-Identifier: BSD-3-Clause
"""From the regressor's parameters to the loss that its nets minimise."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.dos._edges.reading import band_edges
from strain2dos.dos._networks.losses import MemberLoss, Physics, PhysicsLoss
from strain2dos.dos._regressor.blocks import Block
from strain2dos.dos._representations.basis import Latent

Array = NDArray[np.float64]


def criterion_of(
    model: Any, latent: Latent, blocks: list[Block], curves: Array, edges: Array | None
) -> tuple[MemberLoss, dict[str, Array]]:
    """Return the loss, and the targets that it needs beside the outputs."""
    # all edges together weigh as much as the curve, however many valleys they are made of
    share = float(model.edge_weight) / max(len(blocks) - 1, 1)
    columns = np.r_[np.ones(blocks[0].scaled.shape[1]), np.full(len(blocks) - 1, share)]
    window = None if model.state_window is None else tuple(float(end) for end in model.state_window)
    physics = Physics(
        float(model.cdf_weight),
        float(model.smoothness_weight),
        float(model.state_weight),
        float(model.gap_weight),
        window,
    )
    if not physics.wanted:
        return MemberLoss(model.loss, columns), {}
    if edges is None:
        edges = _read_edges(model, curves)
    head = blocks[0].mean, blocks[0].scale
    terms = PhysicsLoss(physics, latent, head, model.energies_, model.edge_reference_, curves, edges)
    return MemberLoss(model.loss, columns, terms), {"curves": curves, "edges": edges}


def _read_edges(model: Any, curves: Array) -> Array:
    if len(model.energies_) < 2:
        return np.full((len(curves), 2), np.nan)
    where = {"threshold": model.edge_threshold, "reference": model.edge_reference_}
    return np.column_stack(band_edges(model.energies_, curves, **where)[:2])


def check_window(window: Any, energies: Array) -> None:
    """Refuse a window of energies that is none, or that holds no point of the grid."""
    if window is None:
        return
    given = np.asarray(window, dtype=np.float64)
    if given.shape != (2,) or not given[0] < given[1]:
        raise ValueError(
            f"state_window must be two ascending energies (e_low, e_high), but it is {window!r}; for "
            f"instance ({energies[0]:g}, {energies[-1]:g}), or None for the whole grid."
        )
    if not ((energies >= given[0]) & (energies <= given[1])).any():
        raise ValueError(
            f"state_window = {window!r} holds no energy of the grid of {energies[0]:g} to {energies[-1]:g} "
            "eV; give both ends in eV against the zero of `energies`."
        )
