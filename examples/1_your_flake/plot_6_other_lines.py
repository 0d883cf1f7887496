# SPDX-License-Identifier: BSD-3-Clause
"""
Sapphire, silicon, defects: fit the lines that are there
========================================================

A line of the substrate beside A1' would disturb its fit, strain and doping. It is
found, and fitted along.
"""

# %%
# Monolayer MoS2 on sapphire
# --------------------------
# Sapphire has a line at 418 cm⁻¹, 15 cm⁻¹ above A1'. Two hundred spectra are
# simulated with known positions.

import matplotlib.pyplot as plt
import numpy as np

from strain2dos.raman import FitStatus, RamanFeaturizer, SpectrumFitDisplay
from strain2dos.simulate import SpectrumEffects, simulate_spectra

rng = np.random.default_rng(0)
shift = np.arange(340.0, 440.0, 0.6)
center = 384.6 + rng.normal(0.0, 0.5, 200)
phonons = np.column_stack([center, center, 402.7 + rng.normal(0.0, 0.3, 200)])
spectra = simulate_spectra(
    phonons,
    shift,
    effects=SpectrumEffects(bands={"Al2O3": 0.6}),
    random_state=0,
)

# %%
# Three fits
# ----------
# The lines of sapphire are looked for in what the lines of MoS2 leave
# (``extra_lines=True``, the default). Where the substrate is known, name its line.
# Without either, the spectra are flagged instead of giving numbers that look sound.

choices = {
    "two lines alone": {"extra_lines": False},
    "default": {},
    "with sapphire": {"modes": ["E'", "A1'", "Al2O3"]},
}
fig, axes = plt.subplots(1, 3, figsize=(12, 4.6), layout="constrained")
for ax, (name, options) in zip(axes, choices.items(), strict=True):
    featurizer = RamanFeaturizer(shift, split=False, **options).fit(spectra)
    fit = featurizer.fit_spectra(spectra)
    SpectrumFitDisplay.from_estimator(featurizer, spectra[0], ax=ax)
    ax.set(title=name, ylim=(None, 1.75 * spectra[0].max()))  # room for the legend
    counts = {
        FitStatus(s).name: int((fit.status == s).sum()) for s in set(fit.status)
    }
    good = fit.status == FitStatus.OK
    error = (fit.to_dataframe()["A1'_center"] - phonons[:, 2])[good]
    print(f"{name}: {counts}")
    if good.any():
        off, scatter = error.mean(), error.std()
        print(f"  A1' off by {off:+.3f} cm-1, scatter {scatter:.3f}")


# %%
# Bands of disordered material, LO(M) and ZO(M), and the lines of silicon and
# sapphire are taken by their names in the same way;
# ``strain2dos.raman.material_modes`` lists what the table holds, and ``RamanMode``
# describes a line of your own.
