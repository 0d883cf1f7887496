# SPDX-License-Identifier: BSD-3-Clause
"""Reason codes of a spectrum's fit, and each reason in words."""

from enum import IntEnum


class FitStatus(IntEnum):
    """Why a spectrum has, or has not, numbers.

    ``RamanFeaturizer.transform`` gives numbers only where the status is ``OK`` (0); every other code gives
    NaN. ``fit_spectra`` keeps the numbers of the codes from ``NOT_CONVERGED`` on, for inspection. The same
    codes reach the status of a map (``PixelStatus``).

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
        Three or more neighboring points sit on the maximum: the detector clipped the line.
    NOT_CONVERGED
        The iteration limit was reached, or two lines changed places.
    LOW_SNR
        A line does not stand out of the noise, whose correlation between neighboring points counts: no peak
        was detected.
    AT_BOUND
        A center or width ended on the border of its allowed range.
    NO_REFERENCE
        The reference line (``reference="Si"``) could not be fitted, so the axis is not known.
    UNEXPLAINED_LINE
        A strong line is not among those of the material, its defects or a known substrate: a second branch
        (``split=False``), or a line of another material. Which line is which is then not known. Fit it as
        well: ``split="auto"``, or a `RamanMode` of its own in ``modes``.
    IMPLAUSIBLE_WIDTH
        A fitted line is wider than a phonon seen through a spectrometer: a background or another band.
    AT_EDGE
        A line stands at the end of the axis, which does not cover it.
    MISFIT
        What the lines leave in the residual is comparable with the lowest line: a curved background, fringes,
        bands of another material.
    NOT_COUNTS
        Values below zero with ``noise="poisson"``: a background was subtracted. Use ``noise="gaussian"``.

    Examples
    --------
    >>> from strain2dos.raman import FitStatus
    >>> FitStatus(6).name
    'NOT_CONVERGED'
    >>> FitStatus.LOW_SNR.words
    'a line is lost in the noise'
    >>> FitStatus.AT_EDGE.advice
    'record a wider range, or correct the axis (reference="Si")'
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
    IMPLAUSIBLE_WIDTH = 11
    AT_EDGE = 12
    MISFIT = 13
    NOT_COUNTS = 14

    @property
    def words(self) -> str:
        """The reason as a reader wants it."""
        return _WORDS[self.name][0]

    @property
    def advice(self) -> str:
        """What to do about it; empty for a good fit."""
        return _WORDS[self.name][1]


_WORDS = {
    "OK": ("fitted", ""),
    "TOO_FEW_POINTS": ("too few points", "record or pass a wider or finer axis"),
    "NON_FINITE": ("too many points are NaN", "leave the pixel out, or look at how the file was read"),
    "EMPTY": ("all points are zero", "the pixel was not measured: nothing to do"),
    "FLAT": ("all points are equal", "the pixel was not measured: nothing to do"),
    "SATURATED": ("the detector clipped a line", "measure with less laser power or a shorter exposure"),
    "NOT_CONVERGED": ("the fit did not converge", "look at the spectrum with SpectrumFitDisplay"),
    "LOW_SNR": ("a line is lost in the noise", "expose longer or average pixels; bare substrate looks so"),
    "AT_BOUND": ("a center or width ran into its bound", "look at the spectrum with SpectrumFitDisplay"),
    "NO_REFERENCE": ("the reference line was not found", "pass reference=None or spectra that hold the line"),
    "UNEXPLAINED_LINE": (
        "a strong line is not among the fitted ones",
        'fit it too: split="auto", or a RamanMode of its own in modes',
    ),
    "IMPLAUSIBLE_WIDTH": (
        "a fitted line is wider than any line of the material",
        "look at the spectrum with SpectrumFitDisplay: a background, or another material",
    ),
    "AT_EDGE": (
        "a line stands at the end of the axis",
        'record a wider range, or correct the axis (reference="Si")',
    ),
    "MISFIT": (
        "the lines do not explain the spectrum",
        "name further lines in modes, or set baseline_degree=3 for a background with a turn",
    ),
    "NOT_COUNTS": ("negative values are no counts", 'use noise="gaussian" for subtracted backgrounds'),
}
