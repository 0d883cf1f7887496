# SPDX-License-Identifier: BSD-3-Clause
"""The bundled first-principles sets, one per material."""

from __future__ import annotations

import dataclasses
import json

import numpy as np

from strain2dos.datasets._bundled.resources import data_path
from strain2dos.datasets._strained import StrainedDOS
from strain2dos.datasets._tables.dft_records import as_strained_dos
from strain2dos.simulate.dft._materials import LAYERS

#: Fewer states do not span the range of strain, so no model is trained on them.
MIN_STATES = 8

_NOTES_OF_OTHERS = (
    "At zero strain PBE lines lie below measured ones: use shifts, or add a constant per mode. PBE gaps are "
    "too small; their changes with strain are far more reliable than their values."
)
_TOO_WIDE = (
    "Spin-orbit splittings are {} % too wide, since the coupling lacks the mass term of heavy nuclei: the "
    "gap at K is {} meV too small."
)
_NOTES = {
    "WS2": f"{_NOTES_OF_OTHERS} {_TOO_WIDE.format(4, 14)}",
    "MoSe2": f"{_NOTES_OF_OTHERS} {_TOO_WIDE.format(2, 3)}",
    "WSe2": f"{_NOTES_OF_OTHERS} {_TOO_WIDE.format(4, 17)}",
    "MoS2": (
        "At zero strain PBE lines lie below measured ones (E' 373.0 against 384-386 cm-1, A1' 396.4 against "
        "403-405 cm-1): use shifts, or add a constant per mode. PBE gaps lie below HSE06 (about 2.1 eV) and "
        "GW (about 2.7 eV)."
    ),
}


def load_dft(material: str = "MoS2") -> StrainedDOS:
    """Load the bundled first-principles DOS, band edges and phonons of a strained monolayer.

    Each state is a small-strain tensor on the PBE lattice of the material (x zigzag, y armchair) with relaxed
    internal coordinates, over exx, eyy from -4 to 6 % and exy from -2 to 2 %. The DOS includes spin-orbit
    coupling; energies count from the vacuum level. No two states are equal by symmetry;
    `strain2dos.simulate.expand_by_symmetry` gives the equal ones. All materials have one recipe and one grid
    of energies, so their sets can be joined.

    Parameters
    ----------
    material : {"MoS2", "WS2", "MoSe2", "WSe2"}, default="MoS2"
        The layer. A material is offered once its unstrained state is calculated; ``len`` gives the number of
        its states. Those of all but MoS2 are biaxial and uniaxial ones, without shear. Fewer than eight
        states give unstrained values and first trends, but train no model; the notes state so.

    Returns
    -------
    StrainedDOS
        ``strain`` (n, 3) as fractions, ``phonons`` (n, 3) [E'-, E'+, A1'] in cm-1 (for MoS2, PBE puts E'
        about 12 and A1' about 8 cm-1 under experiment), ``energies`` (651,) from -9.0 to -2.5 eV, ``dos``
        (n, 651) in states/eV/cell, ``vbm``, ``cbm`` and ``gap`` in eV from the eigenvalues, interpolated
        between the k-points. ``extra`` holds, per state, ``gap_direct`` (smallest vertical gap), where the
        edges lie (``vbm_at``, ``cbm_at``) and the valley energies ``VB_K``, ``VB_G``, ``VB_Q``, ``CB_K``,
        ``CB_G``, ``CB_Q`` in eV. ``provenance`` holds the recipe with every parameter and code version, and
        notes on what to mind.

    Raises
    ------
    ValueError
        For a material without a bundled set; the message names those that have one.

    References
    ----------
    Computed for this project with GPAW (J. J. Mortensen et al., J. Chem. Phys. 160, 092503 (2024)); recipe
    and checksums are in ``data/README.md``.

    Examples
    --------
    >>> from strain2dos.datasets import load_dft
    >>> data = load_dft("MoS2")
    >>> unstrained = data.name.index("bi+0")
    >>> data.phonons[unstrained].round(1)
    array([373. , 373. , 396.4])
    >>> print(round(data.gap[unstrained], 3), data.extra["vbm_at"][unstrained])
    1.581 K
    """
    if material not in (there := bundled_materials()):
        raise ValueError(
            f"material must be one with bundled first-principles records ({', '.join(there)}), but is "
            f"{material!r}; `strain2dos dft run` makes records, and read_dft_records reads them."
        )
    folder = _folder(material)
    document = json.loads(data_path(folder, "records.json").read_text(encoding="utf-8"))
    states = document["states"]
    path = data_path(folder, "dos.csv")
    header = path.read_text(encoding="utf-8").partition("\n")[0].split(",")
    table = dict(zip(header, np.loadtxt(path, delimiter=",", skiprows=1, unpack=True), strict=True))
    dos = np.array([table[state["name"]] for state in states])
    data = as_strained_dos(states, table["energy_eV"], dos, document["recipe"])
    notes = _NOTES[material]
    if len(data) < MIN_STATES:
        notes += f" Only {len(data)} of its states are calculated, too few to train a model."
    return dataclasses.replace(data, provenance=data.provenance | {"license": "CC0-1.0", "notes": notes})


def states_for_a_model(data: StrainedDOS) -> StrainedDOS:
    """Give a bundled set back if it has enough states to learn from.

    Raises
    ------
    ValueError
        For fewer than `MIN_STATES` states; the message names the ways out.
    """
    if len(data) < MIN_STATES:
        raise ValueError(
            f"only {len(data)} state(s) of {data.provenance['material']} are calculated, but a model needs "
            f"{MIN_STATES} that span the range of strain; calculate more by `strain2dos dft run` and pass "
            "them as data=read_dft_records(folder)."
        )
    return data


def bundled_materials() -> list[str]:
    """Materials whose compact set is installed, in the order of the recipe's list."""
    return [material for material in LAYERS if _is_there(material)]


def _folder(material: str) -> str:
    return f"{material.lower()}_dft"


def _is_there(material: str) -> bool:
    try:
        data_path(_folder(material), "records.json")
    except FileNotFoundError:
        return False
    return True
