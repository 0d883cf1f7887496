# SPDX-License-Identifier: BSD-3-Clause
"""Why a pixel of a photoluminescence map has, or lacks, an exciton energy."""

from __future__ import annotations

from enum import IntEnum


class PLStatus(IntEnum):
    """Why a pixel of a photoluminescence map has, or lacks, an exciton energy.

    Examples
    --------
    >>> from strain2dos.mapping import PLStatus
    >>> PLStatus(2).words
    'no line stands out of the noise'
    """

    OK = 0
    INPUT_NOT_FINITE = 1
    NO_LINE = 2
    AT_THE_EDGE = 3
    NOT_CONVERGED = 4
    IMPLAUSIBLE_WIDTH = 5
    POOR_FIT = 6

    @property
    def words(self) -> str:
        """The status as a user reads it."""
        return _WORDS[self]


_WORDS = {
    PLStatus.OK: "ok",
    PLStatus.INPUT_NOT_FINITE: "the spectrum has fewer than 12 finite points",
    PLStatus.NO_LINE: "no line stands out of the noise",
    PLStatus.AT_THE_EDGE: "the line lies at the edge of the axis",
    PLStatus.NOT_CONVERGED: "the fit did not converge",
    PLStatus.IMPLAUSIBLE_WIDTH: "the line is narrower or broader than an exciton line",
    PLStatus.POOR_FIT: "the lines do not describe the spectrum",
}
