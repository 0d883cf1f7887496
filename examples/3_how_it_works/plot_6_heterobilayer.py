# SPDX-License-Identifier: BSD-3-Clause
"""
Two layers: what strain does to MoS2 on WS2
===========================================

Strain reaches stacked layers too, and the same estimators learn from them. The
curves here come from a *first model* of a bilayer, not from first principles: the
two monolayers on a common vacuum level, with one hopping between their valence
states around Gamma. It has no moire, no interface dipole, and no other coupling of
the layers.
"""

# %%
# Two layers, their sum, and the stack
# ------------------------------------
# Without hopping the stack is the sum of its layers. The published hopping at Gamma
# splits the two valence tops there and lifts the upper one above the states at K.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.dummy import DummyRegressor
from sklearn.model_selection import GroupKFold

from strain2dos import DOSRegressor
from strain2dos.datasets import make_bilayer_dos
from strain2dos.dos import DOSCurveDisplay
from strain2dos.simulate import TightBindingBilayer, TightBindingTMD

energies = np.arange(-8.0, -3.0, 0.02)
layers = {
    name: TightBindingTMD(name).dos(energies, n_k=48) for name in ("MoS2", "WS2")
}
stack = TightBindingBilayer("MoS2/WS2")
stacked = stack.dos(energies, n_k=48)

lower, upper = stack.bands([[0, 0]])[0, 12:14]
print(
    f"hopping {stack.hopping:.3f} eV; levels at Gamma {upper - lower:.3f} eV apart"
)

fig, axes = plt.subplots(2, 1, figsize=(7, 6), sharex=True, layout="constrained")
for (name, dos), color, dash in zip(
    layers.items(), ("#0072B2", "#D55E00"), ("-", "--"), strict=True
):
    axes[0].plot(energies, dos, color=color, ls=dash, label=f"{name} monolayer")
axes[1].plot(
    energies, sum(layers.values()), color="0.55", lw=2.5, label="sum of the layers"
)
axes[1].plot(
    energies, stacked, color="black", lw=1.2, label="MoS2/WS2 with hopping at Gamma"
)
for level, name, dash in ((lower, "lower", ":"), (upper, "upper", "-.")):
    axes[1].axvline(
        level,
        color="#009E73",
        ls=dash,
        label=f"{name} level at Gamma, {level:.2f} eV",
    )
for ax in axes:
    ax.set_ylabel("DOS (states/eV/cell)")
    ax.set_ylim(0, 1.45 * ax.dataLim.y1)  # room for the legend
    ax.legend(loc="upper left", fontsize="small", ncols=2)
label = axes[1].set_xlabel("Energy against vacuum (eV)")

# %%
# Which layer, which valley?
# --------------------------
# A second MoS2 layer makes the gap of MoS2 indirect. MoS2 on WSe2 is of type II: the
# hole sits in WSe2, the electron in MoS2.

for pair in ("MoS2/MoS2", "MoS2/WS2", "MoS2/WSe2"):
    edges = TightBindingBilayer(pair).band_edges()
    below, above = (100 * edges.share_vbm[0], 100 * edges.share_vbm[1])
    print(
        f"{pair:9s} gap {edges.gap:.2f} eV from {edges.vbm_at} to {edges.cbm_at}; "
        f"valence top: {below:.0f} % lower and {above:.0f} % upper layer"
    )

# %%
# Training
# --------
# Curves under random strain tensors, the same in both layers. The grid is coarse to
# be quick. ``groups`` keeps every strain state whole when states are held out;
# ``edges`` hands over the band edges from eigenvalues.

data = make_bilayer_dos(
    48, "MoS2/WS2", energies=energies, n_k=30, max_strain=0.03, random_state=0
)
print(data)
print(data.provenance["method"])

estimator = DOSRegressor(
    energies=data.energies, n_members=2, max_epochs=40, random_state=0
)
dos = np.empty_like(data.dos)
mean_dos = np.empty_like(data.dos)
gap = np.empty_like(data.gap)
for train, test in GroupKFold(3).split(data.strain, groups=data.groups):
    model = clone(estimator).fit(
        data.strain[train],
        data.dos[train],
        groups=data.groups[train],
        edges=data.edges[train],
    )
    dos[test] = model.predict(data.strain[test])
    gap[test] = model.predict_edges(data.strain[test]).gap
    mean_dos[test] = (
        DummyRegressor()
        .fit(data.strain[train], data.dos[train])
        .predict(data.strain[test])
    )


def relative_error(predicted):
    """Area between predicted and true curves over that of the true ones (%)."""
    return 100 * np.abs(predicted - data.dos).sum(axis=1) / data.dos.sum(axis=1)


print(
    f"held-out DOS error {relative_error(dos).mean():.1f} %, of the mean curve",
    end=" ",
)
print(f"{relative_error(mean_dos).mean():.1f} %")

# %%
# The held-out curve with the middlemost error, beside the one the model gives:

row = np.argsort(relative_error(dos))[len(data) // 2]
display = DOSCurveDisplay.from_predictions(
    data.energies, dos[row], dos_true=data.dos[row]
)
title = display.ax_.set_title(
    "exx {:+z.1%}, eyy {:+z.1%}, exy {:+z.1%}".format(*data.strain[row])
)

# %%
# Held-out gaps
# -------------
# The gap falls under tension, faster once the valence top has moved from K to Gamma.
# The largest errors are at the ends, where held-out states lie beyond those trained
# on. They measure how well the estimator follows the model, not how well the
# model follows a real bilayer.

error = 1e3 * (gap - data.gap)
trace = 100 * (data.strain[:, 0] + data.strain[:, 1])
fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
for valley, color, marker in (("G", "#0072B2", "o"), ("K", "#D55E00", "^")):
    here = data.extra["vbm_at"] == valley
    name = "Gamma" if valley == "G" else valley
    axes[0].plot(
        data.gap[here],
        gap[here],
        marker,
        color=color,
        ms=5,
        label=f"valence top at {name}",
    )
    axes[1].plot(
        trace[here],
        error[here],
        marker,
        color=color,
        ms=5,
        label=f"valence top at {name}",
    )
axes[0].axline(
    (data.gap.min(), data.gap.min()), slope=1, color="0.6", lw=1, zorder=0
)
axes[0].set(xlabel="Gap of the model (eV)", ylabel="Held-out prediction (eV)")
axes[1].axhline(0, color="0.6", lw=1, zorder=0)
axes[1].set(xlabel="exx + eyy (%)", ylabel="Error of the gap (meV)")
axes[0].legend(loc="upper left", fontsize="small")

print(f"held-out gap MAE {np.abs(error).mean():.1f} meV")
print(f"standard deviation of the gaps {1e3 * data.gap.std():.0f} meV")
plt.show()
