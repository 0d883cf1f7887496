# SPDX-License-Identifier: BSD-3-Clause
"""Does a model that knows MoS2 need fewer states of another material?

Models learn from a few states of the new material, alone or together with all states of MoS2 (and of further
materials) and columns that name the material (one kernel for all), and predict its other states. A third way
takes valleys at the same strain and learns the difference by a Gaussian process: those of MoS2, or, where the
three others are known, those of the layer with the same metal and of the one with the same chalcogen, less
those of the third. The unstrained state is always among those that are known, the rest is chosen by chance.
Run as

    python benchmarks/few_shot.py [--material WS2] [--known MoS2] [--sizes 3 4 6 8] [--repeats 6]
                                  [--columns material | elements]

Every finished figure is kept in ``benchmarks/output``: an interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from _machine import machine
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

from strain2dos import DOSRegressor
from strain2dos.datasets import StrainedDOS, load_dft
from strain2dos.dos import metrics
from strain2dos.dos._edges.valleys import edges_of_valleys
from strain2dos.simulate import strain_invariants
from strain2dos.simulate.dft._materials import layer_of

OUTPUT = Path(__file__).parent / "output" / "few_shot"
VALLEYS = {"vbm_K": "VB_K", "vbm_G": "VB_G", "cbm_K": "CB_K", "cbm_Q": "CB_Q"}


def features(data: StrainedDOS, code: np.ndarray) -> np.ndarray:
    """Invariants of the strain, and columns that name the material."""
    return np.column_stack([strain_invariants(data.strain), np.tile(code, (len(data), 1))])


def valleys(data: StrainedDOS) -> pd.DataFrame:
    """Energies of the four valleys that can be band edges, for any of the materials."""
    return pd.DataFrame({name: data.extra[key] for name, key in VALLEYS.items()}, index=data.name)


def elements(data: StrainedDOS) -> set[str]:
    """Metal and chalcogen of a layer."""
    return set(layer_of(str(data.provenance["material"])).symbols)


def coded(sets: list[StrainedDOS], columns: str) -> np.ndarray:
    """One row per set: a column for each material but the first, or one for tungsten and one for selenium."""
    if columns == "material":
        return np.eye(len(sets))[:, 1:]
    return np.array([[element in elements(part) for element in ("W", "Se")] for part in sets], float)


def errors(
    others: list[StrainedDOS], train: StrainedDOS, test: StrainedDOS, representation: str, columns: str
) -> dict[str, float]:
    """Errors for a test set of a model of its material and of others."""
    sets = [*others, train]
    codes = coded(sets, columns)
    model = DOSRegressor(test.energies, hidden_layer_sizes=(), representation=representation, random_state=0)
    model.fit(
        np.vstack([features(part, code) for part, code in zip(sets, codes, strict=True)]),
        np.vstack([part.dos for part in sets]),
        edges=pd.concat([valleys(part) for part in sets], ignore_index=True),
    )
    rows = features(test, codes[-1])
    gap = model.predict_edges(rows).gap
    return {
        "gap_mae_meV": float(1000 * np.abs(gap - test.gap).mean()),
        "wasserstein_meV": float(metrics.wasserstein(test.dos, model.predict(rows), energies=test.energies)),
    }


def moved_as(known: list[StrainedDOS], new: StrainedDOS) -> float:
    """Mean error of the gap in meV if the unstrained state's valleys move as those of other materials."""
    first = new.name.index("bi+0")
    own, other = valleys(new).to_numpy(), same_strain(known, new)
    gap = gap_of(own[first] + other - other[first])
    return float(1000 * np.abs(np.delete(gap - new.gap, first)).mean())


def same_strain(known: list[StrainedDOS], new: StrainedDOS) -> np.ndarray:
    """Valleys at the states of a material: of the first that is known, or by its elements if three are."""
    at_states = [valleys(part).to_numpy()[[part.name.index(name) for name in new.name]] for part in known]
    if len(known) < 3:
        return at_states[0]
    # plus with the metal or the chalcogen of the new one, minus with neither
    signs = [1.0 if elements(part) & elements(new) else -1.0 for part in known]
    return np.tensordot(signs, at_states, axes=1)


