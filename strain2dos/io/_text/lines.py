# SPDX-License-Identifier: BSD-3-Clause
"""Lines of text files, one at a time, and what their cells are."""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from strain2dos._progress import shown_or_hidden
from strain2dos.io._text.logs import entry, is_entry

#: Bytes: a spectrum of a million points. A longer line is no table, and would fill the memory.
_LONGEST = 2**24
#: Bytes of text between two looks at the progress bar.
_STRIDE = 2**18
#: Text of spectra shrinks to a tenth, of a dark map to a hundredth, and that of bombs to a thousandth.
_RATIO, _SMALL = 100, 2**22
_NUMERIC = frozenset("0123456789+-.")
#: Lines in a row without a number after which no table follows any more.
_MOST_EMPTY = 100_000
#: How programs write a value that is missing.
_MISSING = {"NA", "N/A", "#N/A", "NULL"}
_CONTENT = re.compile(r"[^\s;,]")
#: Numbers in quotes, as spreadsheets and pandas export them.
_QUOTED = re.compile(r'"(\s*[-+]?[.\d][-+.\deE]*\s*)"')
#: First line that names the delimiter for Excel.
_SEPARATOR = re.compile(r'"?sep=.?"?', re.IGNORECASE)
_HEADER = re.compile(r"#\s*([^=]+?)\s*=\s*(.*?)\s*$")


