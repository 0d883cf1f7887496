# SPDX-License-Identifier: BSD-3-Clause
"""Plan files: which strain states to compute."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

COLUMNS = ("name", "exx", "eyy", "exy")
# A number beyond this is most likely in percent: monolayers of MoS2 break at 0.06 to 0.11 (S. Bertolazzi et
# al., ACS Nano 5, 9703 (2011)).
_MAX_STRAIN = 0.25


@dataclass(frozen=True)
class State:
    """A strain state of a plan.

    Parameters
    ----------
    name : str
        Name of its record; letters, digits and + - . _ only.
    strain : tuple of float
        Tensor (exx, eyy, exy) as fractions: x along zigzag, tensor shear.

    Raises
    ------
    ValueError
        For a name that is no file name, or a strain that is not finite or looks like per cent.

    Examples
    --------
    >>> from strain2dos.simulate.dft import State
    >>> State("bi+1", (0.01, 0.01, 0.0)).strain
    (0.01, 0.01, 0.0)
    """

    name: str
    strain: tuple[float, float, float]

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9+_-][A-Za-z0-9+._-]*", self.name):
            raise ValueError(
                f"a state's name must be a file name of letters, digits and + - . _, but is {self.name!r}."
            )
        values = tuple(float(x) for x in self.strain)
        if len(values) != 3 or not np.isfinite(values).all() or max(map(abs, values)) > _MAX_STRAIN:
            raise ValueError(
                f"the strain of {self.name!r} must be three fractions exx, eyy, exy within +-{_MAX_STRAIN}, "
                f"but is {values}; one per cent is 0.01."
            )
        object.__setattr__(self, "strain", values)

    @classmethod
    def of(cls, strain: tuple[float, float, float], name: str | None = None) -> State:
        """Make a state; without a name it is called after its strain in per cent.

        Parameters
        ----------
        strain : tuple of float
            exx, eyy and exy as fractions.
        name : str, default=None
            Name of the state.

        Returns
        -------
        State
            The state.
        """
        return cls(name or "".join(f"{100 * x + 0.0:+.2f}" for x in strain), strain)


def read_plan(path: str | Path) -> list[State]:
    """Read a plan: a CSV file with the columns name, exx, eyy, exy (fractions).

    Parameters
    ----------
    path : path-like
        The file, as `strain_plan(...).to_csv(path, index=False)` writes it.

    Returns
    -------
    list of State
        In the order of the file.

    Raises
    ------
    ValueError
        When columns are missing, a name repeats, a value is no number, or strains look like per cent.

    Examples
    --------
    >>> import tempfile
    >>> from strain2dos.simulate import strain_plan
    >>> from strain2dos.simulate.dft import read_plan
    >>> with tempfile.NamedTemporaryFile(suffix=".csv") as file:
    ...     strain_plan(10).to_csv(file.name, index=False)
    ...     read_plan(file.name)[0]
    State(name='-4.00-4.00+0.00', strain=(-0.04, -0.04, 0.0))
    """
    table = pd.read_csv(path, dtype={"name": str}, comment="#")
    missing = [column for column in COLUMNS if column not in table]
    if missing:
        raise ValueError(
            f"{path} must have the columns {', '.join(COLUMNS)}, but {', '.join(missing)} is missing; its "
            f"first line is {','.join(map(str, table.columns))!r}."
        )
    values = table[list(COLUMNS[1:])].apply(pd.to_numeric, errors="coerce")
    if table["name"].isna().any() or values.isna().any(axis=None):
        row = int(np.argmax((table["name"].isna() | values.isna().any(axis=1)).to_numpy()))
        raise ValueError(
            f"row {row + 1} of {path} has an empty or unreadable field: {list(table.iloc[row])}."
        )
    repeated = table["name"][table["name"].duplicated()]
    if len(repeated):
        raise ValueError(f"names in {path} must differ, but {repeated.iloc[0]!r} repeats.")
    if table.empty:
        raise ValueError(f"{path} holds no state; strain_plan makes a plan.")
    return [State(name, tuple(strain)) for name, strain in zip(table["name"], values.to_numpy(), strict=True)]
