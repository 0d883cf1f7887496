# SPDX-License-Identifier: BSD-3-Clause
"""Table of docs/guide/tight_binding.md: the tight-binding models, and the bundled calculations."""

from __future__ import annotations

import numpy as np
import pandas as pd
from dft_materials import valence_splitting
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq

from strain2dos.datasets import StrainedDOS, load_dft
from strain2dos.datasets._bundled.dft import MIN_STATES, bundled_materials
from strain2dos.simulate import TightBindingTMD

Array = NDArray[np.float64]

MAX_STRAIN = 0.04
BIAXIAL, ZIGZAG, ARMCHAIR = (1.0, 1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
DIRECTIONS = {"biaxial": BIAXIAL, "zigzag": ZIGZAG, "armchair": ARMCHAIR}
MODELS = {
    "MoS2, corrected": ("MoS2", "gamma"),
    "MoS2, published": ("MoS2", None),
    "MoSe2": ("MoSe2", None),
    "WS2": ("WS2", None),
    "WSe2": ("WSe2", None),
}
DFT = "MoS2, first principles"

GAP, AT = "gap (eV)", "VBM-CBM at"
SPLITTING = "spin-orbit splitting, VB at K (meV)"
SLOPES = {name: f"K-K gap, {name} (meV/%)" for name in DIRECTIONS}
RATIO = "K-K gap, biaxial : zigzag"
TO_GAMMA = {name: f"VB K to Gamma, {name} (%)" for name in DIRECTIONS}
TO_Q = {name: f"CB K to Q, {name} (%)" for name in DIRECTIONS}
DECIMALS = {GAP: 3, SPLITTING: 0, RATIO: 2}
DECIMALS |= dict.fromkeys(SLOPES.values(), 1) | dict.fromkeys((*TO_GAMMA.values(), *TO_Q.values()), 2)
ORDER = [GAP, AT, SPLITTING, *SLOPES.values(), RATIO, *TO_GAMMA.values(), *TO_Q.values()]

# Middles of the valleys in reduced coordinates; all six of Q: spin-orbit coupling and strain part them.
_THIRDS = np.array([(1, 1), (1, -2), (-2, 1)])
_CENTERS = {
    "K": np.array([(1, 1), (2, 2)]) / 3,
    "G": np.zeros((1, 2)),
    "Q": np.vstack([_THIRDS, -_THIRDS]) / 6,
}
_STEP, _REACH = 1 / 180, 9  # energies of extrema between these points are less than 1 meV off
_PATCH = _STEP * np.stack(np.meshgrid(*[np.arange(-_REACH, _REACH + 1)] * 2), axis=-1).reshape(-1, 2)


def valley_energies(model: TightBindingTMD, strain: ArrayLike) -> dict[str, Array]:
    """Highest valence (VB) and lowest conduction (CB) energies near K, Gamma and Q, in eV, one per tensor."""
    energies = {}
    for valley, centers in _CENTERS.items():
        k = (centers[:, None] + _PATCH).reshape(-1, 2)
        bands = model.bands(k, strain=np.atleast_2d(strain), spin=1)
        energies[f"VB_{valley}"], energies[f"CB_{valley}"] = bands[..., 6].max(1), bands[..., 7].min(1)
    return energies


def valley_crossing(model: TightBindingTMD, direction: ArrayLike, first: str, second: str) -> float:
    """Strain in percent at which two valleys exchange their order; NaN if nowhere within 4 %."""

    def lead(size: float) -> float:
        found = valley_energies(model, size * np.asarray(direction))
        return float((found[first] - found[second])[0])

    ends = lead(-MAX_STRAIN), lead(MAX_STRAIN)
    if ends[0] * ends[1] > 0:
        return float("nan")
    return 100 * brentq(lead, -MAX_STRAIN, MAX_STRAIN, xtol=1e-6)


def _model_row(model: TightBindingTMD) -> dict[str, float | str]:
    edges = model.band_edges()
    up, down = (model.bands([(1 / 3, 1 / 3)], spin=spin)[0, 6] for spin in (1, -1))
    row = {GAP: float(edges.gap), AT: f"{edges.vbm_at}-{edges.cbm_at}", SPLITTING: 1000 * abs(up - down)}
    for name, direction in DIRECTIONS.items():
        found = valley_energies(model, 0.01 * np.outer([-1, 1], direction))
        row[SLOPES[name]] = 500 * float(np.diff(found["CB_K"] - found["VB_K"])[0])
        row[TO_GAMMA[name]] = valley_crossing(model, direction, "VB_G", "VB_K")
        row[TO_Q[name]] = valley_crossing(model, direction, "CB_Q", "CB_K")
    return row


def _dft_line(data: StrainedDOS, direction: ArrayLike) -> tuple[Array, StrainedDOS]:
    """Bundled states along one direction within 4 %: sizes in percent, rising, and the states."""
    unit = np.asarray(direction)
    sizes = data.strain @ unit / (unit @ unit)
    on_line = np.abs(data.strain - np.outer(sizes, unit)).max(axis=1) < 1e-9
    rows = np.flatnonzero(on_line & (np.abs(sizes) <= MAX_STRAIN + 1e-9))
    rows = rows[np.argsort(sizes[rows])]
    return 100 * sizes[rows], data.subset(rows)


def _zero(sizes: Array, lead: Array) -> float:
    """Where the lead changes its sign, by a straight line between two neighboring states; NaN if nowhere."""
    below = np.flatnonzero(lead[:-1] * lead[1:] <= 0)
    if len(below) == 0:
        return float("nan")
    (x0, x1), (y0, y1) = sizes[below[0] :][:2], lead[below[0] :][:2]
    return float(x0 - y0 * (x1 - x0) / (y1 - y0))


def _dft_row(data: StrainedDOS) -> dict[str, float | str]:
    start = int(np.flatnonzero((data.strain == 0).all(axis=1))[0])
    where = f"{data.extra['vbm_at'][start]}-{data.extra['cbm_at'][start]}"
    row = {GAP: float(data.gap[start]), AT: where, SPLITTING: valence_splitting(data.provenance["material"])}
    for name, direction in DIRECTIONS.items():
        sizes, line = _dft_line(data, direction)
        pairs = [s for s in sizes if s > 0 and np.abs(sizes + s).min() < 1e-6]
        gaps = line.extra["CB_K"] - line.extra["VB_K"]
        nearest = min(pairs, default=np.nan)  # the smallest strain computed in tension and in compression
        row[SLOPES[name]] = float(np.diff(np.interp([-nearest, nearest], sizes, gaps))[0] * 500 / nearest)
        for column, pair in ((TO_GAMMA, ("VB_G", "VB_K")), (TO_Q, ("CB_Q", "CB_K"))):
            row[column[name]] = _zero(sizes, line.extra[pair[0]] - line.extra[pair[1]])
    return row


def as_text(value: float, digits: int, sign: str = "") -> str:
    """Round for print; "none" where there is no value."""
    return "none" if np.isnan(value) else f"{round(value, digits) + 0.0:{sign}.{digits}f}"  # 0.0: no "-0"


def model_text(models: pd.DataFrame) -> pd.DataFrame:
    """Turn `model_table` on its side and round it for print."""
    columns = {
        name: [row[c] if c == AT else as_text(row[c], DECIMALS[c]) for c in ORDER]
        for name, row in models.iterrows()
    }
    return pd.DataFrame(columns, index=ORDER)


def model_table() -> pd.DataFrame:
    """Gap, edges, slopes, crossings and splitting of every model and of the bundled calculations."""
    rows = {name: _model_row(TightBindingTMD(m, correction=c)) for name, (m, c) in MODELS.items()}
    sets = [data for data in map(load_dft, bundled_materials()) if len(data) >= MIN_STATES]
    rows |= {f"{data.provenance['material']}, first principles": _dft_row(data) for data in sets}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table[RATIO] = table[SLOPES["biaxial"]] / table[SLOPES["zigzag"]]
    return table[ORDER]
