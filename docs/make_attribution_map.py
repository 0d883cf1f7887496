# SPDX-License-Identifier: BSD-3-Clause
"""Draw docs/_static/attribution_map.png and attribution_pairs.png, the figures of the page on explanations.

python docs/make_attribution_map.py
"""

from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
import xarray as xr

from strain2dos import DOSExplainer, DOSRegressor, StrainDopingSeparator, load_dft
from strain2dos.datasets import make_raman_map
from strain2dos.explain import AttributionMapDisplay
from strain2dos.simulate import strain_invariants

HERE = Path(__file__).parent
LINES = ["E'-_center", "E'+_center", "A1'_center"]
NOISE = 0.1  # cm-1


def lines_of(strain: np.ndarray, doping: np.ndarray, random: np.random.RandomState) -> pd.DataFrame:
    """Positions of lines (n, 3) by the published rates, with noise."""
    separator = StrainDopingSeparator(output="invariants").fit(pd.DataFrame([[np.nan] * 3], columns=LINES))
    known = np.column_stack([strain_invariants(strain)[:, :2], doping])
    found = separator.inverse_transform(known) + NOISE * random.normal(size=(len(strain), 3))
    found[:, :2].sort(axis=1)
    return pd.DataFrame(found, columns=LINES)


def main() -> None:
    mpl.use("Agg")
    random = np.random.RandomState(0)
    data = load_dft()
    rows = np.repeat(np.arange(len(data)), 4)
    X = lines_of(data.strain[rows], random.uniform(-0.5, 0.5, len(rows)), random)
    few = slice(None, None, 40)
    model = DOSRegressor(data.energies[few], hidden_layer_sizes=(), representation="grid", random_state=0)
    model.fit(X, data.dos[rows][:, few], groups=rows, edges=data.edge_targets.iloc[rows])
    flake = make_raman_map(max_strain=0.03, random_state=0)
    on = flake["flake"].values.ravel()
    strain = np.column_stack([flake[name].values.ravel() for name in ("exx", "eyy", "exy")])[on]
    pixels = np.full((on.size, 3), np.nan)
    pixels[on] = lines_of(strain, flake["doping"].values.ravel()[on], random)
    cube = xr.DataArray(
        pixels.reshape(*flake["flake"].shape, 3),
        dims=("y", "x", "feature"),
        coords={"y": flake["y"], "x": flake["x"], "feature": LINES},
    )
    zero = lines_of(np.zeros((20, 3)), random.uniform(-0.5, 0.5, 20), random)
    explainer = DOSExplainer(model, zero, coordinates="strain")
    found = explainer.explain_map(cube)
    AttributionMapDisplay(found).plot().figure_.savefig(HERE / "_static" / "attribution_map.png", dpi=100)
    print(1e3 * np.abs(found["gap_values"]).mean(("y", "x")).to_series())
    shown = pd.DataFrame(pixels[on], columns=LINES)
    some = explainer.explain(shown, curves=False, interactions=True)
    print(some.interactions.summary())
    print(DOSExplainer(model, zero).explain(shown, curves=False, interactions=True).interactions.summary())
    figure = some.interactions.plot("gap").figure_
    figure.savefig(HERE / "_static" / "attribution_pairs.png", dpi=100, bbox_inches="tight")
    errors = explainer.explain_errors(shown, NOISE**2 * np.eye(3))
    print(errors.summary())


if __name__ == "__main__":
    main()
