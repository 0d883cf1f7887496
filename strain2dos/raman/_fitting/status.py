# SPDX-License-Identifier: BSD-3-Clause
"""Reason codes of a spectrum's fit."""

from enum import IntEnum


class FitStatus(IntEnum):
    """Why a spectrum has, or has not, numbers.

    ``RamanFeaturizer.transform`` gives numbers only where the status is ``OK`` (0); every other code gives
    NaN. ``fit_spectra`` keeps the numbers of the codes from ``NOT_CONVERGED`` on, for inspection.

    Attributes
    ----------
    OK
        Fitted.
    TOO_FEW_POINTS
        Fewer usable points in the mode windows than the model has parameters plus one.
    NON_FINITE
        More than a tenth of the points in the mode windows are NaN, infinite or above 1e150 (fewer are left
        out of the fit).
    EMPTY
        All points in the mode windows are zero: a dead or skipped pixel.
    FLAT
        All points have one value other than zero.
    SATURATED
        Three or more neighbouring points sit on the maximum: the detector clipped the line.
    NOT_CONVERGED
        The iteration limit was reached, or two lines changed places.
    LOW_SNR
        A line's height is below 3 times its own standard error: there is no line to speak of.
    AT_BOUND
        A centre or width ended on the border of its allowed range.
    NO_REFERENCE
        The reference line (``reference="Si"``) could not be fitted, so the axis is not known.
    UNEXPLAINED_LINE
        A line of a quarter of the height of the lowest fitted one, or more, stays in the residual inside a
        mode window: a second branch (``split=False``), a line of the substrate or of another material. Which
        line is which is then not known. Fit it as well: ``split="auto"``, ``modes=["E'", "A1'", "Al2O3"]`` on
        sapphire, or a `RamanMode` of its own in ``modes``.

    Examples
    --------
    >>> from strain2dos.raman import FitStatus
    >>> FitStatus(6).name
    'NOT_CONVERGED'
    """

    OK = 0
    TOO_FEW_POINTS = 1
    NON_FINITE = 2
    EMPTY = 3
    FLAT = 4
    SATURATED = 5
    NOT_CONVERGED = 6
    LOW_SNR = 7
    AT_BOUND = 8
    NO_REFERENCE = 9
    UNEXPLAINED_LINE = 10
