# SPDX-License-Identifier: BSD-3-Clause
"""Named tuples of arrays that travel between Python and the compiled functions."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: The smoothing takes this many taps at a time.
TAPS = 6


class LineSet(NamedTuple):
    """Lines of one model, an entry per line.

    ``low``, ``high``: window of the centre; ``gap``, ``reach``: least and largest distance to the line
    before; ``fwhm``, ``fwhm_low``, ``fwhm_high``: start and bounds of the width (all cm-1); ``group``: lines
    with the same number share a width; ``n_groups``: number of widths.
    """

    low: Floats
    high: Floats
    gap: Floats
    reach: Floats
    fwhm: Floats
    fwhm_low: Floats
    fwhm_high: Floats
    group: Integers
    n_groups: int


class Problem(NamedTuple):
    """What all spectra of a call share.

    ``x``: rising axis (m,); ``basis``: baseline terms (n_base, m); ``shape``: code of the profile; ``pair``:
    index of the line that may be a doublet, -1 for none; ``always``: the doublet is not up for decision;
    ``narrowest``: full width in points of the narrowest line a spike filter must keep; ``taps``: smoothing
    of the seeds, their number a multiple of `TAPS`; ``norm``: what each smoothed point is multiplied by;
    ``bin``: lines are sought on the means of so many points; ``bins``: axis of these means;
    ``margin``: the fit ends this far outside the outermost strong line, cm-1; ``keep``: whether covariances
    are returned; ``show``: whether masks are.
    """

    x: Floats
    basis: Floats
    shape: int
    poisson: bool
    despike: bool
    always: bool
    keep: bool
    show: bool
    pair: int
    narrowest: float
    margin: float
    taps: Floats
    norm: Floats
    bin: int
    bins: Floats


class GroupFit(NamedTuple):
    """Results for n spectra: models 1 (singlets) and 2 (with the doublet) side by side.

    ``params*`` (n, n_parameters) and ``cov*`` (n or 1, n_parameters, n_parameters) in the order of the
    kernel; ``chi2`` and ``status`` (n, 2); ``n_points`` and ``weight``, the probability of the doublet, (n,);
    ``mask`` (n or 1, m): 0 for points that were left out, where wanted.
    """

    params1: Floats
    params2: Floats
    cov1: Floats
    cov2: Floats
    chi2: Floats
    n_points: Integers
    status: Integers
    weight: Floats
    mask: Floats


# Rows of the scratch memory. AXIS to FITTED hold the part that is fitted, the others the whole spectrum.
Y, MASK, PADDED, SMOOTH, SIGNAL, AXIS, SCALED, WEIGHTS, FITTED = range(9)
P1, P2, P2B, P3, LOW, HIGH, WORK = range(7)
A, B, M, C = range(4)
POSITION, CHOSEN1, CHOSEN2, ORIGIN = range(4)
N_WORK = 3


class Scratch(NamedTuple):
    """Working memory of one thread; allocated once, overwritten by every spectrum.

    Few arrays with many rows: each array costs compile time in every function that the tuple is handed to.
    ``J`` (n_parameters + padding, m); ``points`` (9, m + padding); ``params`` (7 + N_WORK, size); ``square``
    (4, size, size), the size filled up to whole vectors; ``ints`` and ``score``, of which the rows from
    ORIGIN on belong to the search for lines.
    """

    J: Floats
    points: Floats
    params: Floats
    square: Floats
    ints: Integers
    score: Floats
