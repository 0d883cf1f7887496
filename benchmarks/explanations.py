# SPDX-License-Identifier: BSD-3-Clause
"""Explanations: whether they are true of data whose truth is known, and what they cost.

Physics: the bundled states with line positions by the published rates, each state with several dopings that
change nothing but the lines. Slopes of shares are compared with those that rates and eigenvalues give;
doping alone must have no share in the gap, and labels that were permuted leave none at all.

Speed: exact values of a map of 33 x 33 pixels, 651 energies and 50 background samples, from as many pixels as
are asked for; beside it `shap.ExactExplainer` on the full output, for the same pixels in the same process.
Processor times and, beside them, those of the clock, which what else runs on the machine stretches. Run as

    python benchmarks/explanations.py [--only physics speed] [--pixels 24] [--features 4 9]
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from _machine import machine
from scipy.interpolate import CubicSpline
from threadpoolctl import threadpool_limits

from strain2dos import DOSExplainer, DOSRegressor, StrainDopingSeparator
from strain2dos.datasets import StrainedDOS, load_mos2_dft
from strain2dos.explain import DOSExplanation
from strain2dos.simulate import strain_invariants

OUTPUT = Path(__file__).parent / "output"
LINES = ["E'-_center", "E'+_center", "A1'_center"]
COPIES, PIXELS, N_ENERGIES, BACKGROUND = 4, 33 * 33, 651, 50
RATES = {"E'": (-431.0, -0.33), "A1'": (-250.0, -2.2)}  # cm-1 per strain, and per 1e13 electrons/cm2


def lines_of(trace: np.ndarray, deviator: np.ndarray, doping: np.ndarray) -> pd.DataFrame:
    """Return line positions by the published rates."""
    separator = StrainDopingSeparator(output="invariants").fit(pd.DataFrame([[np.nan] * 3], columns=LINES))
    found = separator.inverse_transform(np.column_stack([trace, deviator, doping]))
    return pd.DataFrame(found, columns=LINES)


def doped_copies(data: StrainedDOS) -> tuple[pd.DataFrame, np.ndarray]:
    """Return lines of every state at several dopings, and the state of each row."""
    rows = np.repeat(np.arange(len(data)), COPIES)
    invariants = strain_invariants(data.strain)[rows]
    doping = np.random.RandomState(0).uniform(-1.0, 1.0, len(rows))
    return lines_of(invariants[:, 0], invariants[:, 1], doping), rows


def fitted(data: StrainedDOS, X: pd.DataFrame, rows: np.ndarray, labels: np.ndarray) -> DOSRegressor:
    """Return a model of these labels; networks take no part in edges that are learned, nor do energies."""
    few = slice(None, None, 40)
    model = DOSRegressor(data.energies[few], hidden_layer_sizes=(), representation="grid", random_state=0)
    return model.fit(X, data.dos[labels][:, few], groups=rows, edges=data.edge_targets.iloc[labels])


def true_slopes(data: StrainedDOS, target: str, strain: float) -> dict[str, float]:
    """Return slopes with E' and A1' [eV cm]: those along strain, by eigenvalues, and none along doping."""
    invariants = strain_invariants(data.strain)
    known = np.diff(data.edges)[:, 0]
    biaxial = np.abs(invariants[:, 1]) < 1e-9
    if target == "gap_direct":
        known = (data.valleys["cbm_K"] - data.valleys["vbm_K"]).to_numpy()
    else:
        # the gap has a kink near +0.4 %, where the valence band maximum moves
        biaxial &= invariants[:, 0] > 0.01
    order = np.argsort(invariants[biaxial, 0])
    along = CubicSpline(0.5 * invariants[biaxial, 0][order], known[biaxial][order])
    (e, e_doping), (a, a_doping) = RATES["E'"], RATES["A1'"]
    slope = float(along(strain, 1)) / (e - a * e_doping / a_doping)
    return {"E'": slope, "A1'": -slope * e_doping / a_doping}


def slopes(model: DOSRegressor, target: str, strain: float) -> dict[str, float]:
    """Return slopes of shares with the line that moves, about one state."""
    steps = np.linspace(-0.5, 0.5, 11)
    here = lines_of(np.full(11, 2 * strain), np.zeros(11), np.zeros(11))
    explainer = DOSExplainer(model, here[:1])
    found = {}
    for line, columns in {"E'": [0, 1], "A1'": [2]}.items():
        moved = here.copy()
        moved.iloc[:, columns] += steps[:, None]
        shares = explainer.explain(moved, curves=False, targets=["gap_direct"]).edge_values[target]
        found[line] = float(np.polyfit(steps, shares[:, columns].sum(axis=1), 1)[0])
    return found


def physics() -> dict[str, Any]:
    """Compare explanations with what is known."""
    data = load_mos2_dft()
    X, rows = doped_copies(data)
    model = fitted(data, X, rows, rows)
    found: dict[str, Any] = {}
    for target, strain in (("gap_direct", -0.01), ("gap_direct", 0.0), ("gap_direct", 0.015), ("gap", 0.015)):
        truth, own = true_slopes(data, target, strain), slopes(model, target, strain)
        for line in truth:
            key = f"d {target} / d {line} at {100 * strain:+g} % strain [meV/cm-1]"
            found[key] = {"explained": round(1e3 * own[line], 2), "true": round(1e3 * truth[line], 2)}
    doping = np.linspace(-1.0, 1.0, 21)
    doped = lines_of(np.full(21, 0.01), np.zeros(21), doping)
    for name, coordinates in {"strain, shear and doping": "strain", "lines": None}.items():
        explainer = DOSExplainer(model, doped[10:11], coordinates=coordinates)
        shares = 1e3 * explainer.explain(doped, curves=False).edge_values["gap"]
        key = f"doping of up to 1e13 alone, {name}: largest [meV]"
        found[key] = dict(
            zip(explainer.feature_names, np.abs(shares).max(axis=0).round(2).tolist(), strict=True)
        )
        found[key]["sum"] = round(float(np.abs(shares.sum(axis=1)).max()), 2)
    std = model.predict_edges(doped[10:11], return_std=True)[1].gap[0]
    found["standard deviation of the gap there [meV]"] = round(float(1e3 * std), 2)
    found["true labels: root mean square [meV]"] = sizes(model, X)
    for seed in range(1, 6):
        permuted = np.random.RandomState(seed).permutation(len(data))[rows]
        found[f"permuted labels {seed}: root mean square [meV]"] = sizes(fitted(data, X, rows, permuted), X)
    return found


def sizes(model: DOSRegressor, X: pd.DataFrame) -> dict[str, float]:
    """Return the sizes of shares in the gap and of the model's own standard deviation [meV]."""
    explainer = DOSExplainer(model, X, max_background=BACKGROUND, random_state=0, coordinates="strain")
    shares = explainer.explain(X[::COPIES], curves=False).edge_values["gap"]
    own = model.predict_edges(X[::COPIES], return_std=True)[1].gap
    values = 1e3 * np.sqrt(np.square(np.column_stack([shares, own])).mean(axis=0))
    return dict(zip([*explainer.feature_names, "model std"], values.round(1).tolist(), strict=True))


