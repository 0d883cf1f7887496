# SPDX-License-Identifier: BSD-3-Clause
"""Whether commas separate decimals."""

from __future__ import annotations

import re
from dataclasses import dataclass

from strain2dos.io._text.lines import Source, is_number

#: What no thousands separator is: a comma before 1, 2, 4 or more digits, or after 0 or 4 or more of them.
_DECIMAL = re.compile(r",\d{1,2}(?!\d)|,\d{4}|(?<![\d.,])0+,\d|\d{4},\d")


@dataclass
class Commas:
    """Whether the commas of a file separate decimals; collected line by line, decided at the end."""

    source: Source
    first: tuple[int, str] | None = None
    proven: bool = False

    def see(self, number: int, line: str) -> None:
        """Look at the commas of a line of numbers."""
        if self.source.delimiter != "," and not self.proven and "," in line:
            self.first = self.first or (number, line)
            self.proven = _DECIMAL.search(line) is not None

    def decide(self) -> None:
        """Set the decimal sign of the source.

        Raises
        ------
        ValueError
            When each comma may as well separate thousands.
        """
        if self.first is None or self.proven:
            self.source.decimal = "," if self.proven else "."
            return
        number, line = self.first
        cells = self.source.cells(line)
        column = next(i for i, cell in enumerate(cells) if "," in cell)
        cell = cells[column].strip()[:40]
        if not is_number(cell.replace(",", ".", 1)):
            return
        raise ValueError(
            f"{self.source.path}, line {number}, column {column + 1}: {cell!r} may be "
            f"{cell.replace(',', '.')} or "
            f"{cell.replace(',', '')}, and no number of the file shows which; write decimal points."
        )
