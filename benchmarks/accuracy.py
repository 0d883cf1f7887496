# SPDX-License-Identifier: BSD-3-Clause
"""How well strain states that were left out are predicted, for DOSRegressor and its peers.

One table over data sets, splits and methods. Run as

    python benchmarks/accuracy.py [--skip-pair-network] [--markdown] [--records FOLDER]

Splits: each strain state left out once (loo); a fifth of the states at a time (5-fold, in several orders);
the corners of the hull of all states one at a time (ends), where every method extrapolates. Splits called
leaky put points of one curve on both sides: they show what a random split makes a method look like, not how
it predicts. ``--table`` names a table in the layout of the original notebooks (default:
``upstream/train_dos.csv`` in the folder STRAIN2DOS_REFERENCE; left out where there is none). Predictions of
each fold are kept in ``benchmarks/output/folds`` for as long as the code that made them stays the same, so an
interrupted run goes on where it stopped.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _folds import predict_fold, together
from _merit import figures
from _methods import PAIRS, methods
from _splits import LEAKY_PAIRS, Fold, Split, inside_training_hull, splits
from _tables import leads, tables
from _tasks import Task, tasks
from tqdm import tqdm

HERE = Path(__file__).parent
Job = tuple[Task, Split, str]


def main(arguments: Sequence[str] | None = None) -> None:
    options = parse(arguments)
    jobs = plan(options)
    rows: list[dict[str, Any]] = []
    total = sum(len(split.folds) for _, split, _ in jobs)
    with tqdm(total=total, leave=False, mininterval=1.0, dynamic_ncols=True, unit="fold") as bar:
        for job in jobs:
            bar.set_description_str(" | ".join([job[0].name, job[1].name, job[2]]), refresh=False)
            rows += run(*job, options, bar)
    # methods of one table stand together, all held-out states before those inside the hull
    order = {(row["data"], row["split"], row["held_out"]): i for i, row in reversed([*enumerate(rows)])}
    rows.sort(key=lambda row: order[row["data"], row["split"], row["held_out"]])
    print(tables(rows, options.markdown))
    print("\n" + leads(rows))
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "accuracy.json").write_text(json.dumps(finite(rows), indent=1) + "\n")


def parse(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    folder = os.environ.get("STRAIN2DOS_REFERENCE")
    default = Path(folder) / "upstream" / "train_dos.csv" if folder else None
    parser.add_argument("--table", type=Path, default=default, help="DOS table of the original notebooks")
    parser.add_argument("--records", type=Path, help="folder of records instead of the bundled set")
    for name, what in {"data": "data sets", "splits": "splits", "only": "methods"}.items():
        parser.add_argument(f"--{name}", nargs="+", help=f"keep {what} whose name holds one of these words")
    parser.add_argument(
        "--folds", type=int, help="run this many folds per split, but all where folds share curves"
    )
    parser.add_argument("--shuffles", type=int, default=3, help="repeat 5-fold in this many orders of states")
    parser.add_argument("--skip-pair-network", action="store_true", help="leave out the minutes-long network")
    parser.add_argument(
        "--pair-network-everywhere",
        action="store_true",
        help="run it on first-principles sets too: a day or more",
    )
    parser.add_argument("--fresh", action="store_true", help="forget kept predictions")
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    parser.add_argument("--output", type=Path, default=HERE / "output", help="folder of what is written")
    options = parser.parse_args(arguments)
    if options.table is not None and not options.table.exists():
        parser.error(f"{options.table} does not exist; pass --table or set STRAIN2DOS_REFERENCE.")
    return options


def plan(options: argparse.Namespace) -> list[Job]:
    """List what is to be run: data set, split and method."""

    def wanted(name: str, words: list[str] | None) -> bool:
        return words is None or any(word.lower() in name.lower() for word in words)

    def affordable(task: Task, method: str) -> bool:
        if method != PAIRS:
            return True
        return not options.skip_pair_network and (task.one_feature or options.pair_network_everywhere)

    return [
        (task, split._replace(folds=folds_of(split, options.folds)), method)
        for task in tasks(options.table, options.records)
        if wanted(task.name, options.data)
        for split in splits(task, options.shuffles)
        if wanted(split.name, options.splits)
        for method in methods(task, split)
        if wanted(method, options.only) and affordable(task, method)
    ]


def folds_of(split: Split, most: int | None) -> list[Fold]:
    """Give the first folds of a split; all of them where a curve is put together from all folds."""
    return split.folds if split.name == LEAKY_PAIRS else split.folds[:most]


def run(
    task: Task, split: Split, method: str, options: argparse.Namespace, bar: tqdm
) -> list[dict[str, Any]]:
    """Predict all folds and return the rows of the table: all held-out states, and those inside the hull."""
    cache = options.output / "folds"
    found, seconds = zip(
        *(predict_fold(task, split, method, fold, cache, options.fresh, bar) for fold in split.folds),
        strict=True,
    )
    rows, answer = together(task, split, found)
    choices = {"all": np.ones(len(rows), dtype=bool)}
    share = {"predictions_all": len(rows), "predictions_inside": None}
    if not split.leaky:
        inside = np.concatenate([inside_training_hull(task, fold) for fold in split.folds])
        share["predictions_inside"] = int(inside.sum())
        # with none inside there is nothing to show, with all of them the table would stand there twice
        choices |= {"inside": inside} if 0 < inside.sum() < len(rows) else {}
    head = {"data": task.name, "split": split.name, "leaky": split.leaky, "method": method}
    tail = {**share, "folds": len(split.folds), "seconds_per_fold": float(np.mean(seconds))}
    answers = []
    for name, some in choices.items():
        edges = None if answer.edges is None else answer.edges[some]
        merit = figures(task, rows[some], answer.curves[some], edges)
        answers.append({**head, "held_out": name, **merit, **tail})
    return answers


def finite(value: Any) -> Any:
    """Give null for what JSON has no number for: errors of edges that were not found are infinite."""
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


if __name__ == "__main__":
    main()
