# SPDX-License-Identifier: BSD-3-Clause
"""The shape of one Raman line: as the crystal emits it, and as a spectrometer widens it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import voigt_profile

#: Full width at half maximum of a Gaussian, in standard deviations.
_FWHM_PER_SIGMA = 2.0 * np.sqrt(2.0 * np.log(2.0))


def lorentzian(
    shift: ArrayLike, center: ArrayLike, fwhm: ArrayLike, height: ArrayLike
) -> NDArray[np.float64]:
    """Lorentzian line, by full width at half maximum and peak height.

    Parameters
    ----------
    shift : array-like of shape (m,)
        Raman shift in cm-1.
    center, fwhm, height : array-like broadcastable with ``shift``
        Position and full width in cm-1; height in counts. Columns of shape (n, 1) give n lines.

    Returns
    -------
    ndarray
        The line; its area is pi/2 x height x fwhm.

    Examples
    --------
    >>> from strain2dos.simulate import lorentzian
    >>> lorentzian([383.0, 385.0], 385.0, 4.0, 100.0)
    array([ 50., 100.])
    """
    x, middle, width, top = (np.asarray(given, dtype=np.float64) for given in (shift, center, fwhm, height))
    u = 2 * (x - middle) / width
    return top / (1 + u * u)


def voigt(
    shift: ArrayLike, center: ArrayLike, fwhm: ArrayLike, height: ArrayLike, instrument_fwhm: float
) -> NDArray[np.float64]:
    """Lorentzian line seen through an instrument with a Gaussian response.

    The response has unit area, so the line keeps its area, pi/2 x height x fwhm, and its top comes down.

    Parameters
    ----------
    shift : array-like of shape (m,)
        Raman shift in cm-1.
    center, fwhm, height : array-like broadcastable with ``shift``
        The Lorentzian before the instrument: position and full width in cm-1, height in counts.
    instrument_fwhm : float
        Full width at half maximum of the response in cm-1; 0 leaves the Lorentzian as it is.

    Returns
    -------
    ndarray
        The line behind the instrument.

    References
    ----------
    B. H. Armstrong, J. Quant. Spectrosc. Radiat. Transf. 7, 61 (1967): the Voigt profile.

    Examples
    --------
    >>> from strain2dos.simulate import voigt
    >>> voigt([383.0, 385.0], 385.0, 4.0, 100.0, 1.5).round(1)
    array([52.1, 92. ])
    """
    if instrument_fwhm == 0:
        return lorentzian(shift, center, fwhm, height)
    x, middle, width, top = (np.asarray(given, dtype=np.float64) for given in (shift, center, fwhm, height))
    profile = voigt_profile(x - middle, instrument_fwhm / _FWHM_PER_SIGMA, 0.5 * width)
    return 0.5 * np.pi * width * top * profile
