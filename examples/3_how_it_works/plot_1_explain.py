# SPDX-License-Identifier: BSD-3-Clause
"""
Which Raman line drives which part of the density of states?
============================================================

Shapley values over the whole curve: one value per feature and energy, and one per
feature for each band edge. They are exact (all coalitions of features are
evaluated), and they add up to the prediction.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from strain2dos import DOSExplainer, load_pretrained
from strain2dos.datasets import make_raman_dos
from strain2dos.mapping import recalibrate

data = make_raman_dos(244, random_state=0)
pipeline = recalibrate(load_pretrained("MoS2"), data.shift)

# %%
# Two per cent of biaxial strain, against the spectra of the unstrained states: what
# does this strain change?

names = np.array(data.name)
explainer = DOSExplainer.from_pipeline(pipeline, data.spectra[names == "bi+0"])
stretched = data.spectra[names == "bi+2"][:4]
explanation = explainer.explain(stretched)
display = explanation.plot_heatmap(kind="signed", energy_range=(-7.5, -3.5))

# %%
# The same through the gap: which of the positions carries the change?

for name, value in zip(
    explanation.feature_names,
    explanation.edge_values["gap"].mean(axis=0),
    strict=True,
):
    print(f"{name:12s} {1e3 * value:+8.1f} meV")

# %%
# E' and A1' move together under strain, so how the credit is split between them
# depends on the model; their sum hardly does.

branches = [name for name in explanation.feature_names if name.startswith("E'")]
together = explanation.grouped({"E' and its branches": branches})
for name, value in zip(
    together.feature_names, together.edge_values["gap"].mean(axis=0), strict=True
):
    print(f"{name:20s} {1e3 * value:+8.1f} meV")

# %%
# The values add up to the prediction exactly, because every coalition of features
# was evaluated:

total = explanation.base_values + explanation.values.sum(axis=1)
difference = np.abs(total - pipeline.predict(stretched)).max()
print(f"largest difference to the prediction: {difference:.0e} states/eV/cell")
plt.show()
