# SPDX-License-Identifier: BSD-3-Clause
"""Tables of figures, as text and as Markdown, and who leads in them."""

from __future__ import annotations

import math
from itertools import groupby
from typing import Any

from _methods import OURS, OWN

Row = dict[str, Any]

# heading, digits, whether more is better (None: nothing to win)
COLUMNS: dict[str, tuple[str, int, bool | None]] = {
    "gap_mae_meV": ("gap", 1, False),
    "gap_worst_meV": ("worst gap", 1, False),
    "learned_gap_mae_meV": ("learned gap", 1, False),
    "learned_gap_worst_meV": ("worst", 1, False),
    "vbm_mae_meV": ("VBM", 1, False),
    "cbm_mae_meV": ("CBM", 1, False),
    "r2": ("R2", 4, True),
    "mae": ("MAE", 3, False),
    "relative_l1_percent": ("L1 %", 2, False),
    "wasserstein_meV": ("W1", 1, False),
    "negative_percent": ("neg. %", 1, False),
    "in_gap_percent": ("in gap %", 2, False),
    "seconds_per_fold": ("s/fold", 2, None),
}
JUDGED = {"gap_mae_meV": "gap", "learned_gap_mae_meV": "learned gap", "wasserstein_meV": "W1", "r2": "R2"}
LEGEND = """\
gap, VBM, CBM: mean absolute errors of edges read from curves [meV]; worst gap: the largest of them. Learned
gap: mean absolute error of the gap learned from eigenvalues [meV]; worst: the largest of them. R2: mean over
curves. MAE [states/eV/cell, or the table's unit]. L1: sum of absolute errors over sum of densities. W1:
Wasserstein-1 distance [meV]. neg.: share of negative densities. In gap: mean size of the predicted density
more than 0.2 eV inside the true gap, over the mean of the true curve. s/fold: processor time to fit and
predict one fold [s], with the inner cross-validation that chooses settings."""


def tables(rows: list[Row], markdown: bool) -> str:
    """Give one table per data set, split and choice of held-out states, with a legend."""
    blocks = []
    for key, block in groupby(rows, lambda row: (row["data"], row["split"], row["held_out"])):
        some = list(block)
        title = f"{key[0]}, {key[1]}: {heading(some[0])}"
        blocks.append("\n".join([f"**{title}**\n" if markdown else title, *body(some, markdown)]))
    return "\n\n".join([*blocks, LEGEND])


def heading(row: Row) -> str:
    """Name the held-out states a table is about, with how many of them lie inside the hull."""
    if row["held_out"] == "inside":
        share = f"{row['predictions']} of {row['predictions_all']} predictions, {row['states']} states"
        return f"held-out states inside the hull of their training states ({share})"
    share = f"{row['predictions']} predictions, {row['states']} states"
    if row["predictions_inside"] is not None:
        share += f"; {row['predictions_inside']} predictions inside the hull of the training states"
    return f"all held-out states ({share})"


def body(rows: list[Row], markdown: bool) -> list[str]:
    """Give the lines of one table."""
    shown = [key for key in COLUMNS if any(row[key] is not None for row in rows)]
    width = max(len(row["method"]) for row in rows)
    lines = []
    if markdown:
        lines.append("| method | " + " | ".join(COLUMNS[key][0] for key in shown) + " |")
        lines.append("|---|" + "---|" * len(shown))
    else:
        lines.append(f"  {'method':{width}}" + "".join(f"{COLUMNS[key][0]:>12}" for key in shown))
    for row in rows:
        cells = [cell(row, key, rows if markdown and len(rows) > 1 else None) for key in shown]
        name = f"**{row['method']}**" if markdown and row["method"] in OWN else row["method"]
        if markdown:
            lines.append(f"| {name} | " + " | ".join(cells) + " |")
        else:
            lines.append(f"  {name:{width}}" + "".join(f"{text:>12}" for text in cells))
    return lines


def cell(row: Row, key: str, rows: list[Row] | None) -> str:
    """Give one number as text, in bold if it is the best of `rows` as shown."""
    _, digits, more = COLUMNS[key]
    if row[key] is None:
        return "-"
    text = f"{row[key]:.{digits}f}"
    if rows is None or more is None:
        return text
    return f"**{text}**" if text == f"{best(rows, key)[key]:.{digits}f}" else text


def best(rows: list[Row], key: str) -> Row:
    """Give the row that leads in a column."""
    sign = -1 if COLUMNS[key][2] else 1
    known = [row for row in rows if row[key] is not None and not math.isnan(row[key])]
    return min(known or rows, key=lambda row: sign * (row[key] if known else 0))


def leads(rows: list[Row]) -> str:
    """State for each data set, split and setting where DOSRegressor leads, and who leads elsewhere."""
    lines = []
    for key, block in groupby(rows, lambda row: (row["data"], row["split"], row["held_out"])):
        some = list(block)
        others = [row for row in some if row["method"] not in OWN]
        own = [row for row in some if row["method"] in OWN]
        for ours in own if others else []:
            verdicts = [verdict(others, ours, column) for column in JUDGED if ours[column] is not None]
            setting = ours["method"].removeprefix(OURS)
            lines.append(f"{key[0]}, {key[1]}, {key[2]}{setting}: " + "; ".join(verdicts))
    return "\n".join(lines)


def verdict(others: list[Row], ours: Row, key: str) -> str:
    """Compare DOSRegressor with the best of the others in one figure."""
    name, digits = JUDGED[key], COLUMNS[key][1]
    known = [row for row in others if row[key] is not None]
    if not known:
        return f"{name}: no other method"
    other = best(known, key)
    figures = f"{ours[key]:.{digits}f} against {other[key]:.{digits}f} of {other['method']}"
    return f"{name}: {'leads' if best([ours, other], key) is ours else 'BEHIND'}, {figures}"
