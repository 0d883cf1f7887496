# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos report``: the page that shows a run, from the files of its folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strain2dos.cli._common.console import examples, guarded, refuse_to_overwrite, wrote
from strain2dos.cli._common.options import Debug, Force
from strain2dos.cli._common.progress import clock
from strain2dos.cli._report.places import At, Line, Places, Width
from strain2dos.cli._report.spectra import SPECTRA

if TYPE_CHECKING:
    from strain2dos.explain import ReportFigure

EXAMPLES = examples(
    "strain2dos report demo-output",
    "strain2dos report out/ --profile 2,5,9,5 --width 1 --at 3.1,4.0 --at 6.5,4.2",
)
METRICS, PAGE = "metrics.json", "report.html"
# Figures whose maps stand on the page, where they follow its colors and can be clicked.
_DRAWN = ("band_edges_map.png",)


@guarded
def report(
    run: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of a demo or map run.")],
    profile: Line = None,
    width: Width = None,
    at: At = None,
    force: Force = False,
    debug: Debug = False,
) -> None:
    """Write report.html again from the map, the figures and the metrics of a run.

    With --profile and --at it also writes what the map holds along a line (profile.csv) and at points
    (points.csv, points_dos.csv), and shows both.

    With the extra "report" installed (pip install "strain2dos[report]"), a click on a pixel of the page shows
    its numbers, its spectrum and its density of states.
    """
    places = Places.of(profile, width, at)
    refuse_to_overwrite([run / name for name in places.files], force=force, inputs=[])
    with clock(f"writing {run / PAGE}", quiet=False):
        written = build_report(run, places)
    for path in written:
        wrote(path)


def write_metrics(
    folder: Path,
    *,
    command: str,
    settings: Mapping[str, Any],
    merit: Mapping[str, Any],
    seconds: Mapping[str, float],
    files: Mapping[str, str],
) -> Path:
    """Write figures of merit, settings, timings, versions and the checksums of the other outputs as JSON."""
    from strain2dos._files import replacing
    from strain2dos.io._models.model_file import versions

    content = {
        "command": command,
        "settings": dict(settings),
        "versions": versions(),
        "seconds": dict(seconds),
        "merit": dict(merit),
        "files": dict(files),
    }
    with replacing(folder / METRICS) as part:
        part.write_text(json.dumps(content, indent=1))
    return folder / METRICS


def build_report(folder: Path, places: Places | None = None) -> list[Path]:
    """Write ``report.html`` of a run from its map, metrics and figures, and what was asked of places.

    Returns what was written, the page last.

    Raises
    ------
    FileNotFoundError
        If the folder holds no run, or its map or a figure of it is missing.
    ValueError
        If its metrics are damaged or of an unknown command, or its files are not all of one run.
    """
    from strain2dos._files import check_together
    from strain2dos.cli._report import demo as demo_page
    from strain2dos.cli._report import map as map_page

    metrics = read_metrics(folder)
    pages = {"demo": demo_page, "map": map_page}
    if metrics["command"] not in pages:
        raise ValueError(f"{folder / METRICS} is of the command {metrics['command']!r}, which has no report.")
    page = pages[metrics["command"]]
    missing = [name for name, *_ in page.FIGURES if not (folder / name).exists()]
    if missing:
        raise FileNotFoundError(
            f"{folder} lacks {', '.join(missing)}; run `strain2dos {metrics['command']}` again."
        )
    check_together(folder, metrics["files"])
    store = map_page.store_of(folder)
    if store is None:
        raise FileNotFoundError(f"{folder} lacks map.nc; run `strain2dos {metrics['command']}` again.")
    tables = _write_page(folder, store, page, metrics, places or Places())
    return [folder / name for name in (*tables, PAGE)]


def _write_page(
    folder: Path, store: Path, page: ModuleType, metrics: Mapping[str, Any], places: Places
) -> list[str]:
    """Write the page of a run from its map, its spectra where it keeps them, and its figures.

    Returns the tables and pictures of places, which appear together with the page or not at all.
    """
    from contextlib import ExitStack

    import xarray as xr

    from strain2dos._files import replacing, replacing_together
    from strain2dos.report import write_map_report

    with ExitStack() as stack:
        engine = "zarr" if store.suffix == ".zarr" else None
        dataset = stack.enter_context(xr.open_dataset(store, engine=engine))
        spectra = None
        if (folder / SPECTRA).exists():
            spectra = stack.enter_context(xr.open_dataset(folder / SPECTRA)).load()
        beside, tables = folder, places.files_of(dataset)
        if tables:
            beside = stack.enter_context(replacing_together(folder, tables))
            places.write(dataset, beside)
        part = stack.enter_context(replacing(folder / PAGE))
        write_map_report(
            dataset,
            part,
            title=page.TITLE,
            spectra=spectra,
            points=places.points or None,
            text=page.words(metrics),
            tables=page.tables(metrics),
            figures=_figures(folder, page, drawn=_DRAWN if {"vbm", "cbm"} <= set(dataset) else ())
            | places.figures(beside),
            provenance=page.provenance(metrics),
        )
    return tables


def _figures(folder: Path, page: ModuleType, *, drawn: Sequence[str]) -> dict[str, list[ReportFigure]]:
    """Figures of a run by the heading of their section, but for those that the page draws itself."""
    from strain2dos.explain import ReportFigure

    found: dict[str, list[ReportFigure]] = {}
    for name, caption, alt in (*page.FIGURES, *page.OPTIONAL):
        heading = page.SECTIONS.get(name)
        if heading is not None and name not in drawn and (folder / name).exists():
            # a map keeps the colors of its numbers
            lines = "map" not in name
            figure = ReportFigure(folder / name, caption, alt, wide=name in page.WIDE, invert=lines)
            found.setdefault(heading, []).append(figure)
    return found


def read_metrics(folder: Path) -> dict[str, Any]:
    """Read the metrics of a run and check that they are whole."""
    path = folder / METRICS
    if not path.exists():
        raise FileNotFoundError(
            f"{folder} holds no {METRICS}, so it is not a folder of a demo or map run; give the folder "
            "passed to -o."
        )
    try:
        metrics = json.loads(path.read_text())
        lacking = {"command", "settings", "seconds", "merit", "files"} - set(metrics)
    except (json.JSONDecodeError, TypeError) as error:
        raise ValueError(f"{path} is damaged ({error}); run the command again.") from error
    if lacking:
        raise ValueError(f"{path} lacks {sorted(lacking)}; run the command again.")
    return metrics


def register(app: typer.Typer) -> None:
    """Add the command to `app`."""
    app.command("report", epilog=EXAMPLES)(report)
