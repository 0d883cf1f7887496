# SPDX-License-Identifier: BSD-3-Clause
"""Which lines a separation uses, and in which columns of X they stand."""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.raman._materials.lookup import material_modes
from strain2dos.raman._materials.mode import RamanMode

CENTER = "_center"
OUTPUTS = {"biaxial": ("strain", "doping"), "invariants": ("trace", "deviator", "doping")}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Line:
    """One line of a separation.

    Attributes
    ----------
    name : str
        As in column names, without ``_center``.
    mode : RamanMode or None
        Its row in the table; None where it is not in the table.
    branch : int
        -1 and +1: lower and upper branch of a line that strain splits; 0: not split.
    """

    name: str
    mode: RamanMode | None = None
    branch: int = 0


def find_line(name: str, material: str) -> Line:
    """Line of the table by the name of its column: ``"E'"``, ``"E'-"``, ``"A1'_center"``."""
    name = name.removesuffix(CENTER)
    known = {mode.name: mode for mode in material_modes(material, optional=True)}
    if name in known:
        return Line(name, known[name])
    mode = known.get(name[:-1])
    if mode is not None and mode.splits and name[-1] in "-+":
        return Line(name, mode, -1 if name[-1] == "-" else 1)
    return Line(name)


def default_lines(material: str, output: str) -> tuple[Line, ...]:
    """Lines used where neither ``columns`` nor coefficients are given."""
    modes = material_modes(material)[:2]
    if output == "biaxial":
        return tuple(Line(mode.name, mode) for mode in modes)
    names = [f"{mode.name}{sign}" for mode in modes if mode.splits for sign in "-+"]
    names += [mode.name for mode in modes if not mode.splits]
    return tuple(find_line(name, material) for name in names)


def chosen_lines(parameters: Mapping[str, Any], feature_names: Sequence[str]) -> tuple[Line, ...]:
    """Lines that ``columns``, or coefficients given for all, or the material stand for.

    Parameters
    ----------
    parameters : mapping
        Of a `StrainDopingSeparator`.
    feature_names : sequence of str
        Names of the columns of X, where it has any.

    Raises
    ------
    ValueError
        Where ``columns`` names fewer lines than there are unknowns.
    """
    material, output, columns = (parameters[name] for name in ("material", "output", "columns"))
    default = default_lines(material, output)
    if columns is None:
        given = [parameters[name] for name in ("positions", "strain_rates", "doping_rates")]
        sizes = {None if values is None else np.size(values) for values in given}
        count = next(iter(sizes)) if len(sizes) == 1 else None
        count = len(default) if count is None else count
        free = count != len(default) and count >= len(OUTPUTS[output])
        return tuple(Line(f"line {j + 1}") for j in range(count)) if free else default
    needed = len(OUTPUTS[output])
    if len(columns) < needed or len(set(columns)) < len(columns):
        raise ValueError(
            f"columns must name at least {needed} different columns, one per line, but is {columns!r}; "
            f"output={output!r} has the unknowns {', '.join(OUTPUTS[output])}."
        )
    named = [_column_name(column, feature_names) for column in columns]
    if all(name is None for name in named) and len(columns) == len(default):
        return default
    lines = [find_line(name, material) if name else Line(f"line {j + 1}") for j, name in enumerate(named)]
    return tuple(lines)


def _column_name(column: str | int, feature_names: Sequence[str]) -> str | None:
    if isinstance(column, str):
        return column
    return feature_names[column] if -1 < column < len(feature_names) else None


def picked_columns(
    lines: tuple[Line, ...],
    columns: Sequence[str | int] | None,
    feature_names: Sequence[str],
    n_features: int,
) -> tuple[NDArray[np.int64], bool]:
    """Index of each line's column, and whether names or the user gave it.

    Without names and without ``columns`` the columns are taken in order where there are exactly as many as
    lines; else no column is taken.

    Raises
    ------
    ValueError
        Where a column of ``columns`` does not exist, or only some of the lines have a column of their name.
    """
    if columns is not None:
        return np.array([_index(column, feature_names, n_features) for column in columns]), True
    wanted = [f"{line.name}{CENTER}" for line in lines]
    found = [name in feature_names for name in wanted]
    if all(found):
        return np.array([list(feature_names).index(name) for name in wanted]), True
    if any(found):
        missing = [name for name, known in zip(wanted, found, strict=True) if not known]
        raise ValueError(
            f"X has no column {missing} among {list(feature_names)}; fit these lines too, or name other "
            "columns in columns=."
        )
    taken = range(len(wanted)) if n_features == len(wanted) else range(0)
    return np.array(list(taken), dtype=np.int64), False


