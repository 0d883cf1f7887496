# SPDX-License-Identifier: BSD-3-Clause
"""Named tuples of arrays that travel between Python and the compiled functions."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

#: The smoothing takes this many taps at a time.
TAPS = 6


class LineTable(NamedTuple):
    """Lines of one model as Python sees them, an entry per line: first those of the material in rising order.

    ``low``, ``high``: window of the center; ``gap``, ``reach``: least and largest distance to the line
    before; ``fwhm``, ``fwhm_low``, ``fwhm_high``: start and bounds of the width (all cm-1); ``group``: lines
    with the same number share a width; ``n_groups``: number of widths; ``n_base``: lines of the material.

    Each prior holds ``p[own] - ka p[a] - kb p[b]`` near ``value``, with the standard deviation
    ``1 / sqrt(tau)``: rows of ``prior_index`` are (own, a, b, moves with the axis), of ``prior`` (ka, kb,
    value, tau).
    """

    low: Floats
    high: Floats
    gap: Floats
    reach: Floats
    fwhm: Floats
    fwhm_low: Floats
    fwhm_high: Floats
    group: Integers
    prior_index: Integers
    prior: Floats
    n_groups: int
    n_base: int


class LineSet(NamedTuple):
    """The same, compiled: rows of ``values`` are the first seven arrays (L_LOW to L_FWHM_HIGH), filled up.

    ``n``: number of lines. Few arrays, as each costs compile time in every function that it is handed to.
    """

    values: Floats
    group: Integers
    prior_index: Integers
    prior: Floats
    n: int
    n_groups: int
    n_base: int


class ModelFamily(NamedTuple):
    """All models of a region, stacked; `models.pick` takes one out.

    The model with the lines of kind k (`SINGLET`, `DOUBLET`) and the extra lines of the bits in
    ``mask`` has the number ``k * 2**n_units + mask``. The first four arrays are those of `LineSet`, one entry
    per model; ``sizes`` holds its numbers of lines, widths, material lines and priors.

    A unit is one extra line, or a pair in a fixed ratio, that is fitted where the spectrum shows it. Rows of
    ``unit`` hold what the screen looks for: (distance from the anchor or position, full width, ratio of the
    second line, its distance, its full width, -2 ln(prior odds), most that it may stand over its anchor,
    distance from the line ``near``), rows of ``unit_index`` (anchor line or -1, number of lines, 1 for the
    line that may be anywhere, nearest line of the material).
    """

    values: Floats
    group: Integers
    prior_index: Integers
    prior: Floats
    sizes: Integers
    unit: Floats
    unit_index: Integers


class Problem(NamedTuple):
    """What all spectra of a call share.

    ``x``: rising axis (m,); ``basis``: baseline terms (n_base, m); ``shape``: code of the profile;
    ``pair``: index of the line that may be a doublet, -1 for none; ``noise``: code of `NOISES`;
    ``adaptive``: the profile follows the spectrum, and what stays on one side of a line counts as an error;
    ``checked``: widths and ends of the axis are judged; ``force_doublet``: no singlet competes with it;
    ``required``: 1 for lines without which a spectrum has no numbers; ``fwhm_limit``: widest plausible ones;
    ``position``: unstrained centers; ``narrowest``: full width in points of the narrowest line a spike filter
    must keep; ``taps``: smoothing of the seeds, their number a multiple of `TAPS`; ``norm``: what each
    smoothed point is multiplied by; ``bin``: lines are sought on the means of so many points; ``bins``: axis
    of these means; ``margin``: the fit ends this far outside the outermost strong line, cm-1;
    ``with_covariance``, ``with_mask``: whether covariances and masks are returned.
    """

    x: Floats
    basis: Floats
    shape: int
    noise: int
    adaptive: bool
    checked: bool
    despike: bool
    force_doublet: bool
    with_covariance: bool
    with_mask: bool
    pair: int
    required: Integers
    fwhm_limit: Floats
    position: Floats
    narrowest: float
    margin: float
    taps: Floats
    norm: Floats
    bin: int
    bins: Floats


class GroupFit(NamedTuple):
    """Results for n spectra: singlets (1) and doublets (2) side by side, each averaged over extra lines.

    ``params*`` (n, n_parameters) and ``cov*`` (n or 1, n_parameters, n_parameters) in the order of the
    kernel, for the lines of the material; ``chi2`` and ``status`` (n, 2); ``n_points`` and ``weight``, the
    probability of the doublet, (n,); ``mask`` (n or 1, m): 0 for points that were left out, where wanted.
    ``extra``, ``extra_sigma`` (n, n_units, 3): center, full width and height of extra lines; ``extra_weight``
    (n, n_units): their probability. ``best`` (n or 1, size), ``best_model`` (n,): raw parameters and number
    of the most probable model. ``second`` (n,): 1 where the second profile was fitted. ``term`` (n, 2): kind
    of the last baseline term where the background bends or breaks, and where it breaks (cm-1).
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
    extra: Floats
    extra_sigma: Floats
    extra_weight: Floats
    best: Floats
    best_model: Integers
    second: Integers
    term: Floats


