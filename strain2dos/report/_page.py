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
import numpy as np
import numpy.typing as npt
import xarray as xr

from strain2dos._files import replacing
from strain2dos.explain._report import package_versions, table_of, words_of
from strain2dos.mapping._places import Places, places_of
from strain2dos.mapping._quality import PixelCounts, count_pixels, outside_pixels, refusal
from strain2dos.report import _charts as charts
from strain2dos.report._content import page_content
from strain2dos.report._flags import Flag, flags_of
from strain2dos.report._pictures import pictures
from strain2dos.report._points import Point, chosen_points, where
from strain2dos.report._quantities import Quantity, quantities_of
from strain2dos.report._sentences import sentences
from strain2dos.report._thin import thin_map

_LIGHT = ("A_center", "pl_energy")
_SECOND = ("strain", "strain_biaxial", "shear", "doping", "gap_direct", *_LIGHT)
# Heading of the section of figures that maps of light join.
_LIGHT_HEADING = "Photoluminescence"

_CALIBRATION = {
    "reference": "Reference line of the axis",
    "unstrained_positions": "Positions of the unstrained layer",
    "scissor": "Absolute gap",
}


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

    The first screen shows the gap with its error and says in three sentences what it is. A click on a pixel
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
        The file written. Maps with many pixels are thinned until the page is light, and the page says so.

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
    >>> gap = xr.DataArray(np.linspace(1.5, 1.7, 12).reshape(3, 4), dims=("y", "x"), attrs={"units": "eV"})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     page = write_map_report(xr.Dataset({"gap": gap}), f"{folder}/report.html", interactive=False)
    ...     print("The band gap is 1.600 eV" in page.read_text(encoding="utf-8"))
    True
    """
    if interactive is None:
        interactive = charts.available()
    elif interactive and not charts.available():
        raise ImportError(
            'charts to click need Bokeh; run pip install "strain2dos[report]", or pass interactive=False.'
        )
    dataset = _ascending(dataset)
    thinned = thin_map(dataset)
    shown = thinned.dataset
    if spectra is not None:
        spectra = thin_map(_ascending(spectra)).dataset
    places = places_of(shown)
    quantities = quantities_of(shown, places)
    if not quantities:
        raise ValueError(
            f"the Dataset has no quantity over {places.dims} to show; it has "
            f"{sorted(map(str, dataset.data_vars))}."
        )
    lead = next(iter(quantities))
    full = quantities_of(dataset, places_of(dataset))
    counts = count_pixels(dataset, lead)
    flags = flags_of(dataset, places_of(dataset))
    trusted = _trusted(shown, places, quantities[lead])
    found = chosen_points(quantities, places, trusted, points)
    warning = refusal(dataset, lead)
    lit = _LIGHT_HEADING in (figures or {})
    page: dict[str, Any] = {
        "title": title,
        "warning": warning,
        "sentences": sentences(dataset, full, counts, _trusted(dataset, places_of(dataset), full[lead])),
        "remarks": [] if warning else _remarks(dataset),
        "paragraphs": list(text),
        "light": dataset.attrs.get("pl_comparison"),
        "unit": "px" if places.unit in ("pixel", "px") else places.unit,
        "kind": places.kind,
        "quantities": quantities,
        "lead": lead,
        "second": [name for name in _SECOND if name in quantities and not (lit and name in _LIGHT)],
        "light_maps": [name for name in _LIGHT if lit and name in quantities],
        "point_tables": _point_table(found, places, quantities),
        "figures": figures or {},
        "tables": [table_of(name, table) for name, table in _tables(counts, full, flags, tables)],
        "provenance": {name: words_of(value) for name, value in (provenance or {}).items()},
        "calibration": _calibration(dataset),
        "versions": package_versions(),
        "has_dos": "dos" in shown,
        "has_dos_std": "dos_std" in shown,
        "has_spectra": spectra is not None,
        "notes": list(thinned.notes),
        "interactive": interactive,
    }
    if interactive:
        content, notes = page_content(shown, places, quantities, spectra)
        page["notes"] += notes
        page["data"] = _in_script(json.dumps(content, separators=(",", ":"), ensure_ascii=False))
        drawn = _charts(shown, places, quantities, lead, found, page)
        page["items"] = _in_script(charts.embedded(drawn))
        page["library"] = charts.library()
    page["pictures"] = pictures(shown, places, quantities, found, only_lead=interactive)
    target = Path(path)
    with replacing(target) as part:
        part.write_text(_template().render(page), encoding="utf-8", newline="\n")
    return target


def _charts(
    dataset: xr.Dataset,
    places: Places,
    quantities: dict[str, Quantity],
    lead: str,
    points: list[Point],
    page: Mapping[str, Any],
) -> dict[str, Any]:
    shape = (dataset.sizes["y"], dataset.sizes["x"]) if places.kind == "grid" else (1, places.x.size)
    found: dict[str, Any] = {}
    names = [lead, *(name for name in (*page["second"], *page["light_maps"]) if name != lead)]
    for name in names:
        quantity = quantities[name]
        label = f"{quantity.label} ({quantity.unit})" if quantity.unit else quantity.label
        found[f"map-{name}"] = charts.map_chart(f"map-{name}", quantity, places, shape, label)
    main = quantities[lead]
    if main.std is not None and places.kind in ("grid", "sites"):
        error = Quantity(f"{lead}_std", f"Error of {main.label}", main.unit, main.std, None, False)
        label = f"Standard deviation ({main.unit})"
        found["map-error"] = charts.map_chart("map-error", error, places, shape, label)
    if page["has_dos"]:
        label = "DOS (states/eV/cell)"
        found["dos"] = charts.line_chart("dos", "Energy (eV)", label, curves=("DOS",))
        energies = np.asarray(dataset["energy"].values if "energy" in dataset.coords else ())
        if points and energies.size:
            curves = {point.label: _curves_at(dataset, places, point.pixel) for point in points}
            found["points"] = charts.points_chart(energies, curves)
    if page["has_spectra"]:
        found["spectrum"] = charts.line_chart(
            "spectrum", "Raman shift (cm⁻¹)", "Intensity (counts)", curves=("measured", "fit"), band=False
        )
    if places.kind == "grid":
        found["profile"] = charts.line_chart("profile", "Distance", main.label, curves=("mean",))
    return found


def _curves_at(dataset: xr.Dataset, places: Places, pixel: int) -> tuple[np.ndarray, np.ndarray | None]:
    rows = [
        dataset[name].transpose(*places.dims, "energy").values.reshape(-1, dataset.sizes["energy"])[pixel]
        if name in dataset
        else None
        for name in ("dos", "dos_std")
    ]
    return np.asarray(rows[0], dtype=float), None if rows[1] is None else np.asarray(rows[1], dtype=float)


def _ascending(dataset: xr.Dataset) -> xr.Dataset:
    """Sort the rows and columns of a map by position."""
    if not {"y", "x"} <= set(dataset.dims):
        return dataset
    return dataset.sortby([dim for dim in ("y", "x") if dim in dataset.coords])


def _trusted(dataset: xr.Dataset, places: Places, quantity: Quantity) -> np.ndarray:
    """Pixels (n,) with a result inside of what the model knows."""
    known = np.isfinite(quantity.values)
    if "status" in dataset:
        known &= dataset["status"].transpose(*places.dims).values.ravel() == 0
    outside = outside_pixels(dataset)
    return known if outside is None else known & ~outside.transpose(*places.dims).values.ravel()


def _point_table(points: list[Point], places: Places, quantities: dict[str, Quantity]) -> dict[str, Any]:
    """Position and quantities of each chosen point."""
    header = ["", *(point.label for point in points)]
    rows = [("position", [where(places, point.pixel) for point in points])]
    for quantity in quantities.values():
        std = quantity.std
        cells = [
            quantity.format(float(quantity.values[k]), None if std is None else float(std[k]))
            for k in (point.pixel for point in points)
        ]
        rows.append((quantity.label, cells))
    return {"caption": "Chosen points", "header": header, "rows": rows if points else []}


def _tables(
    counts: PixelCounts,
    quantities: dict[str, Quantity],
    flags: list[Flag],
    tables: Mapping[str, Any] | None,
) -> list[tuple[str, Any]]:
    """Counts by reason, quantities over all pixels with a result, then the tables of the caller."""
    pixels = {counts.noun: counts.total, "without a result": counts.n_without}
    pixels |= {f"… {words}": n for words, n in counts.without.items() if words}
    pixels |= {"outside of what the model knows": counts.n_outside}
    pixels |= {f"… {words}": n for words, n in counts.outside.items()}
    spread = {}
    for quantity in quantities.values():
        known = quantity.values[np.isfinite(quantity.values)]
        if known.size:
            low, middle, high = np.quantile(known, [0.05, 0.5, 0.95])
            unit = f" ({quantity.unit})" if quantity.unit else ""
            spread[f"{quantity.label}{unit}"] = f"{low:.4g}, {middle:.4g}, {high:.4g}".replace("-", "\u2212")
    return [
        (counts.noun.capitalize(), pixels),
        ("5 %, median, 95 % of all results", spread),
        *((flag.label.capitalize(), flag.counts()) for flag in flags),
        *(tables or {}).items(),
    ]


def _remarks(dataset: xr.Dataset) -> list[str]:
    """Sentences that the map carries on its quantities, such as a contrast below the errors."""
    found = [values.attrs.get("remark") for values in dataset.data_vars.values()]
    return [f"{words[:1].upper()}{words[1:]}" for words in map(str, filter(None, found))]


def _calibration(dataset: xr.Dataset) -> list[str]:
    """Sentences on what all pixels share."""
    found = []
    attrs = dataset["gap"].attrs if "gap" in dataset else {}
    if attrs.get("common_error"):
        source = f" ({attrs['common_error_of']})" if attrs.get("common_error_of") else ""
        found.append(
            f"{1e3 * float(attrs['common_error']):.0f} meV of error are common to the gaps of all "
            f"pixels{source}: it moves the whole map, and no difference within it."
        )
    for key, words in _CALIBRATION.items():
        if value := dataset.attrs.get(key):
            found.append(f"{words}: {value}.")
    return found


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
