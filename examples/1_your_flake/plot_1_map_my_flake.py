# SPDX-License-Identifier: BSD-3-Clause
"""
One file in: strain, doping and band gap out
============================================

A Raman map as an instrument writes it goes through one call, and maps of strain,
doping and the band gap with their errors come out. Nothing is trained.
"""

# %%
# The file
# --------
# Your own file belongs here. This example writes one first: a text table with the
# Raman axis in the first row, and y and x in front of each spectrum.

from pathlib import Path
from tempfile import mkdtemp

import matplotlib.pyplot as plt
import numpy as np

from strain2dos import make_raman_map, map_flake, read_raman
from strain2dos.mapping import MapDisplay

simulated = make_raman_map((33, 33), scene="bubble", random_state=4)
path = Path(mkdtemp()) / "flake.txt"
y, x = np.meshgrid(simulated.y, simulated.x, indexing="ij")
rows = np.column_stack(
    [y.ravel(), x.ravel(), simulated.intensity.values.reshape(y.size, -1)]
)
header = "y (um)\tx (um)\t" + "\t".join(
    f"{value:.2f}" for value in simulated["shift"].values
)
np.savetxt(path, rows, fmt="%.6g", delimiter="\t", header=header, comments="")

# %%
# ``read_raman`` recognizes the layout by its content and states what it took the
# file for:

cube = read_raman(path)
print(cube.attrs["layout"])
print(dict(cube.sizes))

# %%
# The map
# -------
# The lower left corner of the flake is flat. It shows where the lines of *this*
# sample lie without strain, which is worth more than any number from the literature.

flake = map_flake(path, unstrained_region=(2.0, 2.0, 4.0, 4.0))
flake

# %%
fig, axes = plt.subplots(2, 2, figsize=(10, 8), layout="constrained")
MapDisplay.from_dataset(flake, "strain", ax=axes[0, 0])
MapDisplay.from_dataset(flake, "doping", ax=axes[0, 1])
gap, error = MapDisplay.beside_error(flake, "gap", axes=axes[1])

# %%
# Hatched pixels have no result; the line below each map counts the reasons. The
# color scales leave out the outermost 2 % of the pixels, so that one stray pixel
# does not hide the others.

# %%
# Compared with the truth
# -----------------------
# This flake was simulated, so the gap of every pixel is known.

error = (flake.gap - simulated.gap.values).values
print(f"mean absolute error of the gap: {1e3 * np.nanmean(np.abs(error)):.1f} meV")
print(f"stated error of a pixel: {1e3 * float(flake.gap_std.median()):.1f} meV")
print(f"stated common error: {1e3 * float(flake.gap_common_std.median()):.1f} meV")
