# SPDX-License-Identifier: BSD-3-Clause
"""Shapley values of many samples: in parts that bound the memory, on as many threads as wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from joblib import effective_n_jobs
from tqdm import tqdm

from strain2dos.explain._values.coalitions import Means
from strain2dos.explain._values.evaluations import Evaluations
from strain2dos.explain._values.shapley import Found, base_values, exact_shapley, joined, sampled_shapley

if TYPE_CHECKING:
    from strain2dos.explain._values.subject import Subject

# Curves held at a time while coalitions are evaluated, by each thread.
_CHUNK_BYTES = 2**25
# Rows at a time where a row gives a few numbers only, such as band edges.
_CHUNK_ROWS = 2**16


@dataclass(frozen=True)
class Plan:
    """How samples are explained.

    Attributes
    ----------
    exact, pairs : bool
        Whether over all coalitions, and whether with interaction values.
    n_permutations, seed : int
        Of the sampling.
    most : int or None
        Evaluations for each sample at most, where all coalitions are evaluated.
    n_jobs : int or None
        Threads, as joblib counts jobs.
    progress : bool
        Whether to show a bar.
    """

    exact: bool
    pairs: bool
    n_permutations: int
    most: int | None
    seed: int
    n_jobs: int | None
    progress: bool

    @property
    def method(self) -> str:
        """What the explanation names."""
        if not self.exact:
            return "permutation"
        return "exact" if self.most is None else "some rows"


def explain_quantities(
    subject: Subject, data: np.ndarray, quantities: Sequence[str], plan: Plan
) -> tuple[Found, np.ndarray]:
    """Shapley values of all quantities side by side (n, k, m), and their base values (m,)."""
    means = Evaluations(
        subject.model,
        subject.conformal,
        tuple(quantities),
        subject.weights,
        most=plan.most if plan.exact else None,
        seed=plan.seed,
    )
    means.check()
    found, bases = zip(
        *(explain_rows(part, data, subject.background, plan) for part in means.parts()), strict=True
    )
    return joined(found, axis=-1), np.concatenate(bases)


def explain_rows(
    means: Means, data: np.ndarray, background: np.ndarray, plan: Plan
) -> tuple[Found, np.ndarray]:
    """Shapley values of the rows ``data`` (n, k), and the base values (m,).

    Parts are the same however many threads there are, and so are the values, bit for bit.
    """
    base = base_values(means, background)
    max_rows, k = int(np.clip(_CHUNK_BYTES // (8 * base.shape[1]), 64, _CHUNK_ROWS)), data.shape[1]
    n_coalitions = 2**k if plan.exact else 2 * k * plan.n_permutations
    step = max(means.least_samples, max_rows // (n_coalitions * len(background)))

    def part(start: int) -> Found:
        rows = data[start : start + step]
        if plan.exact:
            return exact_shapley(means, rows, background, base, max_rows, pairs=plan.pairs)
        # every sample is explained with the same orders, whatever stands beside it
        random, n = np.random.RandomState(plan.seed), plan.n_permutations
        return sampled_shapley(means, rows, background, max_rows, n_permutations=n, random=random)

    starts = range(0, len(data), step)
    with tqdm(total=len(data), desc="explain", unit="sample", disable=not plan.progress) as bar:
        parts = []
        for found in _in_threads(part, starts, plan.n_jobs):
            parts.append(found)
            bar.update(len(found.values))
    return joined(parts, axis=0), base[0]


def _in_threads(part, starts: range, n_jobs: int | None) -> Iterator[Found]:  # type: ignore[no-untyped-def]
    n_threads = min(effective_n_jobs(n_jobs), len(starts))
    if n_threads < 2:
        yield from map(part, starts)
        return
    # what costs time (linear algebra, compiled loops) lets other threads run
    with ThreadPoolExecutor(n_threads) as threads:
        yield from threads.map(part, starts)
