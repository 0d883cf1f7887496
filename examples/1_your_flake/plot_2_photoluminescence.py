# SPDX-License-Identifier: BSD-3-Clause
"""
Does photoluminescence find the same strain?
============================================

A photoluminescence (PL) map of the same flake is the best check of a predicted gap.
This example fits the PL spectra, brings them onto the pixels of the Raman map, and
compares.
"""

# %%
# Two maps of one flake
# ---------------------
# The PL map has wider steps than the Raman map, its stage was off by 0.6 um, and its
# axis is a wavelength in nm. Both maps are simulated.

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

from strain2dos import make_raman_map, map_flake
from strain2dos.mapping import (
    MapDisplay,
    PLComparisonDisplay,
    compare_with_pl,
    fit_pl,
    register_maps,
)

simulated = make_raman_map((33, 33), random_state=1)
rng = np.random.default_rng(0)
wavelength = np.linspace(610.0, 750.0, 220)
energy = 1239.84 / wavelength
exciton = simulated.pl_energy[::2, ::2]
line = 800 / (1 + ((energy - exciton.values[..., None]) / 0.03) ** 2)
counts = rng.poisson(np.nan_to_num(line) + 40.0).astype(float)
pl_cube = xr.DataArray(
    counts,
    dims=("y", "x", "wavelength"),
    coords={
        "y": ("y", exciton.y.values, {"units": "um"}),
        "x": ("x", exciton.x.values + 0.6, {"units": "um"}),
        "wavelength": ("wavelength", wavelength, {"units": "nm"}),
    },
)

# %%
# Fit the A exciton
# -----------------
# Wavelengths become photon energies and intensities get the Jacobian before the fit:
# a peak read off the wavelength axis lies too high. Pixels off the flake have no
# line, and no energy.

pl = fit_pl(pl_cube)
row, column = 5, 8
fig, ax = plt.subplots(figsize=(7, 3.6), layout="constrained")
ax.plot(energy, counts[row, column], ".", ms=4, color="0.5", label="one pixel")
center = float(pl.A_center[row, column])
ax.axvline(center, color="#D55E00", label=f"A exciton, {center:.3f} eV")
ax.set(xlabel="Photon energy (eV)", ylabel="Counts per nm")
legend = ax.legend()

# %%
# Bring both onto the same pixels
# -------------------------------
# ``register_maps`` searches the shift at which the two maps agree best.

flake = map_flake(simulated.intensity)
on_flake = register_maps(pl.A_center, flake.gap_direct, max_shift=1.0)
print(f"shift found: {on_flake.attrs['shift_x']:+.2f} um along x")

# %%
# Compare
# -------
# Light comes from the direct gap at K, so the PL energy is compared with
# ``gap_direct``. The gap is that of PBE and lies below the exciton energy; what
# counts is the slope, which should be 1.

comparison = compare_with_pl(flake, on_flake)
for name, value in comparison.summary().items():
    print(f"{name}: {value if isinstance(value, str) else format(value, '.4g')}")

# %%
fig, axes = plt.subplots(1, 3, figsize=(14, 4), layout="constrained")
MapDisplay.from_dataset(flake, "gap_direct", ax=axes[0])
shown = on_flake.to_dataset(name="pl")
shown.pl.attrs |= {"long_name": "photoluminescence", "units": "eV"}
MapDisplay.from_dataset(shown, "pl", ax=axes[1])
display = PLComparisonDisplay.from_maps(flake, on_flake, ax=axes[2])
# sphinx_gallery_thumbnail_number = 2
