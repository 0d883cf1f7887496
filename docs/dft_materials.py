# SPDX-License-Identifier: BSD-3-Clause
"""Table of docs/guide/dft.md: the four materials of the records beside published values."""

from __future__ import annotations

import json
from functools import lru_cache

import numpy as np
import pandas as pd
from dft_table import crossing, shear_potential, slope
from pandas.io.formats.style import Styler

from strain2dos.datasets import StrainedDOS, load_dft
from strain2dos.datasets._bundled.dft import bundled_materials
from strain2dos.datasets._bundled.resources import data_path

_BRONSEMA = "Bronsema, de Boer, Jellinek, Z. Anorg. Allg. Chem. 540, 15 (1986), bulk"
_JAMES = "James, Lavik, Acta Cryst. 16, 1183 (1963), bulk"
_SCHUTTE = "Schutte, de Boer, Jellinek, J. Solid State Chem. 70, 207 (1987), bulk"
_BERKDEMIR = "Berkdemir et al., Sci. Rep. 3, 1755 (2013)"
_TONNDORF = "Tonndorf et al., Opt. Express 21, 4908 (2013)"
_KOURMOULAKIS = "Kourmoulakis et al., Appl. Phys. Lett. 123, 223103 (2023), photoluminescence"
_SCRIPT = "Kourmoulakis, Michail et al., 2023, as listed in a public script"
_LLOYD = "Lloyd et al., Nano Lett. 16, 5836 (2016)"
_MICHAIL = "Michail et al., Appl. Phys. Lett. 108, 173102 (2016)"

#: Measured values and their sources, by quantity and material.
MEASURED: dict[str, dict[str, tuple[float, str]]] = {
    "lattice constant": {
        "MoS2": (3.160, _BRONSEMA),
        "WS2": (3.153, _SCHUTTE),
        "MoSe2": (3.288, _JAMES),
        "WSe2": (3.282, _SCHUTTE),
    },
    "spin-orbit splitting of the valence band at K": {
        "MoS2": (145.0, "Miwa et al., Phys. Rev. Lett. 114, 046802 (2015), on gold"),
        "WS2": (419.0, "Dendzik et al., Phys. Rev. B 92, 245442 (2015), on gold"),
        "MoSe2": (180.0, "Zhang et al., Nat. Nanotechnol. 9, 111 (2014), on graphene"),
        "WSe2": (475.0, "Zhang et al., Nano Lett. 16, 2485 (2016), on graphene"),
    },
    "E'": {
        "MoS2": (384.6, _MICHAIL),
        "WS2": (356.0, _BERKDEMIR),
        "MoSe2": (287.2, _TONNDORF),
        "WSe2": (249.5, _TONNDORF),
    },
    "A1'": {
        "MoS2": (402.7, _MICHAIL),
        "WS2": (417.5, _BERKDEMIR),
        "MoSe2": (240.5, _TONNDORF),
        "WSe2": (249.5, _TONNDORF),
    },
    "E', biaxial": {"MoS2": (-5.2, _LLOYD), "WS2": (-3.4, _SCRIPT)},
    "A1', biaxial": {"MoS2": (-1.7, _LLOYD)},
    "shear potential beta of E'": {
        "MoS2": (0.78, "Conley et al., Nano Lett. 13, 3626 (2013)"),
        "WS2": (0.56, "Mazal Jahn et al., Nanoscale Adv. (2024), doi:10.1039/d3na00990d, by buckling"),
    },
    "gap at K, biaxial": {"MoS2": (-99.0, _LLOYD), "WS2": (-130.0, _KOURMOULAKIS)},
}


#: Splitting of the valence band at K in meV of other PBE calculations (VASP), in which spin-orbit coupling
#: has the mass term: Liu et al., Phys. Rev. B 88, 085433 (2013).
PUBLISHED_PBE = {"MoS2": 148.0, "WS2": 430.0, "MoSe2": 184.0, "WSe2": 466.0}


def with_mass_term(material: str) -> float:
    """Splitting of the valence band at K in meV with the mass term that the recipe leaves out, or NaN."""
    known = json.loads(data_path("spin_orbit.json").read_text(encoding="utf-8"))
    return float(known[material]["with_mass_term"]["valence_meV"]) if material in known else float("nan")


def valence_splitting(material: str) -> float:
    """Splitting of the two highest valence bands at K without strain, in meV, from stored eigenvalues."""
    path = data_path(f"{material.lower()}_dft_records", "eigenvalues", "bi+0.npz")
    with np.load(path) as stored:
        at_k = np.argmin(np.abs(stored["k_reduced"] - 1 / 3).max(axis=1))
        bands = stored["eigenvalues_vs_vacuum_eV"][at_k]
        highest = 26 - 1 - int(stored["first_band"])
    return 1000 * float(bands[highest] - bands[highest - 1])


