# SPDX-License-Identifier: BSD-3-Clause
"""
What the network has learned
============================

:class:`~strain2dos.dos.DOSRegressor` compares two strain states by their features
and by what a small network makes of these. The network's outputs span a space in
which states with alike curves lie close together. This example draws it.
"""

# %%
# Fit
# ---
# Features are the invariants of the strain tensor;
# :class:`~strain2dos.dos.StrainInvariants` makes them of the tensors.

import matplotlib.pyplot as plt
import numpy as np
import torch
from sklearn.pipeline import make_pipeline

from strain2dos import DOSRegressor
from strain2dos.datasets import load_mos2_dft
from strain2dos.dos import StrainInvariants

data = load_mos2_dft()
model = make_pipeline(
    StrainInvariants(), DOSRegressor(data.energies, random_state=0)
)
model.fit(data.strain, data.dos)
regressor = model[-1]
print(f"weight of the networks: {regressor.network_weight_:.2f}")
print({name: round(value, 2) for name, value in regressor.held_out_density_.items()})

# %%
# The space
# ---------
# Left: the states by trace and shear, as the kernel without a network sees them.
# Right: the two widest directions of what the first network makes of them. Colors
# are gaps.

invariants = model[:-1].transform(data.strain)
network = regressor.fitted_.heads.network
assert network is not None, "the networks have no weight on these states"
with torch.no_grad():
    warped = (
        network.covariance()
        .warp(torch.from_numpy(regressor.fitted_.standardise(invariants)))[0]
        .numpy()
    )
centered = warped - warped.mean(0)
directions = np.linalg.svd(centered, full_matrices=False)[2]
places = centered @ directions[:2].T

fig, axes = plt.subplots(1, 2, figsize=(9, 4), layout="constrained")
axes[0].scatter(
    100 * invariants[:, 0], 100 * invariants[:, 1], c=data.gap, cmap="cividis"
)
axes[0].set(xlabel="Trace of the strain (%)", ylabel="Shear (%)", title="Features")
points = axes[1].scatter(*places.T, c=data.gap, cmap="cividis")
axes[1].set(
    xlabel="First direction",
    ylabel="Second direction",
    title="What the network makes of them",
)
bar = fig.colorbar(points, ax=axes, label="Gap (eV)")

# %%
# Compressed states (bright, left) lie far apart: there the conduction band minimum
# moves from one valley to another, and curves of neighboring states differ. States
# under tension are drawn together along the trace.
