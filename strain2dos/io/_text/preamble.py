# SPDX-License-Identifier: BSD-3-Clause
"""Headers that instruments write as text above the numbers, without a # in front."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable

from strain2dos.io._text.lines import Source, is_number
from strain2dos.io._text.logs import entries, is_entry

Opening = list[tuple[int, str]]

#: Lines and characters within which a header ends.
_LINES, _CHARACTERS = 400, 2**16
#: Units of the spectral axis as instruments write them.
AXIS_UNITS = {"1/cm": "cm-1", "rel. 1/cm": "cm-1", "cm-1": "cm-1", "nanometers": "nm", "raman shift": "cm-1"}
#: OceanView's names of its axis; absolute wavenumbers are no Raman shifts.
_MODES = {"raman": "cm-1", "wavelength": "nm", "wavenumber": "absolute 1/cm", "pixel": "pixels"}

#: How Windows writes text at the places that JASCO's LOCALE names by number (Japan, China, Taiwan, Korea).
_ENCODINGS = {"1041": "cp932", "2052": "gb18030", "1028": "cp950", "1042": "cp949"}


def opening(source: Source) -> Opening:
    """Return the first lines of a file, as many as a header may have."""
    found, size = [], 0
    for number, line in itertools.islice(source.raw_lines(), _LINES):
        found.append((number, line))
        size += len(line)
        if size > _CHARACTERS:
            break
    return found


def skip_preamble(source: Source, lines: Opening) -> str:
    """Move an instrument's header into ``source.header`` and start below it.

    Parameters
    ----------
    source : Source
        The file; its header, units and first line of numbers are set.
    lines : list of (int, str)
        Its first lines.

    Returns
    -------
    str
        What wrote the file, in words; empty where no such header is found.
    """
    for known in (_witec, _ocean, _jasco, _plain, _beside):
        if found := known(source, lines):
            return found
    return ""


def _witec(source: Source, lines: Opening) -> str:
    start = _find(lines, lambda line: line.strip().lower() == "[data]")
    if not lines or not lines[0][1].startswith(("//Exported", "[Header]", "[WITec")):
        return ""
    if start is None:
        raise ValueError(
            f"{source.path} is the header of a WITec export into three files, without data; export a table, "
            "or one file with the header."
        )
    header = entries([line for _, line in lines[:start]])
    body = [(number, line) for number, line in lines[start + 1 :] if line.strip()]
    names = list(itertools.takewhile(lambda item: not _numeric(item[1]), body))
    if names:
        source.names = [name.strip() for name in re.split(r"[\t,;]", names[0][1])]
    unit = header.get("XAxisUnit", "").strip()
    _state(source, header, unit, header.get("DataUnit", ""))
    source.begin = names[-1][0] if names else lines[start][0]
    return "WITec text with its header"


def _ocean(source: Source, lines: Opening) -> str:
    start = _find(lines, lambda line: re.match(r">{3,}\s*Begin.*Data", line) is not None)
    if start is None:
        return ""
    header = entries([line for _, line in lines[:start]])
    mode = next((value for key, value in header.items() if key.lower() == "xaxis mode"), "wavelength").lower()
    _state(source, header, next((unit for word, unit in _MODES.items() if word in mode), mode), "counts")
    source.begin = lines[start][0]
    return "Ocean Optics text (SpectraSuite, OceanView)"


def _jasco(source: Source, lines: Opening) -> str:
    start = _find(lines, lambda line: line.strip(" \t,;").upper() == "XYDATA")
    if start is None:
        return ""
    header = entries([line for _, line in lines[:start]])
    stated = header.get("XUNITS", "")
    inside = re.search(r"[\[(](.+?)[\])]", stated)
    _state(source, header, inside[1] if inside else stated, header.get("YUNITS", ""))
    source.begin = lines[start][0]
    source.encoding = _ENCODINGS.get(header.get("LOCALE", ""), source.encoding)
    return "JASCO text"


def _plain(source: Source, lines: Opening) -> str:
    """Two or more settings with their names above the numbers, whoever wrote them."""
    filled = _filled(lines)
    above = list(itertools.takewhile(lambda item: is_entry(item[1]) and not _table(item[1]), filled))
    if len(above) < 2 or len(above) == len(filled):
        return ""
    source.header |= entries([line for _, line in above])
    source.begin = above[-1][0]
    return "text with settings above the numbers"


def _beside(source: Source, lines: Opening) -> str:
    """Two or more settings beside their names, above two columns of numbers alone."""
    filled = _filled(lines)
    above = list(itertools.takewhile(lambda item: re.match(r"\s*[^\W\d]", item[1]) is not None, filled))
    below = [line for _, line in filled[len(above) :]]
    if len(below) < 2 or not all(_numeric(line) and len(_pair(line)) == 2 for line in below):
        return ""
    if above and not is_number(_pair(above[-1][1])[-1] or "0"):
        above.pop()  # names of the columns
    if len(above) < 2 or any(len(_pair(line)) != 2 for _, line in above):
        return ""
    source.header |= entries([line for _, line in above])
    source.begin = above[-1][0]
    return "text with settings above the numbers"


def _filled(lines: Opening) -> Opening:
    """Lines that are neither blank nor remarks."""
    return [(number, line) for number, line in lines if line.strip() and not line.lstrip().startswith("#")]


def _pair(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"[\t;]", line)]


def _state(source: Source, header: dict[str, str], axis: str, intensity: str) -> None:
    source.header |= header
    if axis:
        source.header["units[shift]"] = AXIS_UNITS.get(axis.lower(), axis)
    if intensity:
        source.header["units[intensity]"] = intensity


def _find(lines: Opening, test: Callable[[str], bool]) -> int | None:
    return next((i for i, (_, line) in enumerate(lines) if test(line)), None)


def _numeric(line: str) -> bool:
    cells = [cell for cell in re.split(r"[\t;,\s]+", line) if cell]
    return bool(cells) and all(is_number(cell) for cell in cells)


def _table(line: str) -> bool:
    """Whether a line is a row of a table, whose names may hold a colon, rather than a setting."""
    return sum(is_number(cell) for cell in re.split(r"[\t;,]", line)) > 2