def quantities(data: StrainedDOS) -> list[tuple[str, str, float]]:
    """Name, unit and value of what is compared, for one material."""
    unstrained = data.name.index("bi+0")
    lower, upper, a1 = data.phonons.T
    mean = (lower + upper) / 2
    direct = 1000 * (data.extra["CB_K"] - data.extra["VB_K"])
    valence = data.extra["VB_K"] - data.extra["VB_G"]
    conduction = data.extra["CB_Q"] - data.extra["CB_K"]
    splitting = valence_splitting(data.provenance["material"])
    return [
        ("states", "", float(len(data))),
        ("lattice constant", "angstrom", float(data.provenance["recipe"]["a0"])),
        ("gap", "eV", float(data.gap[unstrained])),
        ("gap at K", "eV", float(direct[unstrained] / 1000)),
        ("spin-orbit splitting of the valence band at K", "meV", splitting),
        ("the same, with the mass term", "meV", with_mass_term(data.provenance["material"])),
        ("valence top: K above Gamma", "meV", 1000 * float(valence[unstrained])),
        ("conduction bottom: Q above K", "meV", 1000 * float(conduction[unstrained])),
        ("E'", "cm-1", float(mean[unstrained])),
        ("A1'", "cm-1", float(a1[unstrained])),
        ("E', biaxial", "cm-1 per %", slope(data, "biaxial", mean)),
        ("A1', biaxial", "cm-1 per %", slope(data, "biaxial", a1)),
        ("shear potential beta of E'", "1", shear_potential(data)),
        ("gap at K, biaxial", "meV per %", slope(data, "biaxial", direct)),
        ("gap at K, zigzag", "meV per %", slope(data, "zigzag", direct)),
        ("valence top K to Gamma, biaxial", "%", crossing(data, "biaxial", valence, 0.06)),
        ("conduction bottom K to Q, biaxial", "%", crossing(data, "biaxial", conduction)),
    ]


@lru_cache(maxsize=1)
def materials() -> pd.DataFrame:
    """Value of the records, measured value and source per material and quantity."""
    rows = []
    for material in bundled_materials():
        for name, unit, value in quantities(load_dft(material)):
            measured, source = MEASURED.get(name, {}).get(material, (np.nan, ""))
            rows.append((name, unit, material, value, measured, source))
    return pd.DataFrame(rows, columns=["quantity", "unit", "material", "records", "measured", "source"])


def side_by_side() -> pd.DataFrame:
    """One row per quantity, one column per material; measured values in brackets."""
    table = materials()
    words = [
        "" if np.isnan(calculated) else f"{calculated:.4g}" + ("" if np.isnan(seen) else f" ({seen:.4g})")
        for calculated, seen in zip(table["records"], table["measured"], strict=True)
    ]
    table = table.assign(words=words)
    wide = table.pivot_table(
        index=["quantity", "unit"], columns="material", values="words", aggfunc="first", sort=False
    )
    return wide.fillna("").reset_index("unit")


def sources() -> Styler:
    """Where the measured values come from, in full: a plain table cuts long texts."""
    table = materials()
    shown = table[table["source"] != ""][["quantity", "material", "measured", "source"]]
    return shown.style.hide(axis="index").format({"measured": "{:.4g}"})


def alignment() -> pd.DataFrame:
    """Edges at K of MoS2 and WS2 on the vacuum scale, by records and tight binding, in eV and meV per %."""
    from tight_binding_table import valley_energies

    from strain2dos.simulate import TightBindingTMD

    percent = np.array([-1.0, 0.0, 1.0])
    names = [f"bi{p:+.0f}" for p in percent]
    edges: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for material in ("MoS2", "WS2"):
        data = load_dft(material)
        rows = [data.name.index(name) for name in names]
        model = valley_energies(TightBindingTMD(material), data.strain[rows])
        for key, band in (("VB_K", "valence"), ("CB_K", "conduction")):
            edges[f"{material} {band} band"] = (data.extra[key][rows], model[key])
    lower, upper = edges["WS2 valence band"], edges["MoS2 conduction band"]
    edges["from the WS2 valence to the MoS2 conduction band"] = (upper[0] - lower[0], upper[1] - lower[1])
    table = {
        name: {
            "records (eV)": found[1],
            "tight binding (eV)": model[1],
            "slope of the records (meV per %)": 500 * (found[2] - found[0]),
            "slope of tight binding (meV per %)": 500 * (model[2] - model[0]),
        }
        for name, (found, model) in edges.items()
    }
    return pd.DataFrame.from_dict(table, orient="index").rename_axis("at K, biaxial strain")


#: What is compared of the bands of the bilayer: name, index of the k-point (None: Q, the best of the middle
#: ones), and of the band, counted from the conduction bottom.
_BILAYER = (
    ("valence band at Gamma, upper", 0, -1),
    ("valence band at Gamma, lower", 0, -3),
    ("valence band at K (WS2)", -1, -1),
    ("conduction band at K (MoS2)", -1, 0),
    ("conduction band at Q", None, 0),
)


def bilayer() -> pd.DataFrame:
    """Edges of the bilayer MoS2/WS2 in eV, calculated and by tight binding; columns by strain in per cent."""
    from strain2dos.simulate import TightBindingBilayer

    document = json.loads(data_path("bilayer_mos2_ws2.json").read_text(encoding="utf-8"))
    k_points = np.outer(document["along_gamma_k"], [1 / 3, 1 / 3])
    model = TightBindingBilayer("MoS2/WS2")
    table: dict[tuple[str, str], dict[str, float]] = {}
    for state in document["states"]:
        strain = np.array([1.0, 1.0, 0.0]) * state["percent"] / 100
        spins = [model.bands(k_points, strain=strain, spin=spin) for spin in (1, -1)]
        bands = np.sort(np.concatenate(spins, axis=-1), axis=-1)
        found = {
            "records": (np.array(state["bands_vs_vacuum_eV"]), document["filled"]),
            "tight binding": (bands, 2 * model._n_filled),
        }
        for source, (energies, filled) in found.items():
            column = {
                name: float(energies[slice(1, -1) if k is None else k, filled + band].min())
                for name, k, band in _BILAYER
            }
            upper, lower, _, at_k, _ = column.values()
            column["splitting at Gamma"] = upper - lower
            column["gap from Gamma to K"] = at_k - upper
            table[f"{state['percent']:+d} %", source] = column
    return pd.DataFrame(table).rename_axis("eV")
