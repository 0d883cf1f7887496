# SPDX-License-Identifier: BSD-3-Clause
"""Figure and table of docs/guide/dft.md: what strain does to one layer, from the three others."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from strain2dos.datasets import StrainedDOS, load_dft

LAYERS = ("MoS2", "WS2", "MoSe2", "WSe2")
_VALLEYS = ("VB_K", "VB_G", "CB_K", "CB_Q")


def _valleys(data: StrainedDOS, states: list[str]) -> np.ndarray:
    """Energies (n, 4) of the valleys in eV."""
    rows = [data.name.index(name) for name in states]
    return np.column_stack([np.asarray(data.extra[key])[rows] for key in _VALLEYS])


def _gap(valleys: np.ndarray) -> np.ndarray:
    return valleys[:, 2:].min(axis=1) - valleys[:, :2].max(axis=1)


def _neighbors(layer: str) -> tuple[str, str, str]:
    """The layer with the same metal, the one with the same chalcogen, and the one with neither."""
    metal, chalcogen = layer[: -2 if layer.endswith("S2") else -3], layer.lstrip("MoW")
    same_metal = next(x for x in LAYERS if x.startswith(metal) and x != layer)
    same_chalcogen = next(x for x in LAYERS if x.lstrip("MoW") == chalcogen and x != layer)
    (neither,) = set(LAYERS) - {layer, same_metal, same_chalcogen}
    return same_metal, same_chalcogen, neither


def gaps(layer: str) -> pd.DataFrame:
    """Calculated gaps of strained states in eV, and those from the unstrained state and other layers."""
    sets = {name: load_dft(name) for name in LAYERS}
    states = [name for name in sets["WS2"].name if name != "bi+0"]
    moved = {name: _valleys(data, states) - _valleys(data, ["bi+0"]) for name, data in sets.items()}
    metal, chalcogen, neither = _neighbors(layer)
    own = _valleys(sets[layer], ["bi+0"])
    found = {
        "calculated": _gap(own + moved[layer]),
        f"as {chalcogen}": _gap(own + moved[chalcogen]),
        f"as {metal}": _gap(own + moved[metal]),
        "by elements": _gap(own + moved[metal] + moved[chalcogen] - moved[neither]),
    }
    return pd.DataFrame(found, index=states)


def table() -> pd.DataFrame:
    """Mean errors of the gap in meV."""
    rows = {}
    for layer in LAYERS:
        found = gaps(layer)
        error = 1000 * found.sub(found["calculated"], axis=0).abs().mean()
        metal, chalcogen, _ = _neighbors(layer)
        rows[layer] = {
            "as that with its metal": error[f"as {metal}"],
            "as that with its chalcogen": error[f"as {chalcogen}"],
            "by metal and chalcogen": error["by elements"],
        }
    return pd.DataFrame(rows).T.round(1).rename_axis("gap, mean error (meV)")


def draw() -> Figure:
    """Errors of gaps of strained states that are taken from the unstrained one and other layers."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 4, figsize=(9.6, 2.9), sharey=True, layout="constrained")
    for place, layer in zip(axes, LAYERS, strict=True):
        found = gaps(layer)
        error = 1000 * found.sub(found["calculated"], axis=0)
        other = error[f"as {_neighbors(layer)[1]}"]
        place.axhline(0.0, color="0.6", lw=0.8)
        style = {"s": 18, "facecolors": "none", "edgecolors": "C1"}
        place.scatter(found["calculated"], other, label="as the layer with its chalcogen", **style)
        place.scatter(
            found["calculated"], error["by elements"], s=12, color="C0", label="by metal and chalcogen"
        )
        place.set(title=layer, xlabel="gap (eV)")
    axes[0].set_ylabel("error of the gap (meV)")
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2, frameon=False)
    return figure
