# SPDX-License-Identifier: BSD-3-Clause
"""How a set of lines answers to strain and doping: coefficients of the table or of the user, as a matrix."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from strain2dos.raman._materials.mode import RamanMode
from strain2dos.raman._strain.common import CommonErrors, common_errors
from strain2dos.raman._strain.least_squares import fixed_inverse
from strain2dos.raman._strain.lines import OUTPUTS, Floats, Line

PERCENT = 100.0


@dataclass(frozen=True)
class LineSystem:
    """Linear answer of m lines to k unknowns.

    Attributes
    ----------
    lines : tuple of Line
    origin : (m,) ndarray
        Unstrained, neutral positions at the temperature of the sample in cm-1.
    matrix : (m, k) ndarray
        Shift in cm-1 per unit of each unknown.
    inverse : (k, m) ndarray
        Least-squares inverse with the same weights in all rows.
    windows : (m, 2) ndarray
        Where a position of the line can lie, in cm-1.
    common : CommonErrors
        Of the unstrained positions and of the rates.
    origin_given : bool
        Whether the unstrained positions are the user's own.
    material : str
    """

    lines: tuple[Line, ...]
    origin: Floats
    matrix: Floats
    inverse: Floats
    windows: Floats
    common: CommonErrors
    origin_given: bool
    material: str

    @property
    def percent(self) -> float:
        """Percent of biaxial strain per unit of the first unknown: strain, or the trace (twice of it)."""
        return PERCENT if self.matrix.shape[1] == 2 else 0.5 * PERCENT

    @property
    def unknowns(self) -> tuple[str, ...]:
        """Names of the unknowns."""
        return next(names for names in OUTPUTS.values() if len(names) == self.matrix.shape[1])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the lines."""
        return tuple(line.name for line in self.lines)


def coefficients(
    lines: tuple[Line, ...], material: str, name: str, given: ArrayLike | None, quantity: str
) -> Floats:
    """One number per line: as given, or that of the table.

    Raises
    ------
    ValueError
        Where what is given is not one finite number per line, or the table does not hold it.
    """
    names = ", ".join(line.name for line in lines)
    if given is not None:
        own = np.array(given, dtype=float)
        if own.shape != (len(lines),) or not np.all(np.isfinite(own)):
            raise ValueError(
                f"{name} must be {len(lines)} finite numbers, one per line ({names}), but is {given!r}; "
                "give one for each; for other lines than these, name their columns in columns=."
            )
        return own
    values = [getattr(line.mode, quantity, None) for line in lines]
    if len(values) < 2 or any(value is None for value in values):
        raise ValueError(
            f"{name} of {material} are not in the table for all lines ({names}: {values}); pass {name}=(one "
            "per line)."
        )
    return np.array(values, dtype=float)


def line_system(lines: tuple[Line, ...], options: Mapping[str, Any]) -> LineSystem:
    """Matrix, origin and inverse of a separation.

    Biaxial: d(strain) in both directions. Invariants: the rate per percent of biaxial strain belongs to a
    trace of 2 %, and the branches of a doublet lie beta/2 w0 |deviator| to either side.

    Parameters
    ----------
    lines : tuple of Line
    options : mapping
        The parameters of `StrainDopingSeparator`.

    Raises
    ------
    ValueError
        Where a coefficient is missing or wrong, or the unknowns cannot be told apart.
    """

    def values(name: str, quantity: str) -> Floats:
        return coefficients(lines, options["material"], name, options[name], quantity)

    strain, doping = values("strain_rates", "biaxial_rate"), values("doping_rates", "doping_rate")
    positions = values("positions", "position")
    if options["output"] == "biaxial":
        matrix = np.column_stack([PERCENT * strain, doping])
    else:
        deviator = _deviator_rates(lines, positions, options["material"], options["shear_potential"])
        matrix = np.column_stack([0.5 * PERCENT * strain, deviator, doping])
    _refuse_parallel(matrix, lines, strain, doping, options["output"])
    origin = positions
    if options["temperature"] is not None:
        warming = options["temperature"] - options["reference_temperature"]
        origin = positions + warming * values("temperature_rates", "temperature_rate")
    sigma = None if options["sigma"] is None else values("sigma", "")
    if sigma is not None and np.any(sigma <= 0.0):
        raise ValueError(f"sigma must be positive, but is {options['sigma']!r}; give errors in cm-1.")
    given = (
        options["positions"] is not None,
        options["strain_rates"] is not None,
        options["doping_rates"] is not None,
    )
    common = common_errors(lines, options["positions_sigma"], options["rates_covariance"], given)
    return LineSystem(
        lines,
        origin,
        matrix,
        fixed_inverse(matrix, sigma),
        _windows(lines, origin),
        common,
        options["positions"] is not None,
        options["material"],
    )


def _refuse_parallel(
    matrix: Floats, lines: tuple[Line, ...], strain: Floats, doping: Floats, output: str
) -> None:
    scale = np.linalg.norm(matrix, axis=0)
    if not np.all(scale) or np.linalg.svd(matrix / scale, compute_uv=False)[-1] < 1e-6:
        raise ValueError(
            f"strain_rates {strain.tolist()} and doping_rates {doping.tolist()} are parallel (or zero), so "
            f"{', '.join(OUTPUTS[output])} cannot be told apart with the lines "
            f"{', '.join(line.name for line in lines)}; use lines that respond differently."
        )


def _deviator_rates(
    lines: tuple[Line, ...], origin: Floats, material: str, shear_potential: float | None
) -> Floats:
    branches = np.array([line.branch for line in lines], dtype=float)
    if not {-1.0, 1.0} <= set(branches):
        raise ValueError(
            "output='invariants' needs both branches of the line that strain splits, but the lines are "
            f"{', '.join(line.name for line in lines)}; name their columns, for example columns="
            '("E\'-_center", "E\'+_center", "A1\'_center").'
        )
    beta = shear_potential
    if beta is None:
        beta = next(line.mode.shear_potential for line in lines if line.branch and line.mode)
    if beta is None:
        raise ValueError(
            f"the shear potential of {material} is not in the table; pass shear_potential=, or take "
            "output='biaxial'."
        )
    return 0.5 * beta * origin * branches


def _windows(lines: tuple[Line, ...], origin: Floats) -> Floats:
    """Windows of the table, moved with the positions; 10 % (at least 50 cm-1) where there are none."""
    windows = np.empty((len(lines), 2))
    for j, (line, position) in enumerate(zip(lines, origin, strict=True)):
        reach = max(0.1 * abs(position), 50.0)
        mode = line.mode or RamanMode(line.name, position, (position - reach, position + reach), 1.0)
        windows[j] = np.add(mode.window, position - mode.position)
    return windows
