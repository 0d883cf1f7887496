# SPDX-License-Identifier: BSD-3-Clause
"""Parameters carried between models, against lists in which every parameter has a name."""

from itertools import product

import numpy as np
import pytest

from strain2dos._compiled import njit
from strain2dos.raman._fitting._models import models
from strain2dos.raman._fitting.records import DOUBLET, SINGLET

# compiled by themselves: elsewhere they are parts of the fit
ALONE = models.OPTIONS | {"part": False, "cache": False}
# views of arrays come back to Python by counted references alone
pick = njit(cache=False)(models.pick.py_func)
carry_over, leave_out, drop_unit, base_index, fitted_height, lowest_height, clip_to_bounds = (
    njit(**ALONE)(getattr(models, name).py_func)
    for name in (
        "carry_over", "leave_out", "drop_unit", "base_index", "fitted_height", "lowest_height",
        "clip_to_bounds",
    )
)  # fmt: skip
N_TERMS = 2


def lines_of(group, kind, mask):
    """Names of the lines of a model, and of the widths that they have."""
    material = [(mode.name, k) for j, mode in enumerate(group.modes)
                for k in range(1 + (kind == DOUBLET and j == group.pair))]  # fmt: skip
    extra = [(unit.modes[k].name, k) for u, unit in enumerate(group.units) if mask >> u & 1
             for k in range(len(unit.modes))]  # fmt: skip
    return material + extra, [mode.name for mode in group.modes] + extra


def names_of(group, kind, mask):
    """Names of all parameters: centers, heights, half widths, terms of the baseline."""
    lines, widths = lines_of(group, kind, mask)
    named = [(what, line) for what in ("center", "height") for line in lines]
    return named + [("width", line) for line in widths] + [("baseline", k) for k in range(N_TERMS)]


def values_of(names, seed=0):
    rng = np.random.default_rng(seed)
    return dict(zip(names, rng.uniform(1, 2, len(names)), strict=True))


def models_and_units(group):
    for kind, mask in product((SINGLET, DOUBLET), range(2 ** len(group.units))):
        for unit in range(len(group.units)):
            yield kind, mask, unit


def test_a_model_has_the_lines_of_its_units(group):
    for kind, mask in product((SINGLET, DOUBLET), range(2 ** len(group.units))):
        lines, widths = lines_of(group, kind, mask)
        found = pick(group.family, kind, mask)
        assert (found.n, found.n_groups) == (len(lines), len(widths))
        assert found.n_base == len(group.modes) + (kind == DOUBLET)


def test_a_model_with_one_unit_more_starts_from_the_parameters_of_the_smaller(group):
    for kind, mask, unit in models_and_units(group):
        if mask >> unit & 1:
            continue
        names, more = names_of(group, kind, mask), names_of(group, kind, mask | 1 << unit)
        known, q = values_of(names), np.full(len(more), np.nan)
        first = pick(group.family, kind, mask)
        p = np.array([known[name] for name in names])
        larger = pick(group.family, kind, mask | 1 << unit)
        carry_over(group.family, first, mask, p, p.size, larger, unit, 390.0, 7.0, q)
        modes = group.units[unit].modes
        for name, value in zip(more, q, strict=True):
            if name in known:
                assert value == known[name]
                continue
            what, (_, k) = name
            ratio = 0.5 * sum(modes[k].height_range) if k else 1.0
            wanted = {
                "center": 390.0 + modes[k].position - modes[0].position,
                "height": 7.0 * ratio,
                "width": 0.5 * modes[k].fwhm,
            }
            assert value == pytest.approx(wanted[what])


def test_a_unit_that_is_left_out_takes_its_parameters_with_it(group):
    for kind, mask, unit in models_and_units(group):
        if not mask >> unit & 1:
            continue
        names, fewer = names_of(group, kind, mask), names_of(group, kind, mask & ~(1 << unit))
        known, q = values_of(names), np.full(len(fewer), np.nan)
        p = np.array([known[name] for name in names])
        lines, smaller = pick(group.family, kind, mask), pick(group.family, kind, mask & ~(1 << unit))
        leave_out(group.family, lines, mask, p, p.size, smaller, unit, q)
        assert q.tolist() == [known[name] for name in fewer]
        left, n = drop_unit(group.family, kind, mask, unit, p.size, p, np.empty(p.size))
        assert (left, n) == (mask & ~(1 << unit), len(fewer))
        assert p[:n].tolist() == q.tolist()


def test_lines_of_the_material_are_found_among_all(group):
    for kind, mask in product((SINGLET, DOUBLET), range(2 ** len(group.units))):
        names, lines = names_of(group, kind, mask), pick(group.family, kind, mask)
        for i, name in enumerate(names_of(group, kind, 0)[:-N_TERMS]):
            assert names[base_index(lines, i)] == name


def test_branches_of_a_doublet_count_together(group):
    for kind, mask in product((SINGLET, DOUBLET), (0, 2 ** len(group.units) - 1)):
        names, lines = names_of(group, kind, mask), pick(group.family, kind, mask)
        for seed in range(5):
            known = values_of(names, seed)
            p = np.array([known[name] for name in names])
            height = dict.fromkeys((mode.name for mode in group.modes), 0.0)
            for (what, line), value in known.items():
                if what == "height" and line[0] in height:
                    height[line[0]] += value
            for j, (name, _) in enumerate(lines_of(group, kind, mask)[0][: lines.n_base]):
                assert fitted_height(p, lines, j) == pytest.approx(height[name])
            assert lowest_height(p, lines) == pytest.approx(min(height.values()))


def test_parameters_are_moved_into_their_box():
    p = np.array([-2.0, 0.5, 3.0, 9.0])
    clip_to_bounds(p, np.zeros(4), np.ones(4), 3)
    assert p.tolist() == [0.0, 0.5, 1.0, 9.0]
