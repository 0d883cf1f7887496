# SPDX-License-Identifier: BSD-3-Clause
"""
How many first-principles states are enough?
============================================

A learning curve over the number of strain states, and the question whether a model trained on cheap
tight-binding curves makes up for missing ones.
"""

# %%
# First-principles states
# -----------------------
# Features are the three phonons. Only states with principal strains within 4 % are used, the range of the
# tight-binding model. Every second energy is enough here.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator

from strain2dos import DOSRegressor
from strain2dos.datasets import load_mos2_dft, make_strained_dos
from strain2dos.dos import metrics
from strain2dos.simulate import strain_invariants, strained_phonons

states = load_mos2_dft()
trace, deviator = strain_invariants(states.strain)[:, :2].T
states = states.subset((np.abs(trace) + deviator) / 2 < 0.0401)
energies, dos = states.energies[::2], states.dos[:, ::2]
print(f"{len(states)} states within 4 % strain")

# %%
# A prior from tight binding
# --------------------------
# Some two hundred curves under random strain take seconds. Their phonons follow from measured Grueneisen
# parameters and lie on the measured scale; one constant per mode moves them to the calculated scale.

cheap = make_strained_dos(192, energies=energies, n_k=24, random_state=0)
unstrained = states.name.index("bi+0")
offset = states.phonons[unstrained] - strained_phonons(np.zeros((1, 3)))[0]
regressor = DOSRegressor(
    energies, representation="cdf", n_members=1, hidden_layer_sizes=(32,), max_epochs=30, random_state=0
)
prior = clone(regressor).fit(cheap.phonons + offset, cheap.dos)

# %%
# ``FrozenEstimator`` keeps the fit when the model is cloned. The regressor learns what the prior misses, and
# gives it the share that predicts left-out states best (``prior_weight_``).

models = {"first principles alone": regressor}
models["with the prior"] = clone(regressor).set_params(prior=FrozenEstimator(prior))

# %%
# Learning curves
# ---------------
# Every repetition sets a quarter of the states aside to test on, and trains on more and more of the others,
# in random order. Both models see the same states.

n_test, n_repeats = len(states) // 4, 5
sizes = np.unique(np.geomspace(4, len(states) - n_test, 4).astype(int))
where = {"energies": energies, "threshold": 0.15, "reference": -5.3}
gap = {name: np.empty((n_repeats, len(sizes))) for name in models}
moved = {name: np.empty((n_repeats, len(sizes))) for name in models}
share = np.empty((n_repeats, len(sizes)))
uncorrected = []
for repeat in range(n_repeats):
    order = np.random.RandomState(repeat).permutation(len(states))
    test, rest = order[:n_test], order[n_test:]
    uncorrected.append(metrics.gap_mae(dos[test], prior.predict(states.phonons[test]), **where))
    for k, size in enumerate(sizes):
        train = rest[:size]
        for name, model in models.items():
            fitted = clone(model).fit(states.phonons[train], dos[train])
            found = fitted.predict(states.phonons[test])
            gap[name][repeat, k] = metrics.gap_mae(dos[test], found, **where)
            moved[name][repeat, k] = metrics.wasserstein(dos[test], found, energies=energies)
        share[repeat, k] = fitted.prior_weight_

# %%
# Points are means over the random choices, bars their standard error. Few states are tested in each choice,
# and one of them at the border of the training states can outweigh the others.

fig, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
marks = [("#0072B2", "o", "-"), ("#D55E00", "^", "--")]
for ax, errors, label in zip(
    axes, (gap, moved), ("Error of the gap (meV)", "Wasserstein distance (meV)"), strict=True
):
    for (name, values), (colour, marker, dash), side in zip(errors.items(), marks, (0.98, 1.02), strict=True):
        spread = values.std(axis=0, ddof=1) / np.sqrt(n_repeats)
        ax.errorbar(
            side * sizes,
            values.mean(axis=0),
            spread,
            color=colour,
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
# The choices are paired, so the difference of the two models says more than the bars do: a prior helps where
# its gain is larger than the standard error of the gain, and there alone.

print(f"gap MAE of the prior as it is: {np.mean(uncorrected):.0f} meV\n")
print(
    f"{'states':>6} {'share of the prior':>19} {'gain in gap error (meV)':>25} {'in Wasserstein (meV)':>22}"
)
for k, size in enumerate(sizes):
    cells = []
    for errors in (gap, moved):
        gain = errors["first principles alone"][:, k] - errors["with the prior"][:, k]
        cells.append(f"{gain.mean():+.1f} ± {gain.std(ddof=1) / np.sqrt(n_repeats):.1f}")
    print(f"{size:6d} {share[:, k].mean():19.2f} {cells[0]:>25} {cells[1]:>22}")

# %%
# Read it with care. The prior knows how states move with strain, though its own gap is off by more than
# either model's. It can only make up for states that are missing, so what it gains should shrink as states
# are added. A negative gain is a loss: the share is estimated from the same few states, and a prior that has
# become needless can cost a little. A larger comparison, with more tight-binding curves and finer grids, is
# ``benchmarks/learning_curve.py``.

plt.show()
