# SPDX-License-Identifier: BSD-3-Clause
"""
Which fits of this map should I not believe?
============================================

A map of some thousand spectra is fitted in a moment; nobody looks at each fit. This
example masks cosmic rays, fits, and then asks for what deserves a look: where fits
failed and why, whether the line positions make physical sense together, and the
worst fits.
"""

# %%
# A map with cosmic rays
# ----------------------
# A synthetic flake with a wrinkle, some dead pixels and a margin of bare substrate.
# One spectrum in twenty is hit by a cosmic ray of one to three points.

import matplotlib.pyplot as plt
import numpy as np

from strain2dos.datasets import make_raman_map
from strain2dos.raman import (
    CorrelationDisplay,
    FeatureMapDisplay,
    RamanFeaturizer,
    SpectrumFitDisplay,
    StrainDopingSeparator,
    WorstFitsDisplay,
    mask_cosmic_rays,
)

flake = make_raman_map((33, 33), cosmic_rays=0.05, random_state=2)
cube = flake.intensity

# %%
# Mask the hits
# -------------
# Each spectrum is compared with its eight neighbors. Points that stand out become
# NaN; the fit leaves them out, and nothing is interpolated.

masked, hits = mask_cosmic_rays(cube, return_mask=True)
n_points, n_spectra = int(hits.sum()), int(hits.any("shift").sum())
print(f"{n_points} points in {n_spectra} of {hits[..., 0].size} spectra masked")

# %%
# Fit all spectra
# ---------------

spectra = masked.values.reshape(-1, masked.sizes["shift"])
featurizer = RamanFeaturizer(cube["shift"].values).fit(spectra)
fit = featurizer.fit_spectra(spectra)
features = fit.to_dataset(cube)
features["E'_center"]

# %%
# One spectrum that was hit, with its fit. The masked points are crosses.

good = (fit.status == 0).reshape(cube.shape[:2])
y, x = np.argwhere(hits.any("shift").values & good)[0]
display = SpectrumFitDisplay.from_estimator(featurizer, masked.values[y, x])

# %%
# Features as maps
# ----------------
# Pixels whose fit failed are hatched, and the legend names the reasons. Off the
# flake there is no line to fit.

display = FeatureMapDisplay.from_dataset(features, "E'_center")

# %%
# Do the positions make sense together?
# -------------------------------------
# Strain and doping move the two lines in different ratios, so the positions of a
# sound map lie along the axes of strain and doping. Here the wrinkle stretches the
# flake in one direction, which splits E'; its mean then moves along another line
# than the one of biaxial strain.

positions = fit.to_dataframe()[["E'_center", "A1'_center"]]
separator = StrainDopingSeparator().fit(positions)
display = CorrelationDisplay.from_fit(separator, fit)

# %%
# The worst fits
# --------------
# One example of each reason for which fits failed, then the fits with the largest
# misfit.

display = WorstFitsDisplay.from_estimator(featurizer, masked, n=12)
plt.show()
