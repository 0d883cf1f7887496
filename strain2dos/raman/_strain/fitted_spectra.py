# SPDX-License-Identifier: BSD-3-Clause
"""Strain and doping of fitted spectra, with the errors and correlations of the fit."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.raman._features.calibration import LITERATURE, LineCalibration
from strain2dos.raman._features.result import SpectraFit
from strain2dos.raman._fitting.status import FitStatus
from strain2dos.raman._strain.common import CommonErrors
from strain2dos.raman._strain.hidden_split import add_hidden_split
from strain2dos.raman._strain.least_squares import solve_shifts, standard_deviations
from strain2dos.raman._strain.line_system import LineSystem, line_system
from strain2dos.raman._strain.lines import CENTER, Line, chosen_lines, picked_columns
from strain2dos.raman._strain.plausibility import judge_positions
from strain2dos.raman._strain.result import Separation, consistency_of


def separate_spectra(fit: SpectraFit, parameters: Mapping[str, Any], level: float) -> Separation:
    """Separation of fitted spectra with their full covariance; NaN where the status is not OK.

    Parameters
    ----------
    fit : SpectraFit
    parameters : mapping
        Of a `StrainDopingSeparator`.
    level : float
        Of the consistency test.

    Raises
    ------
    ValueError
        Where a line was not fitted or cannot be found by name, or positions are detector indices.
    """
    fit.require_shift("strain")
    lines = chosen_lines(parameters, fit.names)
    picked = _places_by_name(lines, parameters["columns"], fit.names)
    system = line_system(lines, parameters)
    bad = fit.status != FitStatus.OK
    shift = np.where(bad[:, None], np.nan, fit.params[:, picked] - system.origin)
    covariance = fit.covariance[:, picked[:, None], picked[None, :]]
    covariance = np.where(bad[:, None, None], np.nan, covariance)
    values, spread, chi2, dof = solve_shifts(system.matrix, system.inverse, shift, covariance)
    sigma = standard_deviations(spread, system.inverse, covariance)
    sigma, spread = add_hidden_split(fit, system, sigma, spread)
    testable = system.matrix.shape[0] > system.matrix.shape[1]
    consistency = consistency_of(chi2, dof, level) if testable else None
    columns = [fit.names[j] for j in picked]
    common = calibrated_errors(system, fit.calibration, columns).of(values, system.inverse, system.percent)
    return Separation(
        values, sigma, spread, system.unknowns, consistency, common, judged_fit(fit, system.material)
    )


def _places_by_name(
    lines: tuple[Line, ...], columns: Sequence[str | int] | None, names: tuple[str, ...]
) -> NDArray[np.int64]:
    """Places of the lines among the columns of a fit."""
    if columns is not None and not all(isinstance(column, str) for column in columns):
        raise ValueError(
            f"columns holds numbers ({columns!r}), but fitted lines are found by name; give names "
            'such as "E\'_center".'
        )
    picked, named = picked_columns(lines, columns, names, -1)
    if not named:
        raise ValueError(
            f"no column of {list(names)} belongs to {[line.name for line in lines]}; name them in columns=."
        )
    return picked


def calibrated_errors(
    system: LineSystem, calibration: LineCalibration | None, columns: Sequence[str]
) -> CommonErrors:
    """Common errors of the lines in ``columns``; a calibration of the sample errs less than the table."""
    if system.origin_given or calibration is None or calibration.source == LITERATURE:
        return system.common
    sigma = calibration.of(columns)[1]
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
