# SPDX-License-Identifier: BSD-3-Clause
"""How often is the truth of a flake inside the errors that `map_flake` states?

Ten flakes of `make_raman_map` (wrinkles, bubbles, random strain; doping, dead pixels; bright and faint) are
mapped by the bundled model. For each quantity the share of pixels whose truth lies in the 90 % interval is
counted: by the error of the pixel alone, by the same about the median of the map, and with the common error;
and the slope of the photoluminescence against the gap at K is compared with that against the true one. Run as

    python benchmarks/flake_coverage.py [--flakes 10] [--first 0]
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
import pandas as pd
import xarray as xr

from strain2dos import make_raman_map, map_flake
from strain2dos.mapping import compare_with_pl

NAMES = ("gap", "gap_direct", "vbm", "cbm", "strain", "shear", "doping")
# Half-width, in standard deviations, of the band that holds 90 % of a normal distribution.
NINETY = 1.6449
SCENES = ("wrinkle", "bubble", "random")
COUNTS = ((3000.0, 6000.0), (1000.0, 2000.0), (300.0, 600.0))
# Where the table has the unstrained lines, and the simulation too.
UNSTRAINED = (384.6, 402.7)


def true_flake(number: int) -> xr.Dataset:
    """Make a flake with its truth; the number chooses scene, brightness and all that is random."""
    flake = make_raman_map(
        (24, 24),
        scene=SCENES[number % 3],
        counts=COUNTS[number // 3 % 3],
        doping=0.3,
        random_strain=0.001 if number % 3 < 2 else 0.004,
        random_state=number,
    )
    mean, shear = (flake.exx + flake.eyy) / 2, np.hypot(flake.exx - flake.eyy, 2 * flake.exy)
    return flake.assign(strain=mean, shear=shear)


def shares(found: xr.Dataset, truth: xr.Dataset) -> dict[str, float]:
    """Share of the pixels inside, for each quantity and each way to count."""
    use = ((found.status == 0) & (found.domain_score <= 1) & np.isfinite(truth.gap)).values
    row: dict[str, float] = {"pixels": float(use.sum())}
    for name in NAMES:
        error, std = (found[name] - truth[name]).values[use], found[f"{name}_std"].values[use]
        common = found[f"{name}_common_std"].values[use]
        row[name] = float(np.mean(np.abs(error) <= NINETY * std))
        if name != "shear":  # which is never below zero
            row[f"{name}, about the median"] = float(
                np.mean(np.abs(error - np.median(error)) <= NINETY * std)
            )
        row[f"{name}, with common"] = float(np.mean(np.abs(error) <= NINETY * np.hypot(std, common)))
    return row


def slopes(found: xr.Dataset, truth: xr.Dataset) -> dict[str, float]:
    """Slope of the photoluminescence against the mapped and the true gap at K, with its errors."""
    mapped = compare_with_pl(found, truth.pl_energy)
    true = compare_with_pl(truth.gap_direct.where(np.isfinite(found.gap_direct)), truth.pl_energy)
    return {"slope": mapped.slope, "slope error": mapped.slope_total_error, "true slope": true.slope}


def main() -> None:
    """Print a table with one row per flake, and the shares over all pixels."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--flakes", type=int, default=10)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    rows = []
    for number in range(options.first, options.first + options.flakes):
        truth = true_flake(number)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            found = map_flake(truth.intensity, unstrained=UNSTRAINED, noise="poisson")
        rows.append(shares(found, truth) | slopes(found, truth))
    table = pd.DataFrame(rows)
    inside = [name for name in table if name.split(",")[0] in NAMES]
    weights = table["pixels"] / table["pixels"].sum()
    spread = table[inside].agg(["min", "max"]).T
    spread.insert(0, "all pixels", table[inside].mul(weights, axis=0).sum())
    print((100 * spread).round(1).to_string())
    print(table[["pixels", "slope", "slope error", "true slope"]].round(3).to_string())


if __name__ == "__main__":
    main()
