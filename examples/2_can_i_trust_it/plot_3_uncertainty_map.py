# SPDX-License-Identifier: BSD-3-Clause
"""
Which error bar is right? Three of them against the truth
=========================================================

How far is a predicted gap to be trusted, pixel by pixel? Three answers are mapped
side by side: the standard deviation of the model, the one that the noise of the
spectra causes, and an interval with a stated coverage. A flag marks where none of
them holds. The map is synthetic, so all of them can be checked against the truth.
"""

# %%
# Training
# --------
# Spectra of the first-principles strain states. Their doping varies by 5·10¹²
# electrons per cm², as that of the flake below does. An interval covers only what
# varied in training. ``edges`` takes the energies of the valleys, so that the kink
# of the gap where the valence top moves from K to Gamma is not smoothed.
# ``ConformalDOSRegressor`` fits the regressor with some strain states left out,
# again and again, and records its errors on them; three folds and few networks keep
# this short.

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.colors import ListedColormap
from matplotlib.patches import Patch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import ConformalDOSRegressor, DOSRegressor, RamanFeaturizer
from strain2dos.datasets import make_raman_dos, make_raman_map
from strain2dos.mapping import MapDisplay, propagate_spectra

data = make_raman_dos(122, random_state=0)
regressor = DOSRegressor(
    data.energies,
    representation="cdf",
    n_members=2,
    max_epochs=30,
    random_state=0,
)
pipeline = make_pipeline(
    RamanFeaturizer(data.shift, features=("center",)),
    StandardScaler(),
    ConformalDOSRegressor(regressor, cv=3, level=0.9),
)
pipeline.fit(
    data.spectra,
    data.dos,
    conformaldosregressor__groups=data.groups,
    conformaldosregressor__edges=data.valleys,
)
conformal = pipeline[-1]

# %%
# A wrinkled flake
# ----------------
# The map is measured in a hurry, with far fewer counts than the training spectra,
# and in places the flake is doped more than any of those. Every spectrum becomes a
# row of features. Rows that hold NaN are pixels whose fit is not to be trusted: bare
# substrate and dead pixels.

flake = make_raman_map(
    (21, 21),
    max_strain=0.03,
    counts=(300.0, 900.0),
    doping=0.5,
    cosmic_rays=0.0,
    random_state=3,
)
spectra = flake.intensity.values.reshape(-1, flake.sizes["shift"])
features = pipeline[:-1].transform(spectra)
good = np.isfinite(features).all(axis=1)
print(f"{good.sum()} of {good.size} pixels have features")

# %%
# Three answers
# -------------
# The model's own standard deviation comes from its last step. ``propagate_spectra``
# carries the covariance of the fitted lines to the gap. The interval is that of the
# conformal regressor: its half width is one number, the error of the gap that nine
# of ten strain states did not exceed when they were left out.

edges, std = conformal.estimator_.predict_edges(features[good], return_std=True)
bounds = conformal.predict_edge_intervals(features[good]).gap
noise = propagate_spectra(pipeline, spectra).gap_std
outside = conformal.domain_score(features[good]) > 1


def as_map(values, long_name, units):
    """Put values of the good pixels on the map; all others are NaN."""
    whole = np.full(good.size, np.nan)
    whole[good] = values
    return (
        ("y", "x"),
        whole.reshape(flake.gap.shape),
        {"long_name": long_name, "units": units},
    )


truth = flake.gap.values.ravel()[good]
error = 1e3 * np.abs(edges.gap - truth)
half_width = 500 * np.diff(bounds)[:, 0]
result = xr.Dataset(
    {
        "gap": as_map(edges.gap, "predicted gap", "eV"),
        "truth": as_map(truth, "true gap", "eV"),
        "error": as_map(error, "error of the gap", "meV"),
        "model": as_map(1e3 * std.gap, "std. dev., model", "meV"),
        "noise": as_map(1e3 * noise[good], "std. dev., Raman noise", "meV"),
        "ratio": as_map(error / half_width, "error / half width of interval", "1"),
        "flagged": as_map(outside, "outside the training states", "1"),
    },
    coords={"y": flake.y, "x": flake.x},
)
print(f"{outside.sum()} pixels lie outside the training states")
print(f"90 % interval: predicted gap +- {np.median(half_width):.0f} meV")

# %%
# The maps
# --------
# Gray pixels carry the flag, hatched ones have no features. The last map holds the
# error against the half width of the interval; crosses are pixels whose true gap
# lies outside their interval.

flagged = result.flagged.values == 1
kept = result.where(~flagged)
fig, axes = plt.subplots(
    2, 3, figsize=(10, 6.2), sharex=True, sharey=True, layout="constrained"
)
gaps = np.concatenate([kept.gap, kept.truth])
scale = {"vmin": np.nanmin(gaps), "vmax": np.nanmax(gaps)}
spread = {
    "vmin": 0.0,
    "vmax": float(max(kept.model.max(), kept.noise.max())),
    "cmap": "cividis",
}
panels = {
    "gap": ("Predicted", scale),
    "truth": ("True", scale),
    "error": ("Error", {"vmin": 0.0, "cmap": "cividis"}),
    "model": ("Model", spread),
    "noise": ("Noise of the spectra", spread),
    "ratio": ("Interval", {"vmin": 0.0, "cmap": "cividis"}),
}
for ax, (name, (title, options)) in zip(axes.flat, panels.items(), strict=True):
    MapDisplay.from_dataset(kept, name, ax=ax, **options)
    ax.set_title("", loc="left")
    ax.set_title(title)
    gray = np.where(flagged, 1.0, np.nan)
    ax.pcolormesh(
        flake.x,
        flake.y,
        np.ma.masked_invalid(gray),
        cmap=ListedColormap(["0.6"]),
        vmin=0,
        vmax=1,
    )
    ax.label_outer()
missed_y, missed_x = np.nonzero((kept.ratio > 1).values)
axes.flat[-1].plot(flake.x[missed_x], flake.y[missed_y], "x", color="#D55E00", ms=4)
legend = fig.legend(
    handles=[
        Patch(facecolor="0.6", label="outside the training states"),
        Patch(facecolor="0.92", edgecolor="0.55", hatch="////", label="no features"),
        plt.Line2D(
            [],
            [],
            color="#D55E00",
            marker="x",
            ls="",
            label="true gap outside the interval",
        ),
    ],
    loc="outside lower center",
    ncols=3,
)

# %%
# Held against the truth
# ----------------------
# The interval promises nine of ten *strain states* drawn like the training states.
# Pixels of a map are drawn otherwise, neighbors share their strain, and flagged
# pixels are promised nothing, so the share found here may well differ from 90 %.

covered = error <= half_width
for name, rows in {"not flagged": ~outside, "flagged": outside}.items():
    if rows.any():
        print(f"{covered[rows].mean():.0%} of {rows.sum()} pixels {name} lie inside")

# %%
# The two standard deviations count different things and are added in quadrature.
# Neither is an interval with a stated coverage: the noise alone does not include
# what the model gets wrong.

both = np.hypot(std.gap, noise[good])
for name, size in {"model": std.gap, "noise": noise[good], "both": both}.items():
    within = (error <= 2e3 * size)[~outside].mean()
    median = 1e3 * np.median(size)
    print(f"{name:6s} {median:5.1f} meV; error within two of them for {within:.0%}")
plt.show()