@dataclass
class Source:
    """A text file, its header, and how its cells are written.

    Parameters
    ----------
    path : Path
        The file.
    compressed : bool
        Whether it is gzip-compressed.
    begin : int
        Number of the last line of the instrument's header; what is above is skipped.
    indexed : bool
        Whether the first column is a running number, as pandas writes it; it is dropped.
    wrote : str
        What wrote the file, as far as it shows.
    missing : int
        How many intensities read so far were missing (NA).
    encoding : str
        Of lines that are not UTF-8. LabSpec writes degree and micro signs in Latin-1.
    """

    path: Path
    compressed: bool = False
    header: dict[str, str] = field(default_factory=dict)
    names: list[str] = field(default_factory=list)
    delimiter: str | None = None
    decimal: str = "."
    begin: int = 0
    indexed: bool = False
    wrote: str = ""
    missing: int = 0
    encoding: str = "latin-1"

    def layout(self, words: str) -> str:
        """What the file was taken for: what wrote it, and where axis and intensities stand."""
        wrote = self.wrote or ("LabSpec text" if "AxisType[0]" in self.header else "")
        return f"{wrote}: {words}" if wrote else words

    def lines(self, skip: int = 0, what: str = "") -> Iterator[tuple[int, str]]:
        """Yield number and text of each line that is neither blank nor a remark, after the first `skip`.

        Settings that instruments write below the data end in the header.

        Raises
        ------
        ValueError
            When the compression is damaged or packs far more than spectra, or a line or remarks are endless.
        """
        last, numbers, log = 0, False, False
        for number, line in self._all(what):
            if number <= self.begin:
                last = number
                if line.lstrip().startswith("#"):
                    self._remark(line.strip())
                continue
            plain = line[:1] in _NUMERIC and not log
            if log or (numbers and not plain and is_entry(line)):
                log = True
                self._log(number, line)
                continue
            if number - last > _MOST_EMPTY:
                raise ValueError(
                    f"{self.path}: no numbers in {_MOST_EMPTY} lines after line {last}, so this is no table "
                    "of spectra; export it again."
                )
            if not plain and line.lstrip().startswith("#"):
                self._remark(line.strip())
            elif plain or _CONTENT.search(line):
                last = number
                numbers = plain or line.lstrip()[:1] in _NUMERIC
                if skip:
                    skip -= 1
                else:
                    yield number, line.partition(self.delimiter or ",")[2] if self.indexed else line

    def raw_lines(self) -> Iterator[tuple[int, str]]:
        """Yield number and text of every line, remarks included."""
        return self._all("")

    def _all(self, what: str) -> Iterator[tuple[int, str]]:
        from tqdm import tqdm

        size, number, seen, total = self.path.stat().st_size, 0, 0, 0
        with (
            self.path.open("rb") as raw,
            tqdm(
                total=size, delay=2, leave=False, unit="B", unit_scale=True, desc=f"{what} {self.path.name}",
                **shown_or_hidden(),
            ) as bar,
        ):  # fmt: skip
            file = io.BufferedReader(gzip.GzipFile(fileobj=raw), _STRIDE) if self.compressed else raw  # type: ignore[arg-type]
            while line := self._next(file, number):
                number += 1
                seen += len(line)
                if seen > _STRIDE:
                    total, seen = total + seen, 0
                    bar.update(raw.tell() - bar.n)
                    if total > _SMALL + _RATIO * raw.tell():
                        raise ValueError(
                            f"{self.path} unpacks to more than {total} bytes, over {_RATIO} times what is "
                            "stored, so this is no table of spectra; unpack it yourself if you trust it."
                        )
                yield number, _decoded(line, self.encoding, first=number == 1)

    def _next(self, file: io.BufferedIOBase, number: int) -> bytes:
        try:
            line = file.readline(_LONGEST)
        except (EOFError, OSError, zlib.error) as error:
            if not self.compressed:
                raise
            raise ValueError(
                f"{self.path}: gzip stops with '{error}' after line {number}; copy the file again."
            ) from error
        if len(line) == _LONGEST:
            raise ValueError(
                f"{self.path}, line {number + 1} is longer than {_LONGEST // 2**20} MiB, so this is no table "
                "of spectra; export it with one spectrum or point per line."
            )
        return line

    def _log(self, number: int, line: str) -> None:
        """Keep a line below the data; numbers there are no settings."""
        cells = [cell for cell in self.cells(line) if cell.strip()]
        if len(cells) > 1 and all(self.is_number(cell) for cell in cells):
            raise ValueError(
                f"{self.path}, line {number}: numbers below settings that stand below the data; split the "
                "file there, or remove the settings."
            )
        if found := entry(line):
            self.header.setdefault(*found)

    def _remark(self, line: str) -> None:
        if found := _HEADER.match(line):
            self.header[found[1]] = found[2]
        else:
            # the last remark above the numbers may name the columns: WiRE separates the names by two tabs
            self.names = [name.strip(" #\"'").lower() for name in re.split(r"[\t;,]+|\s{2,}|\s+#", line)]

    def cells(self, line: str, width: int = 0) -> list[str]:
        """Split a line at the delimiter; one delimiter too many at the end is not a cell."""
        cells = line.split(self.delimiter)
        if self.delimiter and len(cells) == width + 1 and not cells[-1].strip():
            cells.pop()
        return cells

    def numbers(
        self, number: int, line: str, cells: list[str], start: int = 0, *, missing: bool = True
    ) -> NDArray[np.float64]:
        """Read the cells from `start` on as numbers (NA as NaN if `missing`), or name the one that fails."""
        found = cells[start:]
        comma = self.decimal == ","
        try:
            # float reads 1_0 as 10, and a point beside decimal commas may separate thousands
            if "_" in line or (comma and "." in line):
                raise ValueError
            if comma:
                found = [cell.replace(",", ".") for cell in found]
            return np.array([float(cell) for cell in found])
        except ValueError:
            filled = ["nan" if cell.strip().upper() in _MISSING else cell for cell in cells]
            if missing and filled[start:] != cells[start:]:
                self.missing += sum(a != b for a, b in zip(filled[start:], cells[start:], strict=True))
                return self.numbers(number, line, filled, start)
            column = next(
                (i for i, cell in enumerate(cells[start:], start) if not self.is_number(cell)), len(cells) - 1
            )
        hint = ""
        if comma and "." in cells[column]:
            hint = "; this file has decimal commas elsewhere, so a point may separate thousands"
        elif "," in cells[column]:
            hint = "; write decimal points instead of commas"
        raise ValueError(
            f"{self.path}, line {number}, column {column + 1 + self.indexed}: {cells[column].strip()[:40]!r} "
            f"is not a number{hint}. Correct it there."
        )

    def number(self, number: int, line: str, cells: list[str], column: int) -> float:
        """Read one cell; before the decimal sign is decided, a comma counts as one."""
        cell = cells[column]
        if "," in cell and self.delimiter != ",":
            cell = cell.replace(",", ".", 1)
        if "_" not in cell:
            try:
                return float(cell)
            except ValueError:
                pass
        return float(self.numbers(number, line, cells, column, missing=False)[0])

    def is_number(self, cell: str) -> bool:
        """Whether a cell is a number as this file writes them."""
        if self.decimal == ",":
            if "." in cell:
                return False
            cell = cell.replace(",", ".", 1)
        return is_number(cell)


def is_number(cell: str) -> bool:
    """Whether a cell is a number with a decimal point."""
    try:
        float(cell)
    except ValueError:
        return False
    return "_" not in cell


def _decoded(line: bytes, encoding: str, *, first: bool) -> str:
    try:
        text = line.decode("utf-8-sig" if first else "utf-8")
    except UnicodeDecodeError:
        text = line.decode(encoding, errors="replace")
    text = text.rstrip("\r\n")
    if first and _SEPARATOR.fullmatch(text.strip()):
        return ""
    # remarks hold JSON, whose quotes stay
    return _QUOTED.sub(r"\1", text) if '"' in text and not text.lstrip().startswith("#") else text
