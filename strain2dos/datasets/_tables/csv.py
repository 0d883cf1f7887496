# SPDX-License-Identifier: BSD-3-Clause
"""Read a comma-separated table of numbers and name the place of every fault: file, line, column."""

from __future__ import annotations

import math
from os import PathLike
from pathlib import Path

STRAIN_UNITS = ("fraction", "percent", "label")


class CellTable:
    """The cells of a CSV file, still as text, all rows equally long.

    Parameters
    ----------
    path : str or path-like
        A text file with commas between cells; CRLF or LF line ends, UTF-8 with or without byte order mark.

    Raises
    ------
    FileNotFoundError
        When there is no such file.
    ValueError
        When the file is empty, not text, or has rows of different lengths.
    """

    def __init__(self, path: str | PathLike[str]) -> None:
        self.path = Path(path)
        if not self.path.is_file():
            raise FileNotFoundError(
                f"{self.path} is {'a folder' if self.path.is_dir() else 'absent'}; give the path of a CSV "
                f"file (relative paths start at {Path.cwd()})."
            )
        try:
            text = self.path.read_bytes().decode("utf-8-sig")
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ValueError(
                f"{self.path}, line {line}: byte {error.object[error.start]:#04x} is not UTF-8 text; export "
                f"the table as plain CSV."
            ) from None
        lines = [(i, line.rstrip("\r")) for i, line in enumerate(text.split("\n"), 1)]
        while lines and not lines[-1][1].strip():
            lines.pop()
        if not lines:
            raise ValueError(f"{self.path} is empty; export the table again.")
        self.line_numbers = [i for i, _ in lines]
        self.rows = [[cell.strip() for cell in line.split(",")] for _, line in lines]
        self._check_lengths()

    def _check_lengths(self) -> None:
        wanted = len(self.rows[0])
        for i, row in enumerate(self.rows):
            if len(row) == wanted:
                continue
            last = i == len(self.rows) - 1 and len(row) < wanted
            hint = "the file was cut off: copy or export it again" if last else "repair that line"
            raise ValueError(
                f"{self.path}, line {self.line_numbers[i]}: {len(row)} cells, but line "
                f"{self.line_numbers[0]} has {wanted}; {hint}."
            )

    def where(self, row: int, column: int) -> str:
        """File, line and column of a cell, both counted from 1."""
        return f"{self.path}, line {self.line_numbers[row]}, column {column + 1}"

    def number(self, row: int, column: int, what: str, *, allow_nan: bool = False) -> float:
        """Convert one cell.

        Parameters
        ----------
        row, column : int
            Position, counted from 0.
        what : str
            What the cell should be, for the error message.
        allow_nan : bool, default=False
            Let the word "nan" through, as a marked gap.

        Raises
        ------
        ValueError
            When the cell is not a finite number.
        """
        cell = self.rows[row][column]
        try:
            # float() takes digit groups ("1_000") and non-Latin digits, which no instrument means
            value = float(cell) if cell.isascii() and "_" not in cell else None
        except ValueError:
            value = None
        if value is None:
            raise ValueError(
                f"{self.where(row, column)}: {what} must be a number, but the cell is {cell[:40]!r}; correct "
                f"it there."
            )
        if not math.isfinite(value) and not (allow_nan and math.isnan(value)):
            raise ValueError(
                f"{self.where(row, column)}: {what} must be finite, but is {cell}; correct it there."
            )
        return value


def validate_strain_unit(strain_unit: str) -> None:
    """Refuse an unknown strain unit.

    Raises
    ------
    ValueError
        When it is not "fraction", "percent" or "label".
    """
    if strain_unit not in STRAIN_UNITS:
        raise ValueError(
            f"strain_unit must be one of {', '.join(map(repr, STRAIN_UNITS))}, but is {strain_unit!r}; "
            f"choose 'label' when the unit of the numbers is unknown."
        )


def to_fraction(value: float, strain_unit: str, where: str) -> float:
    """Convert a strain to a fraction ("label" is kept as written) and refuse what no crystal survives.

    Raises
    ------
    ValueError
        When the strain is beyond 100 %.
    """
    strain = value / 100 if strain_unit == "percent" else value
    if strain_unit != "label" and abs(strain) > 1:
        other = "percent" if strain_unit == "fraction" else "label"
        raise ValueError(
            f"{where}: {value:g} with strain_unit={strain_unit!r} is a strain of {100 * strain:g} %, which "
            f"no crystal survives; is it strain_unit={other!r}?"
        )
    return strain


def stated_unit(strain_unit: str) -> str:
    """The unit of the values after reading."""
    return "label" if strain_unit == "label" else "fraction"
