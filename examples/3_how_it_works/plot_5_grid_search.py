# SPDX-License-Identifier: BSD-3-Clause
"""
Choosing settings on unseen strain states
=========================================

A search over the settings of a pipeline from phonons to curves, judged by physical figures of merit on strain
states that were left out: as a table of all settings first, then over a larger table with an early end for
settings that fall behind.
"""

# %%
# Data and folds
# --------------
# Each strain state is one row, its three phonons are the features. Whole states are left out, so that no copy
# of a curve is on both sides. Every second energy is enough here.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import GridSearchCV, GroupKFold, HalvingGridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import DOSRegressor
from strain2dos.datasets import load_mos2_dft
from strain2dos.dos.metrics import make_dos_scorer

data = load_mos2_dft()
energies, dos = data.energies[::2], data.dos[:, ::2]
folds = GroupKFold(3)
pipeline = make_pipeline(
    StandardScaler(),
    DOSRegressor(energies, n_members=5, max_epochs=60, random_state=0),
)

# %%
# Two questions
# -------------
# How is a curve written before it is learned (``representation``), and does the Gaussian process see the
# states through a network (``hidden_layer_sizes``)? Two figures of merit are taken of every fit. "gap_mae"
# reads both gaps from curves at a density of 0.15 states/eV/cell; "wasserstein" is the distance by which
# states are misplaced on average. Scores are greater where better, so errors come with a minus sign.

representations = ["grid", "pca", "cdf", "aligned"]
networks = {"no network": (), "one layer": (16,), "two layers": (32, 32)}
settings = {
    "dosregressor__representation": representations,
    "dosregressor__hidden_layer_sizes": list(networks.values()),
}
scoring = {
    "gap": make_dos_scorer("gap_mae", threshold=0.15),
    "states": make_dos_scorer("wasserstein"),
}
search = GridSearchCV(pipeline, settings, scoring=scoring, refit="gap", cv=folds)
search.fit(data.phonons, dos, groups=data.groups)
print({name.removeprefix("dosregressor__"): value for name, value in search.best_params_.items()})

# %%
# The table of errors
# -------------------


def errors(score):
    """Return mean errors over the folds [meV]: a row per representation, a column per network."""
    found = np.empty((len(representations), len(networks)))
    for i, representation in enumerate(representations):
        for j, hidden in enumerate(networks.values()):
            wanted = {"representation": representation, "hidden_layer_sizes": hidden}
            wanted = {f"dosregressor__{name}": value for name, value in wanted.items()}
            found[i, j] = -search.cv_results_[f"mean_test_{score}"][
                search.cv_results_["params"].index(wanted)
            ]
    return found


titles = {"gap": "Error of the gap (meV)", "states": "Wasserstein distance (meV)"}
fig, axes = plt.subplots(1, 2, figsize=(9, 4.2), sharey=True, layout="constrained")
for ax, (score, title) in zip(axes, titles.items(), strict=True):
    table = errors(score)
    image = ax.imshow(table, cmap="cividis_r", aspect="auto")
    middle = 0.5 * (table.min() + table.max())
    for (i, j), value in np.ndenumerate(table):
        ax.text(j, i, f"{value:.1f}", ha="center", va="center", color="white" if value > middle else "black")
    ax.set_xticks(range(len(networks)), list(networks))
    ax.set_yticks(range(len(representations)), representations)
    ax.set_title(title)
    bar = fig.colorbar(image, ax=ax, label="meV, mean over the folds")
label = axes[0].set_ylabel("Representation")

# %%
# Cells that differ by less than the folds do are alike. The best cell of a table looks a little better than
# it is, since it was chosen by the same folds: a figure to be quoted needs states that took no part in the
# choice (nested cross-validation).

spread = search.cv_results_["std_test_gap"][search.best_index_]
print(f"best gap MAE {-search.best_score_:.1f} meV, standard deviation over the folds {spread:.1f} meV")

# %%
# Halving: short runs for most
# ----------------------------
# A search over widths and weight decay of the networks. ``HalvingGridSearchCV`` trains all
# candidates for a few epochs, keeps the better third, and gives the kept ones three times as many. It makes
# more fits than the full table, but most of them are short.

larger = {
    "dosregressor__representation": ["cdf", "aligned"],
    "dosregressor__hidden_layer_sizes": [(8,), (16, 16), (32, 32), (64, 64)],
    "dosregressor__weight_decay": [1e-2, 1e-1, 1.0],
}
halving = HalvingGridSearchCV(
    pipeline,
    larger,
    resource="dosregressor__max_epochs",
    min_resources=9,
    max_resources=81,
    factor=3,
    scoring=make_dos_scorer("gap_mae", threshold=0.15),
    cv=folds,
    random_state=0,
)
halving.fit(data.phonons, dos, groups=data.groups)
best = {name.removeprefix("dosregressor__"): value for name, value in halving.best_params_.items()}
print(best)
print(f"gap MAE {-halving.best_score_:.1f} meV")

# %%
# What it saves: a full search would train every candidate for all epochs.

n_folds = folds.get_n_splits()
full = halving.n_candidates_[0] * n_folds
made = sum(halving.n_candidates_) * n_folds
long = halving.n_candidates_[-1] * n_folds
for candidates, epochs in zip(halving.n_candidates_, halving.n_resources_, strict=True):
    print(f"{candidates:3d} candidates, {candidates * n_folds:3d} fits of at most {epochs} epochs")
epochs = n_folds * np.dot(halving.n_candidates_, halving.n_resources_)
print(f"fits of full length: {long} instead of {full}, of {made} in all")
print(f"epochs: at most {epochs} instead of {full * halving.n_resources_[-1]}")

# %%
# The price: a net that learns slowly at first may be dropped. With the Gaussian process the length of the
# training matters little, since networks count only where they predict unseen states better.

plt.show()
