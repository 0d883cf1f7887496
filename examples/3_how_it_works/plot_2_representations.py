# SPDX-License-Identifier: BSD-3-Clause
"""
Why not simply interpolate the curve?
=====================================

Strain moves the features of the density of states along the energy axis. At a fixed
energy the curve then rises and falls, and a mixture of two curves shows every
feature twice. This example predicts one curve from its two neighbors in three
representations, and then compares them on all strain states.
"""

# %%
# Three states
# ------------
# Unstrained, 2 % and 4 % biaxial. The middle one is left out, and two curves are all
# there is to learn from: whatever appears between them is the work of the
# representation.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.model_selection import GroupKFold, cross_validate

from strain2dos import DOSRegressor
from strain2dos.datasets import load_mos2_dft
from strain2dos.dos import band_edges
from strain2dos.dos.metrics import make_dos_scorer
from strain2dos.simulate import strain_invariants

data = load_mos2_dft()
X = strain_invariants(data.strain)
low, middle, high = (data.name.index(name) for name in ("bi+0", "bi+2", "bi+4"))
colors = {
    "grid": "#E69F00",
    "pca": "#CC79A7",
    "cdf": "#0072B2",
}


def regressor(representation):
    """Return a regressor without networks: three states could not judge them."""
    return DOSRegressor(
        data.energies,
        representation=representation,
        hidden_layer_sizes=(),
        edge_threshold=0.15,
        random_state=0,
    )


neighbors = [low, high]
predicted = {
    name: regressor(name)
    .fit(X[neighbors], data.dos[neighbors])
    .predict(X[[middle]])[0]
    for name in colors
}

# %%
# The curves near the gap
# -----------------------
# "grid" learns the square root of the density at each energy and "pca" the density
# itself: both mix the two neighbors, so states of the unstrained curve stay where
# the strained one has none. "cdf" learns the energy at which the n-th state is
# reached and moves states.

fig, axes = plt.subplots(
    3, 2, figsize=(9, 6.5), sharex="col", sharey="col", layout="constrained"
)
windows = {"Valence band edge": (-6.6, -5.4), "Conduction band edge": (-4.8, -3.8)}
for pair, (name, color) in zip(axes, colors.items(), strict=True):
    for ax, window in zip(pair, windows.values(), strict=True):
        near = (data.energies >= window[0]) & (data.energies <= window[1])
        grid = data.energies[near]
        ax.plot(
            grid, data.dos[low, near], color="0.6", ls="--", label="0 %, trained on"
        )
        ax.plot(
            grid, data.dos[high, near], color="0.6", ls=":", label="4 %, trained on"
        )
        ax.plot(
            grid,
            data.dos[middle, near],
            color="black",
            lw=1.2,
            label="2 %, first principles",
        )
        ax.plot(
            grid, predicted[name][near], color=color, lw=2, label="2 %, predicted"
        )
        ax.margins(x=0)
    pair[0].set_ylabel("DOS\n(states/eV/cell)")
    pair[0].legend(fontsize="x-small", loc="upper right", title=f'"{name}"')
for ax, part in zip(axes[0], windows, strict=True):
    ax.set_title(part)
for ax in axes[-1]:
    ax.set_xlabel("Energy against vacuum (eV)")

# %%
# The gap read from each of them:

for name, curve in {"first principles": data.dos[middle], **predicted}.items():
    gap = band_edges(data.energies, curve, threshold=0.15, reference=-5.3).gap
    print(f"{name:17s}{float(np.squeeze(gap)):.3f} eV")

# %%
# On all strain states
# --------------------
# With more states in between, the differences shrink but stay. Every fold leaves
# whole states out. The coefficient of determination lies close to 1 for all and
# hides what the others show, so its distance from 1 is drawn.

scoring = {
    "gap": make_dos_scorer("gap_mae"),
    "states": make_dos_scorer("wasserstein"),
    "r2": make_dos_scorer("r2_per_curve"),
}
folds = GroupKFold(4)
scores = {
    name: cross_validate(
        regressor(name), X, data.dos, groups=data.groups, cv=folds, scoring=scoring
    )
    for name in colors
}

panels = {
    "gap": ("Error of the gap (meV)", lambda found: -found, "{:.0f}"),
    "states": ("Wasserstein distance (meV)", lambda found: -found, "{:.1f}"),
    "r2": ("1 - R² per curve", lambda found: 1 - found, "{:.3f}"),
}
fig, axes = plt.subplots(1, 3, figsize=(9, 3.4), layout="constrained")
for ax, (score, (label, turn, digits)) in zip(axes, panels.items(), strict=True):
    values = [turn(scores[name][f"test_{score}"]).mean() for name in colors]
    bars = ax.bar(list(colors), values, color=list(colors.values()))
    ax.bar_label(bars, [digits.format(value) for value in values], padding=2)
    ax.set_ylabel(label)
    ax.margins(y=0.12)
for name in colors:
    print(f"{name:8s} R2 {scores[name]['test_r2'].mean():.3f}")
plt.show()
