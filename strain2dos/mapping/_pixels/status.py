# SPDX-License-Identifier: BSD-3-Clause
"""Why a pixel of a map has, or lacks, a result."""

from __future__ import annotations

from enum import IntEnum

from strain2dos.raman._fitting.status import FitStatus

# Status of a fit in a map: its code plus this.
FIT_CODES = 100


class PixelStatus(IntEnum):
    """Why a pixel of a map has, or lacks, a result.

    Codes above 100 are those of `FitStatus` plus 100: why the lines of a spectrum could not be fitted.

    Examples
    --------
    >>> from strain2dos.mapping import PixelStatus
    >>> PixelStatus(2).name
    'FEATURES_NOT_FINITE'
    >>> PixelStatus(107).name, PixelStatus(107).words
    ('FIT_LOW_SNR', 'a line is lost in the noise')
    """

    OK = 0
    INPUT_NOT_FINITE = 1
    FEATURES_NOT_FINITE = 2
    FIT_TOO_FEW_POINTS = 101
    FIT_NON_FINITE = 102
    FIT_EMPTY = 103
    FIT_FLAT = 104
    FIT_SATURATED = 105
    FIT_NOT_CONVERGED = 106
    FIT_LOW_SNR = 107
    FIT_AT_BOUND = 108
    FIT_NO_REFERENCE = 109
    FIT_UNEXPLAINED_LINE = 110
    FIT_IMPLAUSIBLE_WIDTH = 111
    FIT_AT_EDGE = 112
    FIT_MISFIT = 113
    FIT_NOT_COUNTS = 114
    NOT_COMPUTED = 255

    @property
    def words(self) -> str:
        """The reason as a reader wants it."""
        if FIT_CODES < self < PixelStatus.NOT_COMPUTED:
            return FitStatus(self - FIT_CODES).words
        return self.name.lower().replace("_", " ")
