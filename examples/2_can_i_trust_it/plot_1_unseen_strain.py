# SPDX-License-Identifier: BSD-3-Clause
"""
From Raman spectra to a map of the band gap
===========================================

The main path: train a pipeline on spectra whose density of states is known from first principles, look at how
well it does on strain states it has never seen, and map a wrinkled flake with it.
"""

# %%
# Training data
# -------------
# Each first-principles strain state gives several noisy spectra. Their lines follow from the strain through
# measured rates; unstrained positions, doping, temperature, widths, heights and background vary as samples
# do. ``groups`` says which spectra share a strain state, so that validation can hold out whole states.

import matplotlib.pyplot as plt
import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GroupKFold

from strain2dos import RamanFeaturizer, SpatialMapper, raman_pipeline
from strain2dos.datasets import make_raman_dos, make_raman_map
from strain2dos.dos import DOSCurveDisplay, GapParityDisplay
from strain2dos.mapping import MapDisplay
from strain2dos.raman import SpectrumFitDisplay

data = make_raman_dos(320, random_state=0)
data

# %%
# Features
# --------
# The featurizer fits the lines and a common baseline in all spectra at once. Models get the positions alone,
# its default; widths and areas show what else the fit finds.

featurizer = RamanFeaturizer(shift=data.shift, features=("center", "fwhm", "area"))
features = featurizer.set_output(transform="pandas").fit_transform(data.spectra)
features.describe().loc[["mean", "std"]].round(2).T

# %%
display = SpectrumFitDisplay.from_estimator(featurizer, data.spectra[1])
display.figure_.set_size_inches(7, 4.5)

# %%
# The pipeline, validated on unseen strain states
# -----------------------------------------------
# ``edges`` hands over what eigenvalues say of the band edges: it is learned jointly with the curve, so the
# predicted gap does not depend on the broadening of the density of states. ``edge_targets`` holds the
# energies of single valleys, which are smooth in strain where the edges have kinks.

pipeline = raman_pipeline(data.shift, data.energies, n_members=5, max_epochs=100, random_state=0)


def fit(rows):
    """Fit a fresh copy of the pipeline on some rows, whole strain states held out to judge the networks."""
    return clone(pipeline).fit(
        data.spectra[rows],
        data.dos[rows],
        dosregressor__groups=data.groups[rows],
        dosregressor__edges=data.edge_targets.iloc[rows],
    )


gap = np.full(len(data), np.nan)
dos = np.full(data.dos.shape, np.nan)
for train, test in GroupKFold(4).split(data.spectra, groups=data.groups):
    model = fit(train)
    held_out = model[:-1].transform(data.spectra[test])
    gap[test] = model[-1].predict_edges(held_out).gap
    dos[test] = model[-1].predict(held_out)

display = GapParityDisplay.from_predictions(data.gap, gap)
gap_mae = 1e3 * np.mean(np.abs(gap - data.gap))
print(f"held-out gap MAE {gap_mae:.0f} meV; negative DOS values: {np.sum(dos < 0)}")

# %%
# One held-out curve beside the first-principles one:

row = data.name.index("bi+1")
display = DOSCurveDisplay.from_predictions(data.energies, dos[row], dos_true=data.dos[row])
limits = display.ax_.set_xlim(-8, -3)

# %%
# A map
# -----
# A synthetic flake with a wrinkle, some dead pixels and a margin of bare substrate. Its true gap is known.

flake = make_raman_map((33, 33), random_state=1)
model = fit(np.arange(len(data)))
result = SpatialMapper(model, quantities=("dos", "gap")).predict_map(flake.intensity)
result

# %%
# Pixels without a flake, and dead ones, are masked; they carry a ``status``.

fig, axes = plt.subplots(1, 2, figsize=(9, 3.8), layout="constrained")
limits = {"vmin": float(flake.gap.min()), "vmax": float(flake.gap.max())}
MapDisplay.from_dataset(result, "gap", ax=axes[0], **limits)
MapDisplay.from_dataset(flake, "gap", ax=axes[1], **limits)
for ax, title in zip(axes, ["predicted from Raman", "true"], strict=True):
    ax.set_title("", loc="left")  # in place of the count of masked pixels
    ax.set_title(title)

# %%
error = (result.gap - flake.gap).values
print(f"{np.isfinite(error).sum()} pixels, gap MAE {1e3 * np.nanmean(np.abs(error)):.0f} meV")
