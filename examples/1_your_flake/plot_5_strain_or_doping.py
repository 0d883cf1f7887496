# SPDX-License-Identifier: BSD-3-Clause
"""
Strain or doping? Two Raman lines separate them
=================================================

Strain moves E' more than A1', electrons move A1' more than E'. In the plane of the
two positions the two causes are two directions, and a map becomes a cloud that shows
which of them varies.
"""

# %%
# A flake that is strained and doped
# ----------------------------------

import matplotlib.pyplot as plt
import numpy as np

from strain2dos import RamanFeaturizer, StrainDopingSeparator, make_raman_map
from strain2dos.mapping import MapDisplay
from strain2dos.raman import CorrelationDisplay

simulated = make_raman_map(
    (33, 33), scene="bubble", doping=0.25, max_strain=0.01, random_state=7
)
cube = simulated.intensity
spectra = cube.values.reshape(-1, cube.sizes["shift"])

# %%
# The plane of the two positions
# ------------------------------
# The axes show how far 0.1 % of strain and 10\ :sup:`12` electrons per cm² move a
# point. The ellipse is the error of a typical fit.

fit = RamanFeaturizer(cube["shift"].values).fit(spectra).fit_spectra(spectra)
separator = StrainDopingSeparator().fit(
    fit.to_dataframe()[["E'_center", "A1'_center"]]
)
display = CorrelationDisplay.from_fit(separator, fit)
display.figure_.set_size_inches(7, 5.5)

# %%
# Both as maps, beside the truth
# ------------------------------
# ``separate`` weighs each spectrum by its own covariance. The errors of strain and
# doping are correlated: a fit that is off along E' errs in both.

table = separator.separate(fit).to_dataframe()
print(table[["strain_sigma", "doping_sigma"]].median())

result = simulated[["exx", "doping"]].rename(doping="true_doping").drop_vars("exx")
result["true_strain"] = (simulated.exx + simulated.eyy) / 2
for name in ("strain", "doping"):
    result[name] = (("y", "x"), table[name].to_numpy().reshape(simulated.gap.shape))
words = {"strain": ("biaxial strain", "1"), "doping": ("doping", "1e13 e/cm2")}
fig, axes = plt.subplots(2, 2, figsize=(9.5, 8), layout="constrained")
for row, (name, (text, units)) in zip(axes, words.items(), strict=True):
    low, high = np.nanpercentile(result[f"true_{name}"], [1, 99])
    for ax, column in zip(row, (name, f"true_{name}"), strict=True):
        result[column].attrs = {"long_name": text, "units": units}
        MapDisplay.from_dataset(result, column, ax=ax, vmin=low, vmax=high)
        ax.set_title("", loc="left")  # in place of the count of masked pixels
        ax.set_title("from the two lines" if ax is row[0] else "true")
# sphinx_gallery_thumbnail_number = 1
