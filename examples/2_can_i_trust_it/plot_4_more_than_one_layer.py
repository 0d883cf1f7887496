# SPDX-License-Identifier: BSD-3-Clause
"""
Monolayer, bilayer or doped? What line positions show
=====================================================

Two positions always give some strain and some doping, also for a bilayer, for
another material, or with an axis that is off. This example draws which positions can
be those of one strained and doped layer, and what is likely wrong with the others.
"""

# %%
# The whole plane, judged
# -----------------------
# ``judge_positions`` names the reason for every pair of positions.

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.patches import Patch

from strain2dos.raman import LineReason, judge_positions

e_prime, a1_prime = np.meshgrid(
    np.linspace(370.0, 396.0, 400), np.linspace(394.0, 412.0, 300)
)
reason = judge_positions(np.column_stack([e_prime.ravel(), a1_prime.ravel()])).reason
reason = np.asarray(reason).reshape(e_prime.shape)

# %%
# Known cases
# -----------
# Distances of A1' and E' of one to three layers: Lee et al., ACS Nano 4, 2695
# (2010).

cases = {
    "unstrained layer": (384.6, 402.7),
    "1 % biaxial": (380.3, 400.2),
    "5e12 electrons/cm2": (384.4, 401.6),
    "two layers": (383.2, 405.2),
    "three layers": (383.0, 406.0),
    "axis off by 7.7": (392.3, 410.4),
}
for name, positions in cases.items():
    found = LineReason(int(judge_positions([positions]).reason[0]))
    print(f"{name:20s} {found.name:12s} {found.words.partition(';')[0]}")

# %%
colors = [
    "#FFFFFF",
    "#E69F00",
    "#56B4E9",
    "#D55E00",
    "0.75",
    "#CC79A7",
    "0.5",
    "0.5",
]
fig, ax = plt.subplots(figsize=(8.5, 5.4), layout="constrained")
norm = BoundaryNorm(np.arange(-0.5, 8.5), len(colors))
ax.pcolormesh(
    e_prime, a1_prime, reason, cmap=ListedColormap(colors), norm=norm, alpha=0.6
)
for (name, (x, y)), marker in zip(cases.items(), "*osD^v", strict=True):
    ax.plot(x, y, marker, color="black", ms=9, mfc="white", label=name)
present = [LineReason(int(code)) for code in np.unique(reason)]
patches = [
    Patch(fc=colors[code], ec="0.4", alpha=0.7, label=code.words or "one layer")
    for code in present
]
ax.add_artist(ax.legend(loc="upper left", fontsize="small"))
fig.legend(handles=patches, loc="outside lower center", ncols=2, fontsize="small")
ax.set(xlabel="E' (cm$^{-1}$)", ylabel="A1' (cm$^{-1}$)")
plt.show()

# %%
# In a map
# --------
# ``map_flake`` and ``SpatialMapper`` judge every pixel in this way. ``domain_score``
# above 1 marks those outside, ``domain_reason`` holds the reason.