#: How the noise is weighed: equal weights, 1 / counts, or as the spectrum shows.
NOISES = {"gaussian": 0, "poisson": 1, "auto": 2}
GAUSSIAN_NOISE, POISSON_NOISE, AUTO_NOISE = range(3)
# The floor from which noise grows, where it was not fitted.
ZERO_COUNTS = -1.0
# Numbers of numpy's own type: a literal would be another type to numba, and compile its callees once more.
SINGLET, DOUBLET = np.int64(0), np.int64(1)
ANY_KIND, NO_EXTRAS, NO_REWEIGHT = np.int64(-1), np.int64(0), np.int64(0)
# In S_STATUS, of a slot that holds no model of this spectrum.
NOT_FITTED = -1
# Rows of LineSet.values.
L_LOW, L_HIGH, L_GAP, L_REACH, L_FWHM, L_FWHM_LOW, L_FWHM_HIGH = range(7)
# Columns of ModelFamily.sizes, .unit and .unit_index.
N_LINES, N_GROUPS, N_BASE, N_PRIORS = range(4)
U_PLACE, U_FWHM, U_RATIO, U_PLACE2, U_FWHM2, U_COST, U_TALL, U_APART = range(8)
U_ANCHOR, U_LINES, U_ANYWHERE, U_NEAR = range(4)

# Rows of the scratch memory. AXIS to FITTED hold the part that is fitted, the others the whole spectrum;
# HEIGHT to BEND belong to the judgement of counts.
SPECTRUM, MASK, PADDED, SMOOTH, SIGNAL, AXIS, SCALED, WEIGHTS, FITTED, HEIGHT, SQUARE, BEND = range(12)
TRIAL, CURRENT, CHOICE, NEXT, SCORES, KAPPA, LOW, HIGH, WORK = range(9)
NORMAL, NORMAL_TRIAL, DAMPED, COVARIANCE, COUNTED = range(5)
POSITION, CHOSEN1, CHOSEN2, S_KIND, S_MASK, S_STATUS, S_SECOND, ORIGIN = range(8)
N_WORK = 10
#: Models that are fitted to one spectrum, at most.
MAX_SLOTS = 16
# Rows of Scratch.slots: parameters, odds and chi-square, covariance.
S_PARAMS, S_INFO, S_COV = range(3)
# Row SCORES: that of a split, then those of the units, then their heights. Row KAPPA: how much the variance
# of centers, then of heights, grows by noise that neighboring points share.
# Columns of the row S_INFO. In the first slot alone: S_SHARED, share of the noise that neighbors have in
# common; S_FLOOR, where the noise of counts begins.
S_ODDS, S_CHI2, S_SHARED, S_FLOOR = range(4)


class Scratch(NamedTuple):
    """Working memory of one thread; allocated once, overwritten by every spectrum.

    Few arrays with many rows: each array costs compile time in every function that the tuple is handed to.
    ``J`` (n_parameters + padding, m); ``points`` (12, m + padding); ``params`` (9 + N_WORK, size); ``square``
    (5, size, size), the size filled up to whole vectors; ``ints`` and ``score``, of which the rows from
    ORIGIN on belong to the search for lines. ``slots`` (MAX_SLOTS, S_COV + size, size) and the rows S_KIND to
    S_STATUS of ``ints``: the models that were fitted to the spectrum.
    """

    J: Floats
    points: Floats
    params: Floats
    square: Floats
    ints: Integers
    score: Floats
    slots: Floats