def timed(runs: dict[str, Callable[[], Any]], n_pixels: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the results of runs, and their times for a whole map."""
    kept, times = {}, {}
    for name, run in runs.items():
        start, clock = time.process_time(), time.perf_counter()
        kept[name] = run()
        times[name] = {
            "processor s per map": (time.process_time() - start) / n_pixels * PIXELS,
            "wall s per map": (time.perf_counter() - clock) / n_pixels * PIXELS,
        }
    return kept, times


def speed(n_features: int, n_pixels: int) -> dict[str, Any]:
    """Return times of exact, summarized and sampled values, and of the same by shap."""
    import shap

    data = load_mos2_dft()
    random = np.random.RandomState(0)

    def features(states: np.ndarray) -> np.ndarray:
        lines = data.phonons[states] + 0.05 * random.standard_normal((len(states), 3))
        return np.column_stack([lines, random.standard_normal((len(states), n_features - 3))])

    X, pixels = features(np.arange(len(data))), features(random.randint(0, len(data), n_pixels))
    model = DOSRegressor(data.energies[:N_ENERGIES], random_state=0)
    model.fit(X, data.dos[:, :N_ENERGIES], edges=data.edge_targets)
    options: dict[str, Any] = {"max_background": BACKGROUND, "random_state": 0}
    explainer = DOSExplainer(model, X, **options)
    most = {share: int(share * (2**n_features - 1) * BACKGROUND) for share in (0.1, 0.2, 0.4)}
    budgets = {
        share: DOSExplainer(model, X, max_evaluations=n, n_jobs=2, **options)
        for share, n in most.items()
        if n >= 2**n_features + BACKGROUND
    }
    pairs = {n: DOSExplainer(model, X, max_exact=1, n_permutations=n, **options) for n in (1, 5)}
    clusters = {
        n: DOSExplainer(model, explainer.background, max_background=n, thinning="clusters", random_state=0)
        for n in (10, 20)
    }
    two = DOSExplainer(model, X, n_jobs=2, **options)
    masker = shap.maskers.Independent(explainer.background, max_samples=BACKGROUND)
    other = shap.ExactExplainer(model.predict, masker)
    exact, theirs = "curves and edges", "shap.ExactExplainer, curves"
    runs = {
        exact: lambda: explainer.explain(pixels),
        "curves and edges, two threads": lambda: two.explain(pixels),
        "edges alone": lambda: explainer.explain(pixels, curves=False),
        **{f"{n} clusters": lambda own=own: own.explain(pixels) for n, own in clusters.items()},
        **{
            f"{share:g} of the evaluations, two threads": lambda own=own: own.explain(pixels)
            for share, own in budgets.items()
        },
        **{f"{n} pairs of permutations": lambda own=own: own.explain(pixels) for n, own in pairs.items()},
        theirs: lambda: other(pixels),
    }
    found: dict[str, Any] = {"features": n_features, "pixels": n_pixels, "weight": model.network_weight_}
    explainer.explain(pixels[:1])
    kept, times = timed(runs, n_pixels)
    found |= times
    size = np.abs(kept[exact].values).max()
    found["largest difference to shap [of the largest share]"] = float(
        np.abs(kept[exact].values - kept[theirs].values).max() / size
    )
    for name in (name for name in runs if name.split()[1] in ("clusters", "pairs", "of")):
        for what, values in (("curves", _curves), ("gap", _gap)):
            a, b = values(kept[exact]), values(kept[name])
            found[name][f"error of {what} [share of rms]"] = float(
                np.sqrt(np.square(a - b).mean() / np.square(a).mean())
            )
    return found


def _curves(explanation: DOSExplanation) -> np.ndarray:
    return explanation.values


def _gap(explanation: DOSExplanation) -> np.ndarray:
    return explanation.edge_values["gap"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=("physics", "speed"), default=["physics", "speed"])
    parser.add_argument("--pixels", type=int, default=24, help="pixels explained of the map")
    parser.add_argument("--features", type=int, nargs="+", default=[4, 9])
    options = parser.parse_args()
    record: dict[str, Any] = {"machine": machine("torch", "numpy", "shap")}
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore")
        if "physics" in options.only:
            record["physics"] = physics()
            print(json.dumps(record["physics"], indent=1), flush=True)
        if "speed" in options.only:
            record["speed"] = []
            for n_features in options.features:
                record["speed"].append(speed(n_features, min(options.pixels, 24 if n_features < 6 else 16)))
                print(json.dumps(record["speed"][-1], indent=1), flush=True)
    OUTPUT.mkdir(exist_ok=True)
    (OUTPUT / "explanations.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
