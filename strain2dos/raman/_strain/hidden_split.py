# SPDX-License-Identifier: BSD-3-Clause
"""How far apart the branches of a line can lie where the fit finds one line."""

import numpy as np
from numpy.typing import NDArray

from strain2dos.raman._features.result import SpectraFit
from strain2dos.raman._fitting.status import FitStatus
from strain2dos.raman._strain.line_system import LineSystem
from strain2dos.raman._strain.lines import CENTER

Floats = NDArray[np.float64]

FWHM = "_fwhm"
# Two equal branches, d apart, change a Lorentzian line by d^2/8 times its second derivative. Least squares
# shifts that into height and width but for a part with the squared norm pi/8, where height and half width are
# 1. The error of d^2 is therefore 2 sqrt(pi / (pi/8)) = 4 sqrt(2) times full width times error of the center.
UNLIKE_A_WIDTH = np.pi / 8.0
# The evidence asks for d^2 some three of its errors above 0, so that every other split is found there. Added
# are the 1.3 errors to nine in ten, and a little as the series ends too early for branches far apart.
FOUND_AT = 4.5
# A Gaussian line that splits is, to this order, one that is broader: all of its width may be a split,
# d^2 = fwhm^2 / (2 ln 2).
GAUSSIAN_SHARE = 0.5 / np.log(2.0)
GAUSSIAN_WINGS = ("gaussian", "voigt")
# Half width of a 90 % interval in standard deviations.
TO_90 = 1.645


def add_hidden_split(
    fit: SpectraFit, system: LineSystem, sigma: Floats, spread: Floats
) -> tuple[Floats, Floats]:
    """Errors and covariance with what a split that the fit cannot see adds to the deviator.

    Parameters
    ----------
    fit : SpectraFit
        n spectra.
    system : LineSystem
        Of lines and k unknowns.
    sigma : (n, k) ndarray
        NaN for a deviator whose branches are tied.
    spread : (n, k, k) ndarray

    Returns
    -------
    sigma : (n, k) ndarray
        Where one line was found, 1.645 times that of the deviator is the largest that stays unseen in one
        case of ten.
    spread : (n, k, k) ndarray
    """
    if "deviator" not in system.unknowns:
        return sigma, spread
    variance = hidden_variance(fit, system)
    if variance is None:
        return sigma, spread
    j = system.unknowns.index("deviator")
    sigma, spread = sigma.copy(), spread.copy()
    sigma[:, j] = np.where(variance > 0, np.sqrt(np.nan_to_num(sigma[:, j]) ** 2 + variance), sigma[:, j])
    spread[:, j, j] += variance
    return sigma, spread


def hidden_variance(fit: SpectraFit, system: LineSystem) -> Floats | None:
    """Variance (n,) of the deviator by a split that stays unseen, weighted with the odds of one line.

    None where the fit does not hold the line as one; NaN where a spectrum has no fit.
    """
    signs = [line.branch for line in system.lines]
    if not {-1, 1} <= set(signs):
        return None
    whole = system.lines[signs.index(-1)].name[:-1]
    columns = [f"{whole}{CENTER}", f"{whole}{FWHM}"]
    if not set(columns) <= set(fit.names):
        return None
    center, width = (fit.names.index(column) for column in columns)
    fwhm = fit.params[:, width]
    squared = FOUND_AT * 2.0 * np.sqrt(np.pi / UNLIKE_A_WIDTH) * fwhm * fit.sigma[:, center]
    if fit.lineshape in GAUSSIAN_WINGS:
        squared = np.maximum(squared, GAUSSIAN_SHARE * fwhm**2)
    rates = system.matrix[:, system.unknowns.index("deviator")]
    apart = rates[signs.index(1)] - rates[signs.index(-1)]
    found = (1.0 - fit.split_probability) * squared / (TO_90 * apart) ** 2
    return np.where(fit.status == FitStatus.OK, found, np.nan)
