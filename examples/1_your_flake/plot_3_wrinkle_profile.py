# SPDX-License-Identifier: BSD-3-Clause
"""
Strain and gap across a wrinkle, with error bars
================================================

A line drawn across a wrinkle, the density of states at three points of it, and the
difference between a flank and flat film: the figures of a paper from one map.
"""

# %%
import matplotlib.pyplot as plt
import numpy as np

from strain2dos import make_raman_map, map_flake
from strain2dos.mapping import MapDisplay, at, profile, region_contrast

simulated = make_raman_map((41, 41), random_state=5)
flake = map_flake(simulated.intensity)

# %%
# A line across
# -------------
# ``profile`` averages the pixels within a strip of a given width. Bands are one
# standard deviation of a mean; the errors of neighboring pixels are taken as shared,
# so averaging does not shrink them.

start, stop = (2.0, 8.0), (18.0, 8.0)
line = profile(flake, start, stop, width=2.0)
points = [(4.0, 8.0), (7.5, 8.0), (9.5, 8.0)]
colors = ["#0072B2", "#009E73", "#D55E00"]

fig = plt.figure(figsize=(11, 4.6), layout="constrained")
axes = fig.subplot_mosaic(
    [["map", "gap"], ["map", "strain"]], width_ratios=[1.05, 1.0]
)
MapDisplay.from_dataset(flake, "gap", ax=axes["map"])
axes["map"].plot(*zip(start, stop, strict=True), color="white", lw=2)
for (x, y), color in zip(points, colors, strict=True):
    axes["map"].plot(x, y, "o", mfc=color, mec="white", ms=8)
for name, scale, label in (
    ("gap", 1.0, "Gap (eV)"),
    ("strain", 100.0, "Strain (%)"),
):
    value, error = scale * line[name], scale * line[f"{name}_std"]
    axes[name].plot(line.distance, value, color="black")
    axes[name].fill_between(
        line.distance, value - error, value + error, color="0.8", lw=0
    )
    axes[name].set_ylabel(label)
axes["gap"].tick_params(labelbottom=False)
label = axes["strain"].set_xlabel("Distance along the line (µm)")

# %%
# Density of states at three points
# ---------------------------------
# ``at`` gives the pixels that hold the points, with their whole curves and errors.

there = at(flake, points)
fig, ax = plt.subplots(figsize=(7, 4), layout="constrained")
for i, color in enumerate(colors):
    curve, error = there.dos.values[i], there.dos_std.values[i]
    gap = float(there.gap[i])
    name = f"x = {points[i][0]:g} µm, gap {gap:.2f} eV"
    ax.plot(there.energy, curve, color=color, label=name)
    ax.fill_between(
        there.energy, curve - error, curve + error, color=color, alpha=0.25, lw=0
    )
ax.set(xlim=(-7, -3.5), ylim=(0, None))
ax.set(xlabel="Energy against vacuum (eV)", ylabel="DOS (states/eV/cell)")
legend = ax.legend()

# %%
# How large is the difference?
# ----------------------------
# What two regions have in common, such as the unstrained positions, cancels in their
# difference. It is therefore known better than either value.

flank = ((7.0, 7.5), (8.0, 8.5))
flat = ((3.0, 7.0), (5.0, 9.0))
difference = region_contrast(flake, flank, flat)
value, error = 1e3 * float(difference.gap), 1e3 * float(difference.gap_std)
print(f"gap, flank minus flat film: {value:.0f} +- {error:.0f} meV")
true = region_contrast(simulated, flank, flat)
print(f"in the simulated flake: {1e3 * float(np.asarray(true.gap)):.0f} meV")
