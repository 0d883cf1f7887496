# SPDX-License-Identifier: BSD-3-Clause
"""
How many first-principles states are enough?
============================================

A learning curve over the number of strain states, and from how many on a network in
the kernel pays.
"""

# %%
# First-principles states
# -----------------------
# Features are the three phonons. Every second energy is enough here.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone

from strain2dos import DOSRegressor
from strain2dos.datasets import load_mos2_dft
from strain2dos.dos import metrics

states = load_mos2_dft()
energies, dos = states.energies[::2], states.dos[:, ::2]

# %%
# Two models
# ----------
# Without hidden layers the Gaussian process compares states by their phonons; with
# them, also by what a small network makes of these. ``network_weight_`` is the
# weight of the networks in the prediction.

regressor = DOSRegressor(
    energies, representation="cdf", n_members=2, max_epochs=60, random_state=0
)
models = {
    "without networks": clone(regressor).set_params(hidden_layer_sizes=()),
    "with networks": regressor,
}

# %%
# Learning curves
# ---------------
# Every repetition sets a quarter of the states aside to test on, and trains on more
# and more of the others, in random order. Both models see the same states.

n_test, n_repeats = len(states) // 4, 3
sizes = np.unique(np.geomspace(8, len(states) - n_test, 3).astype(int))
where = {"energies": energies, "threshold": 0.15, "reference": -5.3}
gap = {name: np.empty((n_repeats, len(sizes))) for name in models}
moved = {name: np.empty((n_repeats, len(sizes))) for name in models}
weight = np.empty((n_repeats, len(sizes)))
for repeat in range(n_repeats):
    order = np.random.RandomState(repeat).permutation(len(states))
    test, rest = order[:n_test], order[n_test:]
    for k, size in enumerate(sizes):
        train = rest[:size]
        for name, model in models.items():
            fitted = clone(model).fit(states.phonons[train], dos[train])
            found = fitted.predict(states.phonons[test])
            gap[name][repeat, k] = metrics.gap_mae(dos[test], found, **where)
            moved[name][repeat, k] = metrics.wasserstein(
                dos[test], found, energies=energies
            )
        weight[repeat, k] = fitted.network_weight_

# %%
# Points are means over the random choices, bars their standard error. Few states are
# tested in each choice, and one of them at the border of the training states can
# outweigh the others.

fig, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
marks = [("#0072B2", "o", "-"), ("#D55E00", "^", "--")]
for ax, errors, label in zip(
    axes,
    (gap, moved),
    ("Error of the gap (meV)", "Wasserstein distance (meV)"),
    strict=True,
):
    for (name, values), (color, marker, dash), side in zip(
        errors.items(), marks, (0.98, 1.02), strict=True
    ):
        spread = values.std(axis=0, ddof=1) / np.sqrt(n_repeats)
        ax.errorbar(
            side * sizes,
            values.mean(axis=0),
            spread,
            color=color,
            marker=marker,
            ls=dash,
            capsize=3,
            label=name,
        )
    ax.set_xscale("log")
    ax.set_xticks(sizes, [str(size) for size in sizes])
    ax.minorticks_off()
    ax.set_ylim(bottom=0)
    ax.set(xlabel="First-principles states trained on", ylabel=label)
legend = axes[1].legend()

# %%
# Where does it help?
# -------------------
# The choices are paired, so the difference of the two models is known better than
# the bars do.

columns = ("weight of networks", "gain in gap error (meV)", "in Wasserstein (meV)")
print("states {:>19} {:>25} {:>22}".format(*columns))
for k, size in enumerate(sizes):
    cells = []
    for errors in (gap, moved):
        gain = errors["without networks"][:, k] - errors["with networks"][:, k]
        cells.append(
            f"{gain.mean():+.1f} ± {gain.std(ddof=1) / np.sqrt(n_repeats):.1f}"
        )
    print(f"{size:6d} {weight[:, k].mean():19.2f} {cells[0]:>25} {cells[1]:>22}")

# %%
# A larger comparison, with finer grids, is ``benchmarks/learning_curve.py``.
