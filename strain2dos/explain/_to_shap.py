# SPDX-License-Identifier: BSD-3-Clause
"""Shares in one number of each sample, in the form that the library shap draws."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.integrate import trapezoid

from strain2dos.explain._shares import Shares
from strain2dos.explain._values.targets import check_energy, unit

if TYPE_CHECKING:
    import shap


def to_shap(explanation: Shares, target: str | float | tuple[float, float]) -> shap.Explanation:
    """See `DOSExplanation.to_shap`."""
    import shap

    values, base, name = _of(explanation, target)
    return shap.Explanation(
        values=values,
        base_values=np.full(len(values), base),
        data=explanation.data,
        feature_names=list(explanation.feature_names),
        output_names=name,
    )


def _of(explanation: Shares, target: str | float | tuple[float, float]) -> tuple[np.ndarray, float, str]:
    """Shares (n, k), base value and words of a target."""
    if isinstance(target, str):
        if target not in explanation.edge_values:
            raise ValueError(
                f"target={target!r} was not explained; take one of {list(explanation.edge_values)}, an "
                "energy or a window (e_low, e_high) of energies."
            )
        return (
            explanation.edge_values[target],
            explanation.edge_base_values[target],
            f"{target} (eV)" if unit(target) else target,
        )
    grid, axis = explanation.energies, explanation.energy_unit or "index"
    if isinstance(target, Sequence | np.ndarray) and len(target) == 2:
        low, high = map(float, target)
        values = explanation.window(low, high)
        inner = grid[(grid > low) & (grid < high)]
        nodes = np.concatenate([[low], inner, [high]])
        base = float(trapezoid(np.interp(nodes, grid, explanation.base_values), nodes))
        return values, base, f"states in {low:g} to {high:g} {axis}"
    energy = float(target)
    check_energy(energy, grid, explanation.energy_unit)
    base = float(np.interp(energy, grid, explanation.base_values))
    return explanation._at(energy), base, f"DOS at {energy:g} {axis}"
