# SPDX-License-Identifier: BSD-3-Clause
"""Read DOS tables: energies down, strains across."""

from __future__ import annotations

import warnings
from os import PathLike

import numpy as np
from numpy.typing import NDArray

from strain2dos.datasets._strained import StrainedDOS
from strain2dos.datasets._tables.csv import CellTable, stated_unit, to_fraction, validate_strain_unit
from strain2dos.datasets._tables.scaled_duplicates import ScaledCopy, find_scaled_copies

# Monolayer MoS2 breaks at 6 to 11 % of strain [Bertolazzi et al., ACS Nano 5, 9703 (2011)]; labels from 1 on
# are per cent, if they are strain.
_BREAKS, _PER_CENT = 0.12, 1.0


def read_dos_table(
    path: str | PathLike[str], *, strain_unit: str, drop_scaled_copies: bool = True
) -> StrainedDOS:
    r"""Read a CSV table of DOS curves: first column energy in eV, one further column per strain.

    The header holds the strain of each column; its first cell may be empty or any word. This is the layout of
    ``train_dos.csv`` that the strain2DOS notebooks train on. Tables padded with scaled copies of genuine
    curves are recognized: such copies look like data, but a random split puts them on both sides.

    Parameters
    ----------
    path : str or path-like
        CSV file; CRLF or LF line ends.
    strain_unit : {"fraction", "percent", "label"}
        What the header means. Percents are divided by 100; labels are kept as written, for files that do not
        state a unit. Those of the published strain2DOS table are probably a measure of bending.
    drop_scaled_copies : bool, default=True
        Leave out columns that are another column times a constant, and name them in a warning. Within each
        set of proportional curves, the one that the others are 0.99, 1.01, 1.02 or 1.03 times of is kept; if
        none fits, the first.

    Returns
    -------
    StrainedDOS
        ``strain`` (n, 1), ``energies`` (m,) increasing, ``dos`` (n, m) in the unit of the file; no phonons
        and no band edges. ``provenance["scaled_copies"]`` names the copies.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When the file is empty, cut off, ragged or not numeric, repeats a label or an energy, has energies out
        of order or a negative DOS, or when ``strain_unit`` is unknown or makes a strain beyond 100 %. The
        message names file, line and column.

    Warns
    -----
    UserWarning
        When scaled copies were dropped. Also when labels reach more than a layer can be stretched.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from strain2dos.datasets import read_dos_table
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "dos.csv"
    >>> _ = path.write_text(",0,0.5,1\n-1.0,3,4,5\n0.0,0,0,0\n1.0,2,2.5,4\n")
    >>> data = read_dos_table(path, strain_unit="percent")
    >>> data
    StrainedDOS(3 states, strain (3, 1), 3 energies -1..1 eV)
    >>> data.strain.ravel()
    array([0.   , 0.005, 0.01 ])
    """
    validate_strain_unit(strain_unit)
    table = CellTable(path)
    _check_size(table)
    strain = _read_labels(table, strain_unit)
    energies = _read_energies(table)
    dos = _read_curves(table)
    if energies[0] > energies[-1]:
        energies, dos = energies[::-1].copy(), dos[:, ::-1].copy()
    labels = table.rows[0][1:]
    copies = find_scaled_copies(dos)
    data = StrainedDOS(
        strain=strain[:, None],
        energies=energies,
        dos=dos,
        name=labels,
        provenance={
            "source": table.path.name,
            "strain_unit": stated_unit(strain_unit),
            "dos_unit": "as in the file",
            "energy_reference": "as in the file",
            "scaled_copies": {labels[c.column]: (round(c.factor, 4), labels[c.original]) for c in copies},
        },
    )
    if not copies or not drop_scaled_copies:
        return data
    message = _copies_message(copies, labels, table.path.name) + _bending_note(strain, strain_unit)
    warnings.warn(message, UserWarning, stacklevel=2)
    dropped = {copy.column for copy in copies}
    return data.subset([i for i in range(len(data)) if i not in dropped])


def _bending_note(strain: NDArray[np.float64], strain_unit: str) -> str:
    largest = float(np.abs(strain).max())
    if strain_unit != "label" or not _BREAKS < largest < _PER_CENT:
        return ""
    return (
        f" Labels reach {largest:.3g}, and a layer breaks at a strain of 0.06 to 0.11: those of the "
        "published strain2DOS table are probably a measure of bending, as its gap falls with their square. "
        "In-plane strain, such as that from Raman lines, does not belong in them; load_dft has curves for it."
    )


def _check_size(table: CellTable) -> None:
    columns, rows = len(table.rows[0]), len(table.rows)
    if columns < 2:
        raise ValueError(
            f"{table.path}, line {table.line_numbers[0]}: only one column; a DOS table has energies in the "
            f"first column and one DOS column per strain, with commas between them."
        )
    if rows < 3:
        raise ValueError(
            f"{table.path}, line {table.line_numbers[-1]}: the table ends after {rows - 1} energies; a DOS "
            f"curve needs two or more. Was the file cut off?"
        )


def _read_labels(table: CellTable, strain_unit: str) -> NDArray[np.float64]:
    seen: dict[float, int] = {}
    strain = []
    for column in range(1, len(table.rows[0])):
        value = table.number(0, column, "a strain in the header")
        if value in seen:
            raise ValueError(
                f"{table.where(0, column)}: strain {table.rows[0][column]} repeats column {seen[value] + 1}; "
                f"rename or remove one of the two columns."
            )
        seen[value] = column
        strain.append(to_fraction(value, strain_unit, table.where(0, column)))
    return np.array(strain)


def _read_energies(table: CellTable) -> NDArray[np.float64]:
    energies = np.array([table.number(row, 0, "an energy") for row in range(1, len(table.rows))])
    steps = np.diff(energies)
    wrong = np.flatnonzero(steps * np.sign(energies[-1] - energies[0]) <= 0)
    if wrong.size:
        row = int(wrong[0]) + 2
        verb = "repeats" if steps[wrong[0]] == 0 else "breaks the order after"
        raise ValueError(
            f"{table.where(row, 0)}: energy {table.rows[row][0]} {verb} {table.rows[row - 1][0]} of line "
            f"{table.line_numbers[row - 1]}; energies must be strictly monotonic: sort the rows and drop "
            f"repeats."
        )
    return energies


def _read_curves(table: CellTable) -> NDArray[np.float64]:
    n, m = len(table.rows[0]) - 1, len(table.rows) - 1
    dos = np.empty((n, m))
    for row in range(m):
        for column in range(n):
            value = table.number(row + 1, column + 1, "a DOS value")
            if value < 0:
                raise ValueError(
                    f"{table.where(row + 1, column + 1)}: a density of states cannot be negative, but is "
                    f"{table.rows[row + 1][column + 1]}; correct it there."
                )
            dos[column, row] = value
    return dos


def _copies_message(copies: list[ScaledCopy], labels: list[str], name: str) -> str:
    listed = ", ".join(
        f"'{labels[c.column]}' = {round(c.factor, 4):g} x '{labels[c.original]}'" for c in copies
    )
    verb = "is a scaled copy" if len(copies) == 1 else "are scaled copies"
    return (
        f"{len(copies)} of the {len(labels)} columns of {name} {verb} of another column ({listed}); dropped. "
        f"Pass drop_scaled_copies=False to keep them."
    )
