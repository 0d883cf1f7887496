# SPDX-License-Identifier: BSD-3-Clause
"""Settings that instruments write as text above or below the data."""

from __future__ import annotations

import re

# "Exposure Time (secs): 0.5", "Delay = 2", "[Comments]", ">>>>>End Spectral Data<<<<<": a word before a sign,
# so that neither "nan" nor a column of names is taken for one.
_ENTRY = re.compile(r"\s*(?:\[\D[^\]]*\]\s*$|>{3,}|[^\W\d][^\t;,:=]*[:=])")
_PAIR = re.compile(r"\s*([^\W\d][^\t;:=,]*?)\s*[:=\t;,]\s*(.*?)[\s;,]*$")


def is_entry(line: str) -> bool:
    """Whether a line is a setting with its name, or opens or closes a section of them."""
    return _ENTRY.match(line) is not None


def entry(line: str) -> tuple[str, str] | None:
    """Name and value of a setting; None for titles of sections and other text."""
    if re.match(r"\s*(?:\[|>{3,}|[+*=-]{3,}|//)", line):
        return None
    found = _PAIR.match(line)
    return (found[1].strip(" \"'"), found[2].strip(" \"'")) if found else None


def entries(lines: list[str]) -> dict[str, str]:
    """All settings of a header."""
    found = [pair for line in lines if (pair := entry(line))]
    return dict(found)
