# SPDX-License-Identifier: BSD-3-Clause
"""
An error band for the whole curve, not for one energy
=====================================================

A band of one standard deviation at each energy does not hold a whole curve:
somewhere along 651 energies nearly every curve leaves it. ``ConformalDOSRegressor``
gives bands that hold the whole curve in nine of ten strain states. This example
counts.
"""

# %%
# Bands around curves of unseen states
# ------------------------------------
# Forty-five of the 61 first-principles states make the band, by being left out in
# turn; the other sixteen test it.

import matplotlib.pyplot as plt
import numpy as np

from strain2dos import ConformalDOSRegressor, DOSRegressor
from strain2dos.datasets import load_mos2_dft
from strain2dos.dos import DOSCurveDisplay

data = load_mos2_dft()
order = np.random.default_rng(0).permutation(len(data))
train, test = order[:45], order[45:]
regressor = DOSRegressor(data.energies, hidden_layer_sizes=(), random_state=0)
conformal = ConformalDOSRegressor(regressor, cv=5, level=0.9)
conformal.fit(data.phonons[train], data.dos[train], groups=data.groups[train])
curves = conformal.predict(data.phonons[test])
bands = conformal.predict_interval(data.phonons[test])

inside = (data.dos[test] >= bands[..., 0]) & (data.dos[test] <= bands[..., 1])
known = conformal.domain_score(data.phonons[test]) <= 1
print(f"{known.sum()} of {known.size} test states lie inside the training states")
whole = inside.all(axis=1)[known]
print(f"whole curve inside its band: {whole.sum()} of {known.sum()}")

# %%
# The band follows the error
# --------------------------
# It is wide where curves are hard to predict, at the steep edges, and narrow
# elsewhere.

row = np.flatnonzero(known)[0]
display = DOSCurveDisplay.from_predictions(
    data.energies, curves[row], dos_true=data.dos[test][row], interval=bands[row]
)
display.figure_.set_size_inches(8, 4.5)
limits = display.ax_.set_xlim(-8, -3)

# %%
# One standard deviation at each energy is not such a band
# ---------------------------------------------------------

mean, std = conformal.estimator_.predict(data.phonons[test], return_std=True)
# inside the gap all is zero: errors below 0.02 states/eV/cell count as none
error = np.maximum(np.abs(data.dos[test] - mean) - 0.02, 0.0)
factors = np.linspace(0.0, 8.0, 81)
pointwise = [(error <= k * std)[known].mean() for k in factors]
whole = [(error <= k * std).all(axis=1)[known].mean() for k in factors]
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
ax.plot(factors, pointwise, color="#0072B2", label="single energies")
ax.plot(factors, whole, color="#D55E00", ls="--", label="whole curves")
ax.axhline(0.9, color="0.6", lw=1)
ax.set(xlabel="Half width of the band (standard deviations)", ylabel="Share inside")
legend = ax.legend()
