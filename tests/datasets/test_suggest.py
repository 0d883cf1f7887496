# SPDX-License-Identifier: BSD-3-Clause
"""Which states to calculate next."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

from strain2dos.cli import app
from strain2dos.datasets import StrainedDOS, load_dft, suggest_states
from strain2dos.simulate import fundamental_strain, strain_plan
from strain2dos.simulate.dft import read_plan


@pytest.fixture(scope="module")
def some():
    """States of MoS2 under compression and small tension only."""
    data = load_dft("MoS2")
    return data.subset(np.flatnonzero(data.strain[:, :2].sum(axis=1) < 0.02)[::2])


def test_what_is_unknown_is_suggested_and_each_state_lowers_the_uncertainty(some):
    plan = suggest_states(some, 3)
    assert list(plan) == ["name", "exx", "eyy", "exy", "uncertainty_left"]
    left = np.r_[1.0, plan["uncertainty_left"]]
    assert (np.diff(left) < 0).all()
    assert left[-1] > 0
    # no state under large tension is known, and the first one suggested is such a state
    assert plan[["exx", "eyy"]].sum(axis=1)[0] > 0.03
    apart = fundamental_strain(plan[["exx", "eyy", "exy"]])[:, None] - fundamental_strain(some.strain)
    assert np.abs(apart).max(axis=2).min() > 1e-3


def test_suggestions_do_not_depend_on_the_number_asked_for(some):
    assert suggest_states(some, 3)["name"][:2].tolist() == suggest_states(some, 2)["name"].tolist()


def test_a_map_draws_the_suggestions_to_its_own_strains(some):
    compressed = np.column_stack([np.full((50, 2), -0.035), np.zeros(50)]) + np.linspace(0, 2e-3, 50)[:, None]
    tense = np.abs(compressed) + np.array([0.0, 0.0, -2e-3])
    found = [
        suggest_states(some, 1, over=states)[["exx", "eyy"]].sum(axis=1)[0] for states in (compressed, tense)
    ]
    assert found[0] < 0.0 < 0.04 < found[1]


def test_a_map_of_a_flake_may_have_pixels_without_a_result(some):
    strain = np.full((4, 5), 0.03)
    strain[0, 0] = np.nan
    flake = xr.Dataset({"strain": (("y", "x"), strain), "shear": (("y", "x"), np.full((4, 5), 0.01))})
    plan = suggest_states(some, 1, over=flake)
    assert plan[["exx", "eyy"]].mean(axis=1)[0] > 0.02
    with pytest.raises(ValueError, match="shear is missing of strain; the map of a flake has both"):
        suggest_states(some, 1, over=flake[["strain"]])
    with pytest.raises(ValueError, match="finite strains, but has none"):
        suggest_states(some, 1, over=flake * np.nan)


def test_states_come_from_the_plan_that_is_given_but_for_those_that_are_known(some):
    data = load_dft("MoS2")
    plan = pd.DataFrame(data.strain, columns=["exx", "eyy", "exy"]).assign(name=data.name)
    rest = len(data) - len(some)
    found = suggest_states(some, rest, candidates=plan)
    assert sorted(found["name"]) == sorted(set(data.name) - set(some.name))
    with pytest.raises(ValueError, match=rf"between 1 and {rest}, the states to choose from"):
        suggest_states(some, rest + 1, candidates=plan)
    with pytest.raises(ValueError, match="columns of a plan, but exy is missing"):
        suggest_states(some, 1, candidates=plan.drop(columns="exy"))


def test_too_few_states_or_scalar_labels_are_refused(some):
    with pytest.raises(ValueError, match="8 or more states with strain tensors, but data has 7 of 3"):
        suggest_states(some.subset(slice(7)), 1)
    labels = StrainedDOS(some.strain[:, :1], some.energies, some.dos)
    with pytest.raises(ValueError, match=r"of 1 component\(s\); strain_plan spreads"):
        suggest_states(labels, 1)


def test_the_command_writes_a_plan_that_run_reads(tmp_path):
    out = tmp_path / "next.csv"
    strain_plan(60).to_csv(tmp_path / "plan.csv", index=False)
    arguments = ["dft", "suggest", "--material", "WS2", "-n", "2", "--plan", str(tmp_path / "plan.csv")]
    result = CliRunner().invoke(app, [*arguments, "--out", str(out)])
    assert result.exit_code == 0, result.output
    assert "uncertainty_left" in result.output
    names = [state.name for state in read_plan(out)]
    assert len(names) == 2
    assert set(names) <= set(strain_plan(60)["name"])
    flake = xr.Dataset(
        {"strain": (("y", "x"), np.full((2, 2), 0.04)), "shear": (("y", "x"), np.zeros((2, 2)))}
    )
    flake.to_netcdf(tmp_path / "map.nc")
    result = CliRunner().invoke(
        app, ["dft", "suggest", "--material", "WS2", "-n", "1", "--map", str(tmp_path / "map.nc")]
    )
    assert result.exit_code == 0, result.output
    missing = CliRunner().invoke(app, ["dft", "suggest", "--map", str(tmp_path / "none.nc")])
    assert missing.exit_code == 1
    assert "none.nc does not exist" in missing.output


def test_a_plan_of_known_states_is_refused():
    known = load_dft("WS2")
    plan = pd.DataFrame(known.strain, columns=["exx", "eyy", "exy"]).assign(name=known.name)
    with pytest.raises(
        ValueError, match="all 36 candidates are known already; give a plan that holds others"
    ):
        suggest_states(known, 2, candidates=plan)


@pytest.mark.slow
def test_suggested_states_beat_a_sobol_order():
    import runpy
    import sys
    from pathlib import Path

    folder = Path(__file__).parents[2] / "benchmarks"
    sys.path.insert(0, str(folder))
    try:
        bench = runpy.run_path(str(folder / "next_states.py"))
    finally:
        sys.path.remove(str(folder))
    data = load_dft("MoS2")
    errors: dict[str, list[dict[str, float]]] = {"Sobol": [], "suggested": []}
    for seed in range(3):
        rows = np.random.RandomState(seed).permutation(len(data))
        test, pool = rows[:20], sorted(rows[20:].tolist())
        sobol = bench["sobol_order"](data, pool, seed)
        errors["Sobol"].append(bench["figures"](data, sobol[:16], test))
        have = bench["suggested"](data, pool, sobol[:8], 8)
        errors["suggested"].append(bench["figures"](data, have, test))
    mean = {key: pd.DataFrame(rows).mean() for key, rows in errors.items()}
    assert mean["suggested"]["gap_mae_meV"] < 0.75 * mean["Sobol"]["gap_mae_meV"]
    assert mean["suggested"]["wasserstein_meV"] < 0.95 * mean["Sobol"]["wasserstein_meV"]
