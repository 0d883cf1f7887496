# SPDX-License-Identifier: BSD-3-Clause
"""The data sets of `accuracy.py` and the features that their curves are predicted from."""

from __future__ import annotations

import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from strain2dos.datasets import StrainedDOS, load_mos2_dft, read_dft_records, read_dos_table
from strain2dos.simulate import strain_invariants

Array = NDArray[np.float64]


class Task(NamedTuple):
    """Curves, the features to predict them from, and how band edges are read from them.

    `groups` numbers the strain states: rows of one state never stand on both sides of an honest split.
    `plane` holds the coordinates in which a state counts as inside or outside of its training states: the
    strain label, or trace and deviator of the tensor. They are the same for all features.
    """

    name: str
    data: StrainedDOS
    X: Array
    groups: NDArray[np.intp]
    plane: Array
    threshold: float
    reference: Array
    noisy: bool = False

    @property
    def tensor(self) -> bool:
        """Whether the features are components of the strain tensor."""
        return self.name == "MoS2, strain tensor"

    @property
    def one_feature(self) -> bool:
        """Whether curves can be interpolated along a line."""
        return self.X.shape[1] == 1


def known_edges(data: StrainedDOS, rows: NDArray[np.intp]) -> Any:
    """Return the edges that `DOSRegressor.fit` gets for the training rows: None where unknown."""
    known = data.edge_targets
    return None if known is None else known.iloc[rows]


def tasks(table: Path | None, records: Path | None) -> list[Task]:
    """Give all data sets: the published table where there is one, and the first-principles set."""
    found = [] if table is None else [published_table(table)]
    data = load_mos2_dft() if records is None else read_dft_records(records)
    found += first_principles(data)
    return [*found, noisy_repeats(found[-1])]


def published_table(path: Path) -> Task:
    """Read the table of the original notebooks, whose scaled copies are dropped."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        data = read_dos_table(path, strain_unit="fraction")
    data = data.subset(np.argsort(data.strain[:, 0]))
    return Task(
        "published table",
        data,
        X=data.strain,
        groups=data.groups,
        plane=data.strain,
        threshold=10.0,
        reference=np.zeros(len(data)),
    )


def first_principles(data: StrainedDOS) -> list[Task]:
    """Give the set three times: from the strain tensor, from its invariants and from phonons alone."""
    invariants = strain_invariants(data.strain)
    # tensors that symmetry makes one state have one curve, so they belong on one side
    _, groups = np.unique(invariants.round(6), axis=0, return_inverse=True)
    features = {
        "MoS2, strain tensor": data.strain,
        "MoS2, strain invariants": invariants,
        "MoS2, phonons": data.phonons,
    }
    return [
        Task(
            name,
            data,
            X=X,
            groups=groups.reshape(-1),
            plane=invariants[:, :2],
            # 0.15 states/eV/cell is where curves smeared by 0.05 eV come closest to the eigenvalue gap
            threshold=0.15,
            reference=data.edges.mean(1),
        )
        for name, X in features.items()
    ]


def noisy_repeats(task: Task, copies: int = 8, noise: float = 0.15, seed: int = 0) -> Task:
    """Repeat every state of a task on phonons, each time with other noise [cm-1] on each line.

    The copies of a state share one curve. A split over rows puts copies of the same curve on both sides,
    as spectra of one flake do when they are shuffled.
    """
    rows = np.repeat(np.arange(len(task.X)), copies)
    X = task.X[rows] + noise * np.random.RandomState(seed).standard_normal((len(rows), task.X.shape[1]))
    X[:, :2].sort(axis=1)  # a fit of two lines cannot know which is which: the lower one comes first
    return task._replace(
        name=f"{task.name}, noisy",
        data=replace(task.data.subset(rows), phonons=X),
        X=X,
        groups=task.groups[rows],
        plane=task.plane[rows],
        reference=task.reference[rows],
        noisy=True,
    )
