# SPDX-License-Identifier: BSD-3-Clause
"""Tables and figure of docs/guide/dft.md: the bundled records, beside measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from strain2dos.datasets import StrainedDOS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LLOYD = "Lloyd et al., Nano Lett. 16, 5836 (2016)"
CONLEY = "Conley et al., Nano Lett. 13, 3626 (2013)"
ZHU = "Zhu et al., Phys. Rev. B 88, 121301 (2013)"


def line(data: StrainedDOS, direction: str, limit: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows of biaxial, zigzag or armchair states up to a limit, and their strain in per cent, sorted."""
    exx, eyy, exy = data.strain.T
    on_line = {"biaxial": exx == eyy, "zigzag": eyy == 0, "armchair": exx == 0}[direction] & (exy == 0)
    strain = eyy if direction == "armchair" else exx
    rows = np.flatnonzero(on_line & (np.abs(strain) <= limit))
    rows = rows[np.argsort(strain[rows])]
    return rows, 100 * strain[rows]


def slope(data: StrainedDOS, direction: str, values: np.ndarray, limit: float = 0.02) -> float:
    """Slope per % of strain at zero strain, from a parabola through the states within a limit.

    NaN where fewer than three states lie there: a chord to one side is no slope at zero strain.
    """
    rows, percent = line(data, direction, limit)
    return float(np.polyfit(percent, values[rows], 2)[-2]) if len(rows) > 2 else float("nan")


def crossing(data: StrainedDOS, direction: str, lead: np.ndarray, limit: float = 0.03) -> float:
    """Strain in per cent at which a lead changes sign, between the two states around it."""
    rows, percent = line(data, direction, limit)
    values = lead[rows]
    change = np.flatnonzero(np.diff(np.sign(values)))
    if len(change) != 1:
        return float("nan")
    i = int(change[0])
    return float(np.interp(0.0, sorted(values[i : i + 2]), percent[i : i + 2][np.argsort(values[i : i + 2])]))


def shear_potential(data: StrainedDOS) -> float:
    """Shear deformation potential beta: splitting over w0 |exx - eyy|, mean of uniaxial states of 2 %."""
    w0 = data.phonons[data.name.index("bi+0"), :2].mean()
    rows = np.concatenate([line(data, d, 0.02)[0] for d in ("zigzag", "armchair")])
    rows = rows[np.abs(data.strain[rows, 0] - data.strain[rows, 1]) > 0]
    if not len(rows):
        return float("nan")
    size = np.abs(data.strain[rows, 0] - data.strain[rows, 1])
    return float(np.mean((data.phonons[rows, 1] - data.phonons[rows, 0]) / (w0 * size)))


def rates(data: StrainedDOS) -> pd.DataFrame:
    """Rates and crossings of the records beside published ones."""
    lower, upper, a1 = data.phonons.T
    mean = (lower + upper) / 2
    direct = 1000 * (data.extra["CB_K"] - data.extra["VB_K"])
    valence = data.extra["VB_K"] - data.extra["VB_G"]
    conduction = data.extra["CB_Q"] - data.extra["CB_K"]
    rows = [
        ("E', biaxial", "cm-1 per %", slope(data, "biaxial", mean), -5.2, LLOYD),
        ("A1', biaxial", "cm-1 per %", slope(data, "biaxial", a1), -1.7, LLOYD),
        ("E' mean, zigzag", "cm-1 per %", slope(data, "zigzag", mean), -2.75, CONLEY),
        ("E' mean, armchair", "cm-1 per %", slope(data, "armchair", mean), -2.75, CONLEY),
        ("A1', zigzag", "cm-1 per %", slope(data, "zigzag", a1), 0.0, CONLEY),
        ("shear potential beta", "1", shear_potential(data), 0.78, CONLEY),
        ("gap at K, biaxial", "meV per %", slope(data, "biaxial", direct), -99.0, LLOYD),
        ("gap at K, zigzag", "meV per %", slope(data, "zigzag", direct), -48.0, ZHU),
        ("gap at K, armchair", "meV per %", slope(data, "armchair", direct), -48.0, ZHU),
        ("valence top K to Gamma, biaxial", "%", crossing(data, "biaxial", valence), np.nan, ""),
        ("valence top K to Gamma, zigzag", "%", crossing(data, "zigzag", valence), 1.0, CONLEY),
        ("conduction bottom K to Q, biaxial", "%", crossing(data, "biaxial", conduction), np.nan, ""),
    ]
    table = pd.DataFrame(rows, columns=["quantity", "unit", "records", "measured", "source"])
    table["deviation"] = table["records"] - table["measured"]
    return table


def rates_text(data: StrainedDOS) -> pd.DataFrame:
    """`rates` with two digits, for print."""
    table = rates(data)
    for column in ("records", "measured", "deviation"):
        table[column] = [f"{value:.3g}" if np.isfinite(value) else "" for value in table[column]]
    return table[["quantity", "unit", "records", "measured", "deviation", "source"]].set_index("quantity")


def draw_states(data: StrainedDOS) -> Figure:
    """Where the states lie, and their gap: mean strain against the deviator."""
    import matplotlib.pyplot as plt

    exx, eyy, exy = data.strain.T
    mean, deviator = 50 * (exx + eyy), 100 * np.hypot(exx - eyy, 2 * exy)
    figure, axes = plt.subplots(figsize=(6.4, 4.0), layout="constrained")
    for mirror, marker, label in ((True, "o", "with a mirror (exy = 0)"), (False, "^", "without")):
        some = (exy == 0) == mirror
        if not some.any():
            continue
        points = axes.scatter(
            mean[some],
            deviator[some],
            c=data.gap[some],
            marker=marker,
            s=42,
            cmap="viridis",
            vmin=data.gap.min(),
            vmax=data.gap.max(),
            edgecolors="0.25",
            linewidths=0.6,
            label=label,
        )
    axes.set_xlabel("mean in-plane strain (exx + eyy) / 2 (%)")
    axes.set_ylabel("difference of the principal strains (%)")
    if len(axes.collections) > 1:
        axes.legend(frameon=False, loc="upper right")
    figure.colorbar(points, ax=axes, label="band gap (eV)")
    return figure
