# SPDX-License-Identifier: BSD-3-Clause
"""
Which Raman feature drives which part of the density of states?
===============================================================

Shapley values over the whole curve: one value per feature and energy, and one per feature for each band edge. They are exact
(all coalitions of features are evaluated), and they add up to the prediction.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import DOSExplainer, DOSRegressor, RamanFeaturizer
from strain2dos.datasets import make_raman_dos

data = make_raman_dos(320, random_state=0)
pipeline = make_pipeline(
    RamanFeaturizer(shift=data.shift),
    StandardScaler(),
    DOSRegressor(energies=data.energies, n_members=3, random_state=0),
)
pipeline.fit(
    data.spectra, data.dos, dosregressor__groups=data.groups, dosregressor__edges=data.edges
)

# %%
# The spectra of the unstrained states serve as background: "what does this strain change?"

unstrained = np.array([name == "bi+0" for name in data.name])
explainer = DOSExplainer.from_pipeline(pipeline, data.spectra[unstrained])
stretched = np.array([name == "bi+2" for name in data.name])
features = pipeline[0].transform(data.spectra[stretched])
explanation = explainer.explain(features)
explanation.plot_heatmap()

# %%
# Two per cent of biaxial strain, seen through the gap: the positions of the lines carry it, areas and widths do not. E' and
# A1' move together under strain, so how the credit is split between them depends on the model; their sum does not.

for name, value in zip(explanation.feature_names, explanation.edge_values["gap"].mean(axis=0), strict=True):
    print(f"{name:12s} {1e3 * value:+8.1f} meV")

# %%
# The values add up to the prediction:

total = explanation.base_values + explanation.values.sum(axis=1)
print(f"largest difference to the prediction: {np.abs(total - explainer.predict(features)).max():.1e} states/eV/cell")
plt.show()
