# SPDX-License-Identifier: BSD-3-Clause
"""Figure and table of docs/guide/dft.md: what strain does to one layer, from the three others."""

from __future__ import annotations

from functools import lru_cache

import pandas as pd
from matplotlib.figure import Figure

from strain2dos.datasets import load_dft
from strain2dos.dos._edges.valleys import edges_of_valleys
from strain2dos.simulate.dft._materials import LAYERS, Layer

VALLEYS = ["vbm_K", "vbm_G", "cbm_K", "cbm_Q"]
METAL, CHALCOGEN, BOTH = "as that with its metal", "as that with its chalcogen", "by metal and chalcogen"


def _neighbor(layer: Layer, metal: bool, chalcogen: bool) -> str:
    """Name of the layer that shares the metal, or the chalcogen, or neither."""
    shared = (metal, chalcogen)
    return next(
        name
        for name, other in LAYERS.items()
        if (other.metal == layer.metal, other.chalcogen == layer.chalcogen) == shared
    )


@lru_cache(maxsize=1)
def errors() -> dict[str, pd.DataFrame]:
    """Calculated gaps of strained states in eV, and errors of those from the unstrained state in meV."""
    sets = {name: load_dft(name) for name in LAYERS}
    valleys = {name: data.edge_targets[VALLEYS].set_axis(data.name) for name, data in sets.items()}
    states = valleys["WS2"].index.drop("bi+0")
    moved = {name: (table.loc[states] - table.loc["bi+0"]).to_numpy() for name, table in valleys.items()}
    found = {}
    for name, layer in LAYERS.items():
        metal, chalcogen, neither = (
            moved[_neighbor(layer, *same)] for same in ((True, False), (False, True), (False, False))
        )
        ways = {METAL: metal, CHALCOGEN: chalcogen, BOTH: metal + chalcogen - neither}
        own = valleys[name].loc["bi+0"].to_numpy()
        gap = edges_of_valleys(own + moved[name], 2).gap
        wrong = {way: 1000 * (edges_of_valleys(own + shift, 2).gap - gap) for way, shift in ways.items()}
        found[name] = pd.DataFrame({"gap": gap, **wrong}, index=states)
    return found


def table() -> pd.DataFrame:
    """Mean errors of the gap in meV."""
    means = {name: found[[METAL, CHALCOGEN, BOTH]].abs().mean() for name, found in errors().items()}
    return pd.DataFrame(means).T.round(1).rename_axis("gap, mean error (meV)")


def draw() -> Figure:
    """Errors of gaps of strained states that are taken from the unstrained one and other layers."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(9.6, 2.9), sharey=True, layout="constrained")
    for place, (name, found) in zip(axes, errors().items(), strict=True):
        place.axhline(0.0, color="0.6", lw=0.8)
        style = {"s": 18, "facecolors": "none", "edgecolors": "C1"}
        place.scatter(found["gap"], found[CHALCOGEN], label="as the layer with its chalcogen", **style)
        place.scatter(found["gap"], found[BOTH], s=12, color="C0", label=BOTH)
        place.set(title=name, xlabel="gap (eV)")
    axes[0].set_ylabel("error of the gap (meV)")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return figure
