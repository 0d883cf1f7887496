# SPDX-License-Identifier: BSD-3-Clause
"""Tables of docs/guide/tight_binding.md: the models against measurement and against first principles."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from tight_binding_table import (
    DECIMALS,
    GAP,
    MAX_STRAIN,
    MODELS,
    RATIO,
    SLOPES,
    SPLITTING,
    TO_GAMMA,
    as_text,
    valley_energies,
)

from strain2dos.datasets import StrainedDOS, load_mos2_dft
from strain2dos.simulate import TightBindingTMD


class Measurement(NamedTuple):
    """A published value: of which material, in which column of `model_table`, and from where."""

    material: str
    column: str
    value: float
    error: float | None
    source: str


LITERATURE = [
    Measurement("MoS2", GAP, 2.15, 0.07, "tunnelling, on graphite: Zhang et al., Nano Lett. 14, 2443 (2014)"),
    Measurement(
        "MoS2", GAP, 2.53, 0.08, "tunnelling, on graphene: Murray et al., Phys. Rev. B 99, 115434 (2019)"
    ),
    Measurement("WSe2", GAP, 2.21, 0.08, "tunnelling: Yankowitz et al., arXiv:1505.00245"),
    Measurement("MoS2", SPLITTING, 145, 4, "ARPES: Miwa et al., Phys. Rev. Lett. 114, 046802 (2015)"),
    Measurement("MoSe2", SPLITTING, 180, None, "ARPES: Zhang et al., arXiv:1401.3386"),
    Measurement("WS2", SPLITTING, 419, 11, "ARPES, on Au: Dendzik et al., Phys. Rev. B 92, 245442 (2015)"),
    Measurement("WSe2", SPLITTING, 475, None, "ARPES: Zhang et al., Nano Lett. 16, 2485 (2016)"),
    Measurement("MoS2", SLOPES["biaxial"], -99, None, "PL: Lloyd et al., Nano Lett. 16, 5836 (2016)"),
    Measurement("WS2", SLOPES["biaxial"], -130, None, "PL: Kourmoulakis et al., arXiv:2307.12663"),
    Measurement("MoS2", SLOPES["zigzag"], -45, None, "PL: Conley et al., Nano Lett. 13, 3626 (2013)"),
    Measurement("MoS2", SLOPES["zigzag"], -48, None, "PL: Zhu et al., Phys. Rev. B 88, 121301 (2013)"),
    Measurement("MoS2", SLOPES["zigzag"], -70, None, "absorption, PL: He et al., Nano Lett. 13, 2931 (2013)"),
    Measurement("MoSe2", SLOPES["zigzag"], -27, 2, "PL: Island et al., arXiv:1511.09241"),
    Measurement("MoS2", RATIO, 2.3, None, "reflectance: Carrascoso et al., arXiv:2012.11661"),
    Measurement("MoS2", TO_GAMMA["zigzag"], 1.0, None, "PL: Conley et al., Nano Lett. 13, 3626 (2013)"),
    Measurement("WS2", TO_GAMMA["zigzag"], 2.5, None, "PL: Wang et al., Nano Res. 8, 2562 (2015)"),
]


def literature_table(models: pd.DataFrame) -> pd.DataFrame:
    """Published values beside those of `model_table`, and tight binding minus measurement."""
    rows = []
    for material, column, value, error, source in LITERATURE:
        for name in (n for n, (m, _) in MODELS.items() if m == material):
            found = models.loc[name, column]
            quantity = column.replace("zigzag", "uniaxial")  # the reports do not name the crystal direction
            rows.append((name, quantity, found, value, error, found - value, source))
    columns = ["model", "quantity", "tight binding", "measured", "error", "deviation", "source"]
    return pd.DataFrame(rows, columns=columns)


def literature_text(models: pd.DataFrame) -> pd.DataFrame:
    """Format `literature_table` for print: a row per measurement, default model first, published one last."""
    rows = []
    for material, column, value, error, source in LITERATURE:
        digits = DECIMALS[column]
        found = [models.loc[name, column] for name, (m, _) in MODELS.items() if m == material]
        rows.append(
            {
                "material": material,
                "quantity": column.replace("zigzag", "uniaxial"),
                "measured": f"{value:g}" if error is None else f"{value:g} ± {error:g}",
                "tight binding": as_text(found[0], digits),
                "deviation": as_text(found[0] - value, digits, sign="+"),
                "deviation, published": as_text(found[1] - value, digits, sign="+") if found[1:] else "",
                "source": source,
            }
        )
    return pd.DataFrame(rows)


def deviations(data: StrainedDOS, correction: str | None = "gamma") -> pd.DataFrame:
    """Gaps in eV of the model and of the bundled MoS2 states whose principal strains are within 4 %.

    ``strain`` is the larger principal strain; ``same_valleys``: both edges lie in the same valleys.
    """
    exx, eyy, exy = data.strain.T
    largest = np.abs(exx + eyy) / 2 + np.hypot((exx - eyy) / 2, exy)
    inside = largest <= MAX_STRAIN + 1e-9
    kept = data.subset(inside)
    model = TightBindingTMD("MoS2", correction=correction)
    edges, valleys = model.band_edges(kept.strain), valley_energies(model, kept.strain)
    same = (edges.vbm_at == kept.extra["vbm_at"]) & (edges.cbm_at == kept.extra["cbm_at"])
    columns = {
        "strain": largest[inside],
        "gap": edges.gap,
        "gap_dft": kept.gap,
        "k_gap": valleys["CB_K"] - valleys["VB_K"],
        "k_gap_dft": kept.extra["CB_K"] - kept.extra["VB_K"],
        "same_valleys": same,
    }
    return pd.DataFrame(columns, index=kept.name)


def deviation_table() -> pd.DataFrame:
    """Tight binding minus first principles over all bundled states within 4 %; change: from zero strain."""
    rows = {}
    for name, (material, correction) in MODELS.items():
        if material != "MoS2":
            continue
        table = deviations(load_mos2_dft(), correction)
        at_rest = table["strain"].to_numpy() == 0
        for label, column in (("gap", "gap"), ("K-K gap", "k_gap")):
            offset = 1000 * (table[column] - table[f"{column}_dft"]).to_numpy()
            change = offset - offset[at_rest][0]
            rows[name, label] = {
                "states": len(table),
                "unstrained (meV)": offset[at_rest][0],
                "mean (meV)": offset.mean(),
                "largest (meV)": np.abs(offset).max(),
                "mean |change| (meV)": np.abs(change).mean(),
                "largest |change| (meV)": np.abs(change).max(),
                "edges in the same valleys": f"{table['same_valleys'].sum()} of {len(table)}",
            }
    return pd.DataFrame.from_dict(rows, orient="index")


def deviation_text() -> pd.DataFrame:
    """Turn `deviation_table` on its side and round it for print."""
    return deviation_table().map(lambda v: as_text(v, 0) if isinstance(v, float) else str(v)).T


def growth_text() -> pd.DataFrame:
    """How far the corrected model's changes from zero strain are off in meV, by the size of the strain."""
    found = deviations(load_mos2_dft())
    offset = pd.DataFrame(
        {"gap": found["gap"] - found["gap_dft"], "K-K gap": found["k_gap"] - found["k_gap_dft"]}
    )
    change = 1000 * (offset - offset[found["strain"] == 0].iloc[0]).abs()
    percent = np.ceil(100 * found["strain"] - 1e-6).astype(int)
    sizes = percent.where(percent > 0).map(lambda p: f"{p - 1:.0f} to {p:.0f}", na_action="ignore")
    table = (
        change.groupby(sizes.rename("larger principal strain (%)")).agg(["mean", "max"]).round().astype(int)
    )
    table.columns = [f"{which} |change| of the {gap} (meV)" for gap, which in table.columns]
    table.insert(0, "states", sizes.value_counts())
    return table
