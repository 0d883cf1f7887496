# SPDX-License-Identifier: BSD-3-Clause
"""What the figures of this package share: colours, and reasons in words."""

from types import ModuleType

from strain2dos.raman._fitting.status import FitStatus

# Okabe and Ito, Color Universal Design (2008).
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

_WORDS = {
    "OK": "fitted",
    "TOO_FEW_POINTS": "too few points",
    "NON_FINITE": "too many points are NaN",
    "EMPTY": "all points are zero",
    "FLAT": "all points are equal",
    "SATURATED": "the detector clipped a line",
    "NOT_CONVERGED": "the fit did not converge",
    "LOW_SNR": "a line is lost in the noise",
    "AT_BOUND": "a centre or width ran into its bound",
    "NO_REFERENCE": "the reference line was not found",
    "UNEXPLAINED_LINE": "a strong line is not among the fitted ones",
}


def pyplot() -> ModuleType:
    """matplotlib.pyplot, imported only when something is drawn."""
    import matplotlib.pyplot as plt

    return plt


def status_words(code: int) -> str:
    """Status of a fit as a reader wants it: ``"all points are equal (FLAT)"``.

    Examples
    --------
    >>> from strain2dos._plotting.axes import status_words
    >>> status_words(4)
    'all points are equal (FLAT)'
    """
    name = FitStatus(code).name
    words = _WORDS.get(name)
    return f"{words} ({name})" if words else name.lower().replace("_", " ")