def gap_of(energies: np.ndarray) -> np.ndarray:
    """Gap from the four valleys."""
    return edges_of_valleys(energies, 2).gap


def by_difference(known: list[StrainedDOS], train: StrainedDOS, test: StrainedDOS) -> float:
    """Mean error of the gap in meV where the difference to valleys at the same strain is learned."""
    kernel = ConstantKernel() * RBF(3.0, (1.0, 100.0)) + WhiteKernel(1e-4, (1e-8, 0.1))
    found = same_strain(known, test)
    difference = valleys(train).to_numpy() - same_strain(known, train)
    X, X_new = (100 * strain_invariants(part.strain) for part in (train, test))
    for j, values in enumerate(difference.T):
        process = GaussianProcessRegressor(kernel, normalize_y=True, n_restarts_optimizer=2, random_state=0)
        with warnings.catch_warnings():
            # a difference without noise ends at the lower bound of the noise
            warnings.simplefilter("ignore", ConvergenceWarning)
            found[:, j] += process.fit(X, values).predict(X_new)
    return float(1000 * np.abs(gap_of(found) - test.gap).mean())


def run(
    new: StrainedDOS, known: list[StrainedDOS], size: int, seed: int, representation: str, columns: str
) -> list[dict[str, float | int | str]]:
    """Errors with and without the known materials, for one choice of states."""
    others = "+".join(str(part.provenance["material"]) for part in known)
    named = "_".join([str(new.provenance["material"]), others, *(str(len(part)) for part in (new, *known))])
    tail = "" if columns == "material" else f"_{columns}"
    path = OUTPUT / f"{named}_{representation}_{size}_{seed}{tail}.json"
    first = new.name.index("bi+0")
    order = [first, *(row for row in np.random.RandomState(seed).permutation(len(new)) if row != first)]
    train, test = new.subset(order[:size]), new.subset(order[size:])
    if not path.exists():
        found = {
            "alone": errors([], train, test, representation, "material"),
            f"with {others}": errors(known, train, test, representation, columns),
        }
        path.write_text(json.dumps(found))
    found = json.loads(path.read_text())
    found["difference"] = {"gap_mae_meV": by_difference(known, train, test), "wasserstein_meV": np.nan}
    return [{"states": size, "seed": seed, "model": name, **value} for name, value in found.items()]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--material", default="WS2", help="the new material")
    parser.add_argument(
        "--known", nargs="+", default=["MoS2"], help="materials of which all states are known"
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[3, 4, 6, 8], help="states of it")
    parser.add_argument("--repeats", type=int, default=6, help="choices of these states")
    parser.add_argument("--representation", default="grid", help="how curves are written")
    parser.add_argument(
        "--columns", choices=("material", "elements"), default="material", help="what names a material"
    )
    options = parser.parse_args()
    OUTPUT.mkdir(parents=True, exist_ok=True)
    new, known = load_dft(options.material), [load_dft(name) for name in options.known]
    rows = [
        row
        for size in options.sizes
        for seed in range(options.repeats)
        for row in run(new, known, size, seed, options.representation, options.columns)
    ]
    table = pd.DataFrame(rows).pivot_table(
        index="states", columns="model", values=["gap_mae_meV", "wasserstein_meV"], aggfunc=["mean", "max"]
    )
    print(table.round(1).to_string())
    print(f"unstrained state alone, moved as {'+'.join(options.known)}: gap {moved_as(known, new):.1f} meV")
    answer = {"machine": machine("numpy", "torch"), "rows": rows}
    (OUTPUT.parent / "few_shot.json").write_text(json.dumps(answer, indent=1) + "\n")


if __name__ == "__main__":
    main()
