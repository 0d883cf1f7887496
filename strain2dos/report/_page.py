# SPDX-License-Identifier: BSD-3-Clause
"""The report of a map: a page to read, click through and print."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import numpy.typing as npt
import xarray as xr

from strain2dos._files import check_target, replacing
from strain2dos._plotting.labels import with_minus
from strain2dos._versions import page_versions
from strain2dos.explain._report import table_of, words_of
from strain2dos.mapping._quality import count_pixels, refusal
from strain2dos.report._charts.chart import available, embedded, library
from strain2dos.report._charts.page import page_charts
from strain2dos.report._content import page_content
from strain2dos.report._light import LIGHT_HEADING, with_light
from strain2dos.report._pictures import pictures
from strain2dos.report._points import Point, chosen_points
from strain2dos.report._sections import all_tables, calibration, point_table, remarks
from strain2dos.report._sentences import sentences
from strain2dos.report._thin import thin_map
from strain2dos.report._view import MapView

_LIGHT = ("A_center", "pl_energy")
_SECOND = ("strain", "strain_biaxial", "shear", "doping", "gap_direct", "vbm", "cbm", *_LIGHT)


def write_map_report(
    dataset: xr.Dataset,
    path: str | Path,
    *,
    title: str = "Map of the electronic structure",
    spectra: xr.Dataset | None = None,
    points: npt.ArrayLike | None = None,
    figures: Mapping[str, Sequence[Any]] | None = None,
    text: Sequence[str] = (),
    tables: Mapping[str, Any] | None = None,
    provenance: Mapping[str, Any] | None = None,
    interactive: bool | None = None,
) -> Path:
    """Write a map as one HTML file that needs no other file and no network.

    The first screen shows the gap with its error and three sentences on it. A click on a pixel
    shows its numbers with its status in words, its spectrum with the fit and its density of states with a
    band; a line drawn over the map gives a profile; a slider hatches pixels beyond a threshold of quality.

    Parameters
    ----------
    dataset : Dataset
        A map (y, x), a line scan or sites, as from `SpatialMapper.predict_map`.
    path : path-like
        File to write, such as ``report.html``.
    title : str
        Heading of the page.
    spectra : Dataset, default=None
        Measured spectra and fits of the same pixels, from `spectra_with_fit`.
    points : array-like of shape (n, 2), default=None
        x and y of pixels whose density of states is shown; by default those of the smallest, the middle and
        the largest gap.
    figures : mapping of str to sequence of ReportFigure, default=None
        Further figures by the heading of their section, such as "Photoluminescence".
    text : sequence of str, default=()
        Paragraphs on how the map was made.
    tables : mapping of str to table, default=None
        Caption and DataFrame, or mapping of names to values; shown last.
    provenance : mapping, default=None
        What the map was made from.
    interactive : bool, default=None
        Draw with Bokeh (``pip install "strain2dos[report]"``). By default, where it is installed; without it
        the page has the same sections as pictures.

    Returns
    -------
    Path
        The file written. Maps with many pixels are thinned until the page is light, which the page states.

    Raises
    ------
    ValueError
        If the Dataset has no quantity over its pixels, or `spectra` is of other pixels.
    ImportError
        If `interactive` is True and Bokeh is missing.

    Examples
    --------
    >>> import tempfile, numpy as np, xarray as xr
    >>> from strain2dos.report import write_map_report
    >>> gap = xr.DataArray(
    ...     np.linspace(1.5, 1.7, 12).reshape(3, 4), dims=("y", "x"), attrs={"units": "eV"}
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_map_report(
    ...         xr.Dataset({"gap": gap}), f"{folder}/report.html", interactive=False
    ...     )
    ...     print("The band gap is 1.600 eV" in page.read_text(encoding="utf-8"))
    True
    """
    # refused before the drawing, which takes longer than the look
    check_target(path)
    if interactive is None:
        interactive = available()
    elif interactive and not available():
        raise ImportError(
            'charts to click need Bokeh; run pip install "strain2dos[report]", or pass interactive=False.'
        )
    sections = with_light(figures, dataset)
    whole = MapView.of(_ascending(dataset))
    thinned = thin_map(whole.dataset)
    shown = MapView.of(thinned.dataset)
    if spectra is not None:
        spectra = thin_map(_ascending(spectra)).dataset
    found = chosen_points(shown, points)
    page: dict[str, Any] = {
        "title": title,
        "paragraphs": list(text),
        "figures": sections,
        "provenance": {name: words_of(value) for name, value in (provenance or {}).items()},
        "versions": page_versions(),
        "has_spectra": spectra is not None,
        "notes": list(thinned.notes),
        "interactive": interactive,
        **_of_whole_map(whole, tables),
        **_of_shown_map(shown, found, light_section=LIGHT_HEADING in sections),
    }
    if interactive:
        content, notes = page_content(shown, spectra)
        page["notes"] += notes
        page["data"] = _in_script(json.dumps(content, separators=(",", ":"), ensure_ascii=False))
        names = (*page["second"], *page["light_maps"])
        drawn = page_charts(shown, names, found, with_spectra=spectra is not None)
        page["items"] = _in_script(embedded(drawn))
        page["library"] = library()
    page["pictures"] = pictures(shown, found, only_lead=interactive)
    target = Path(path)
    with replacing(target) as part:
        part.write_text(_template().render(page), encoding="utf-8", newline="\n")
    return target


def _of_whole_map(whole: MapView, tables: Mapping[str, Any] | None) -> dict[str, Any]:
    """Words and numbers of a page that come from all pixels."""
    dataset = whole.dataset
    counts = count_pixels(dataset, whole.lead)
    warning = refusal(dataset, whole.lead)
    return {
        "warning": warning,
        "sentences": sentences(whole, counts, refused=bool(warning)),
        "remarks": [] if warning else remarks(dataset),
        "light": with_minus(dataset.attrs.get("pl_comparison", "")),
        "calibration": calibration(dataset),
        "tables": [table_of(name, table) for name, table in all_tables(whole, counts, tables)],
    }


def _of_shown_map(shown: MapView, points: list[Point], *, light_section: bool) -> dict[str, Any]:
    """What a page shows of the pixels that it keeps."""
    unit, names = shown.places.unit, shown.quantities
    return {
        "unit": "px" if unit in ("pixel", "px") else unit,
        "kind": shown.places.kind,
        "quantities": names,
        "lead": shown.lead,
        "second": [name for name in _SECOND if name in names and not (light_section and name in _LIGHT)],
        "light_maps": [name for name in _LIGHT if light_section and name in names],
        "point_tables": point_table(shown, points),
        "has_dos": "dos" in shown.dataset,
        "has_dos_std": "dos_std" in shown.dataset,
    }


def _ascending(dataset: xr.Dataset) -> xr.Dataset:
    """Sort the rows and columns of a map by position."""
    if not {"y", "x"} <= set(dataset.dims):
        return dataset
    return dataset.sortby([dim for dim in ("y", "x") if dim in dataset.coords])


def _in_script(text: str) -> str:
    """JSON that may stand inside a script element."""
    return text.replace("</", "<\\/")


@cache
def _template() -> jinja2.Template:
    folder = files("strain2dos.report").joinpath("_templates")
    names = ("page.html.j2", "page.css", "page.js")
    loader = jinja2.DictLoader({name: folder.joinpath(name).read_text(encoding="utf-8") for name in names})
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, loader=loader)
    environment.globals["raw"] = {name: loader.mapping[name] for name in names[1:]}
    return environment.get_template("page.html.j2")
