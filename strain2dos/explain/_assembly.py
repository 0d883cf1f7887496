# SPDX-License-Identifier: BSD-3-Clause
"""From what is asked for to whether it can be explained, and from what was found to an explanation."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np

from strain2dos.explain._explanation import DOSExplanation
from strain2dos.explain._interactions import Pairs
from strain2dos.explain._values.shapley import Found


def check_wishes(
    scalars: Sequence[str], n_features: int, *, edges: bool, curves: bool, pairs_up_to: int | None
) -> None:
    """Raise a ValueError where there is nothing to explain, or no way to explain pairs.

    `pairs_up_to` is the largest number of features whose coalitions are all evaluated, None without pairs.
    """
    if pairs_up_to is not None and not 2 <= n_features <= pairs_up_to:
        raise ValueError(
            f"interactions=True needs 2 to max_exact={pairs_up_to} features, but there are {n_features}; "
            "they are taken over all coalitions, so raise max_exact or explain fewer features."
        )
    if not curves and not scalars:
        reason = "edges=False leaves these out too." if not edges else "the model knows none; pass energies=."
        raise ValueError(f"curves=False leaves the band edges, but {reason}")


def assembled(
    found: Found,
    base: np.ndarray,
    data: np.ndarray,
    *,
    scalars: Sequence[str],
    energies: np.ndarray | None,
    feature_names: tuple[str, ...],
    method: str,
    n_background: int,
) -> DOSExplanation:
    """Divide quantities that stand side by side, the curve first, into the parts of an explanation."""
    n_dos = len(base) - len(scalars)

    def numbers(values: np.ndarray) -> dict[str, np.ndarray]:
        return {name: values[..., n_dos + i] for i, name in enumerate(scalars)}

    return DOSExplanation(
        values=found.values[..., :n_dos],
        base_values=base[:n_dos],
        edge_values=numbers(found.values),
        edge_base_values={name: float(value) for name, value in numbers(base).items()},
        missing_edges=numbers(found.missing),
        energies=np.arange(n_dos, dtype=np.float64) if energies is None else energies[:n_dos],
        energy_unit=None if energies is None else "eV",
        feature_names=feature_names,
        data=data,
        method=method,
        n_background=n_background,
        pairs=None if found.pairs is None else Pairs(found.pairs[..., :n_dos], numbers(found.pairs)),
    )


def warn_missing(explanation: DOSExplanation) -> None:
    """Warn of edges that some evaluations do not have, to the caller of the function that explains."""
    worst = explanation._worst_missing
    if worst:
        words = ", ".join(f"{name} in up to {share:.2g} of them" for name, share in worst.items())
        warnings.warn(
            f"some evaluations have no band edge (a metal, or an edge beyond the grid): {words} per sample; "
            "the means leave them out. See missing_edges.",
            UserWarning,
            stacklevel=3,
        )
