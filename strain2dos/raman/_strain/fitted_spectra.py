# SPDX-License-Identifier: BSD-3-Clause
"""Strain and doping of fitted spectra, with the errors and correlations of the fit."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from strain2dos.raman._features.calibration import LITERATURE
from strain2dos.raman._features.result import SpectraFit
from strain2dos.raman._fitting.status import FitStatus
from strain2dos.raman._strain.common import CommonErrors
from strain2dos.raman._strain.hidden_split import add_hidden_split
from strain2dos.raman._strain.least_squares import solve_shifts, standard_deviations
from strain2dos.raman._strain.line_system import LineSystem
from strain2dos.raman._strain.lines import CENTER
from strain2dos.raman._strain.plausibility import judge_positions
from strain2dos.raman._strain.result import Separation, consistency_of


def separate_spectra(
    fit: SpectraFit, picked: NDArray[np.int64], system: LineSystem, level: float
) -> Separation:
    """Separation of fitted spectra with their full covariance; NaN where the status is not OK.

    Parameters
    ----------
    fit : SpectraFit
    picked : (m,) ndarray of int
        Columns of the lines in ``fit.names``.
    system : LineSystem
    level : float
        Of the consistency test.
    """
    bad = fit.status != FitStatus.OK
    shift = np.where(bad[:, None], np.nan, fit.params[:, picked] - system.origin)
    covariance = fit.covariance[:, picked[:, None], picked[None, :]]
    covariance = np.where(bad[:, None, None], np.nan, covariance)
    values, spread, chi2, dof = solve_shifts(system.matrix, system.inverse, shift, covariance)
    sigma = standard_deviations(spread, system.inverse, covariance)
    sigma, spread = add_hidden_split(fit, system, sigma, spread)
    testable = system.matrix.shape[0] > system.matrix.shape[1]
    consistency = consistency_of(chi2, dof, level) if testable else None
    common = _calibrated(system, fit, picked).of(values, system.inverse, system.percent)
    return Separation(
        values, sigma, spread, system.unknowns, consistency, common, judged_fit(fit, system.material)
    )


def _calibrated(system: LineSystem, fit: SpectraFit, picked: NDArray[np.int64]) -> CommonErrors:
    """Common errors; that of the calibration, where the fit has one, is smaller than that of the table."""
    calibration = fit.calibration
    if system.origin_given or calibration is None or calibration.source == LITERATURE:
        return system.common
    sigma = fit.common_sigma[picked]
    correlation = system.common.positions != 0
    return replace(
        system.common, positions=np.outer(sigma, sigma) * (correlation | np.eye(len(sigma), dtype=bool))
    )


def judged_fit(fit: SpectraFit, material: str) -> NDArray[np.int64] | None:
    """`LineReason` codes (n,) of fitted spectra; None where material or lines cannot be judged."""
    columns = [f"{name}{CENTER}" for name in ("E'", "A1'")]
    if not set(columns) <= set(fit.names):
        return None
    j = [fit.names.index(column) for column in columns]
    positions = np.where((fit.status == FitStatus.OK)[:, None], fit.params[:, j], np.nan)
    shift = (0.0, 0.0) if fit.calibration is None else fit.calibration.of(columns)[0]
    try:
        return judge_positions(positions, fit.sigma[:, j], shift=shift, material=material).reason
    except ValueError:
        return None
