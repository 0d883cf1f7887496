# SPDX-License-Identifier: BSD-3-Clause
"""The bundled first-principles records of strained monolayer MoS2."""

from __future__ import annotations

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
