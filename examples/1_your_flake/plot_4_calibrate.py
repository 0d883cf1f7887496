# SPDX-License-Identifier: BSD-3-Clause
"""
Calibrate first: an axis that is off by 1 cm⁻¹ costs 0.2 % of strain
=====================================================================

Two corrections make absolute numbers of a Raman map usable: the silicon line, which
shows where the axis is, and a flat place of the flake, which shows where its lines
lie without strain.
"""

# %%
# A badly calibrated instrument
# -----------------------------
# The axis of this simulated measurement is off by 1.2 cm⁻¹ and drifts by another 0.5
# cm⁻¹ from the first to the last pixel. The laser heats the flake by 35 K, which
# moves its lines as strain would. The spectra hold the silicon line of the
# substrate.

import matplotlib.pyplot as plt
import numpy as np

from strain2dos import make_raman_map, map_flake
from strain2dos.mapping import MapDisplay
from strain2dos.simulate import SpectrumEffects

shape = (25, 25)
drift = 1.2 + np.linspace(0.0, 0.5, shape[0] * shape[1])
simulated = make_raman_map(
    shape,
    scene="bubble",
    shift=np.arange(340.0, 545.0, 0.6),
    effects=SpectrumEffects(bands={"Si": 3.0}, axis_offset=drift),
    temperature=330.0,
    random_strain=0.0,
    cosmic_rays=0.0,
    random_state=2,
)
cube = simulated.intensity

fig, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
ax.plot(cube["shift"], cube.values[12, 12], color="black", lw=1)
ax.axvline(520.7, color="#D55E00", ls="--", label="silicon, 520.7 cm$^{-1}$")
ax.set(xlabel="Raman shift (cm$^{-1}$)", ylabel="Counts")
ax.legend(loc="upper left")
appears = float(cube["shift"][cube.values[12, 12].argmax()])
print(f"the silicon line appears at {appears:.1f} cm-1")

# %%
# Three maps of the same spectra
# ------------------------------
# "As it is" takes the axis at its word. "Silicon" moves every spectrum so that its
# silicon line lies at 520.7 cm⁻¹. "Silicon and flat place" also moves the unstrained
# lines of the sample to where the tables have them.

flat_place = (1.5, 1.5, 3.0, 4.0)
maps = {
    "as it is": map_flake(cube),
    "silicon": map_flake(cube, reference="Si"),
    "silicon and flat place": map_flake(
        cube, reference="Si", unstrained_region=flat_place
    ),
}
truth = ((simulated.exx + simulated.eyy) / 2).values
print(f"{'':24s}{'error of strain (%)':>22s}{'error of gap (meV)':>22s}")
for name, flake in maps.items():
    strain = 100 * np.nanmean(flake.strain.values - truth)
    gap = 1e3 * np.nanmean(flake.gap.values - simulated.gap.values)
    print(f"{name:24s}{strain:>+22.3f}{gap:>+22.1f}")

# %%
fig, axes = plt.subplots(1, 3, figsize=(12, 3.8), layout="constrained")
limits = {"vmin": -0.004, "vmax": 0.025}
for ax, (name, flake) in zip(axes, maps.items(), strict=True):
    MapDisplay.from_dataset(flake, "strain", ax=ax, **limits)
    ax.set_title(name)

# %%
# The error that is left, and who states it
# -----------------------------------------
# Every map states the error that all its pixels share. It is large where nothing is
# known of the sample, and falls with each correction.

for name, flake in maps.items():
    common = 1e3 * float(flake.gap_common_std.median())
    print(f"{name:24s}common error of the gap: {common:.1f} meV")
# sphinx_gallery_thumbnail_number = 2
