# SPDX-License-Identifier: BSD-3-Clause
"""The bundled first-principles records of strained monolayer MoS2."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from strain2dos.datasets._bundled.dft import load_dft
from strain2dos.datasets._strained import StrainedDOS


def load_mos2_dft() -> StrainedDOS:
    """Load the bundled first-principles DOS, band edges and phonons of strained monolayer MoS2.

    The same as ``load_dft("MoS2")``: 61 states over exx, eyy from -4 to 6 % and exy from -2 to 2 % on the PBE
    lattice (a0 = 3.184 angstrom).

    Returns
    -------
    StrainedDOS
        As `load_dft` gives it.

    Examples
    --------
    >>> from strain2dos.datasets import load_mos2_dft
    >>> data = load_mos2_dft()
    >>> len(data), data.provenance["material"]
    (61, 'MoS2')
    """
    return load_dft("MoS2")


def phonons_of(data: StrainedDOS) -> NDArray[np.float64]:
    """Line positions (n, 3) of records that must hold them.

    Raises
    ------
    ValueError
        If the records hold none.
    """
    if data.phonons is None:
        raise ValueError(f"{data.provenance.get('material', 'these records')} has no calculated phonons.")
    return data.phonons
