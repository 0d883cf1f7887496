# SPDX-License-Identifier: BSD-3-Clause
"""Results as one line, and as a small table in a notebook."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import ArrayLike


def one_line(title: str, head: str, rows: Mapping[str, str]) -> str:
    """Write ``Title(head; name value; ...)``.

    Examples
    --------
    >>> from strain2dos._reprs import one_line
    >>> one_line("SpectraFit", "2 spectra", {"E'_center": "384.10 cm-1"})
    "SpectraFit(2 spectra; E'_center 384.10 cm-1)"
    """
    return f"{title}({'; '.join([head, *(f'{name} {value}' for name, value in rows.items())])})"


def table(title: str, head: str, rows: Mapping[str, str]) -> str:
    """Write the same as an HTML table that takes the colors of the page."""
    lines = [
        f'<tr><th style="text-align:left">{escape(name)}</th>'
        f'<td style="text-align:left">{escape(value)}</td></tr>'
        for name, value in rows.items()
    ]
    caption = f'<caption style="text-align:left"><b>{escape(title)}</b> {escape(head)}</caption>'
    return f"<table>{caption}<tbody>{''.join(lines)}</tbody></table>"


def counted(words: Sequence[str]) -> str:
    """Count equal words, the most frequent first.

    Examples
    --------
    >>> from strain2dos._reprs import counted
    >>> counted(["fitted", "a line is lost in the noise", "fitted"])
    '2 fitted, 1 a line is lost in the noise'
    """
    names, counts = np.unique(np.asarray(words, dtype=str), return_counts=True)
    order = np.lexsort((names, -counts))
    return ", ".join(f"{counts[k]} {names[k]}" for k in order)


def span(values: ArrayLike, unit: str = "", digits: int = 3) -> str:
    """Write the median of finite values and the span of their middle 90 %.

    Examples
    --------
    >>> from strain2dos._reprs import span
    >>> span([1.5, 1.6, 1.7, float("nan")], "eV", 2)
    '1.60 (1.51 to 1.69) eV'
    >>> span([1.5], "eV", 2), span([], "eV")
    ('1.50 eV', 'none')
    """
    found = np.asarray(values, dtype=float).ravel()
    found = found[np.isfinite(found)]
    if not found.size:
        return "none"
    low, middle, high = np.quantile(found, [0.05, 0.5, 0.95])
    text = f"{middle:.{digits}f}"
    if found.size > 1:
        text += f" ({low:.{digits}f} to {high:.{digits}f})"
    return f"{text} {unit}".strip()