def _index(column: str | int, feature_names: Sequence[str], n_features: int) -> int:
    names = list(feature_names)
    known = column in names if isinstance(column, str) else 0 <= column < n_features
    if not known:
        raise ValueError(
            f"columns holds {column!r}, but X has {names or n_features} columns; take one of these for each "
            "line."
        )
    return names.index(column) if isinstance(column, str) else int(column)


def read_positions(
    X: Floats, columns: NDArray[np.int64], named: bool, windows: Floats, names: tuple[str, ...]
) -> Floats:
    """Positions of the lines (n, m) out of X; nothing is guessed where columns have no names.

    Raises
    ------
    ValueError
        Where X holds what could be positions, but not which line each column belongs to.
    """
    if columns.size:
        return X[:, columns] if named else _inside(X[:, columns], windows, names)
    hits = [np.flatnonzero(((low <= X) & (high >= X)).any(axis=0)).tolist() for low, high in windows]
    if any(hits):
        where = "; ".join(f"{name}: {found}" for name, found in zip(names, hits, strict=True))
        raise ValueError(
            f"X has {X.shape[1]} columns, but there are {len(names)} lines ({', '.join(names)}) and no "
            f"names for the columns (values in the window of {where}). Let the step before "
            "give names (make_pipeline(...).set_output(transform='pandas')), or name them in columns=, in "
            "the order of the lines."
        )
    return np.full((X.shape[0], len(names)), np.nan)


def refuse_indices(positions: Floats, windows: Floats, names: tuple[str, ...]) -> None:
    """Raise where no position of any row lies within a factor of two of its line: these are no Raman shifts.

    Raises
    ------
    ValueError
        A featurizer without an axis gives detector indices under the names of the lines.
    """
    known = np.isfinite(positions)
    near = (positions > windows[:, 0] / 2) & (positions < windows[:, 1] * 2)
    if known.any() and not (known & near).any():
        row = int(np.flatnonzero(known.any(axis=1))[0])
        limits = ", ".join(
            f"{name} {low:.0f}-{high:.0f}" for name, (low, high) in zip(names, windows, strict=True)
        )
        raise ValueError(
            f"no position of X can be a Raman shift of its line ({limits} cm-1): row {row} holds "
            f"{positions[row].round(2).tolist()}. A featurizer without an axis gives detector indices; make "
            "it with the Raman shift of the spectra, RamanFeaturizer(shift)."
        )


def _inside(positions: Floats, windows: Floats, names: tuple[str, ...]) -> Floats:
    """NaN for rows with a position outside of its line's window: these columns hold something else."""
    inside = (positions >= windows[:, 0]) & (positions <= windows[:, 1])
    # windows overlap, lines of one spectrum do not change places
    rising = np.argsort(windows.mean(axis=1), kind="stable")
    ordered = (np.diff(positions[:, rising], axis=1) >= 0.0).all(axis=1)
    good = np.asarray(inside.all(axis=1) & ordered)
    lost = np.isfinite(positions).all(axis=1) & ~good
    if lost.any() and inside.any():
        row = int(np.flatnonzero(lost)[0])
        limits = ", ".join(
            f"{name} {low:.0f}-{high:.0f}" for name, (low, high) in zip(names, windows, strict=True)
        )
        warnings.warn(
            f"{int(lost.sum())} of {len(positions)} rows hold positions outside the windows of their "
            f"lines ({limits} cm-1), or in another order, and give NaN; the first, row {row}, is "
            f"{positions[row].round(2).tolist()}. X has no names: name the columns, or give columns= to take "
            "them as they are.",
            UserWarning,
            stacklevel=4,
        )
    return np.where(good[:, None], positions, np.nan)
