# SPDX-License-Identifier: BSD-3-Clause
"""The density at which a band begins, from the curves themselves: tables come in many units."""

from __future__ import annotations

import numpy as np

#: Share of a typical curve's highest density. For the bundled first-principles curves, whose peaks are near
#: 7 states/eV/cell, it gives the 0.1 states/eV/cell that the first weak states above the gap reach.
_SHARE = 0.015


def default_edge_threshold(dos: object) -> float:
    """Density at which a band begins, for curves in any unit.

    It is 1.5 % of the median of the curves' maxima, rounded to one significant digit.

    Parameters
    ----------
    dos : array-like of shape (n_curves, n_energies)
        Curves in one unit.

    Returns
    -------
    float
        Threshold in the unit of `dos`.

    Raises
    ------
    ValueError
        When no curve has a positive, finite maximum.

    Examples
    --------
    >>> from strain2dos.dos._edges.threshold import default_edge_threshold
    >>> default_edge_threshold([[0.0, 6.9, 0.0], [0.0, 6.4, 0.1]])
    0.1
    >>> default_edge_threshold([[0.0, 6900.0, 0.0], [0.0, 6400.0, 100.0]])
    100.0
    """
    highest = np.asarray(dos, dtype=np.float64).max(axis=1)
    typical = float(np.median(highest)) if highest.size else 0.0
    if not (np.isfinite(typical) and typical > 0):
        raise ValueError(
            f"the median of the curves' maxima is {typical:g}, so no band begins anywhere; give curves with "
            "states, or an edge threshold."
        )
    return float(f"{_SHARE * typical:.0e}")
