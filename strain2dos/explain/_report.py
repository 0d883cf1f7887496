# SPDX-License-Identifier: BSD-3-Clause
"""Self-contained HTML reports."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import jinja2
import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from strain2dos._files import replacing
from strain2dos._plotting.labels import with_minus
from strain2dos._versions import page_versions

_MEDIA_TYPES = {".png": "image/png", ".svg": "image/svg+xml", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}
# Scatter plots of whole maps make heavy vector files; beyond this a picture of pixels is lighter.
_MAX_SVG_BYTES = 800_000
_PNG_DPI = 200


@dataclass(frozen=True)
class ReportFigure:
    """A figure of a report.

    Attributes
    ----------
    source : Figure, Display or path
        A matplotlib figure, an object with a ``figure_``, or a PNG, SVG or JPEG file.
    caption : str
        What the reader should see in it.
    alt : str or None
        Description for those who cannot see it; the caption by default.
    wide : bool
        Whether it takes the whole width of the page.
    invert : bool
        Whether light and dark may change places on a dark page: right for lines and points on white, wrong
        for photographs and where a color stands for a number.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from strain2dos.explain import ReportFigure
    >>> ReportFigure(Figure(figsize=(1, 1)), "An empty figure.").data_uri()[:25]
    'data:image/svg+xml;base64'
    """

    source: object
    caption: str = ""
    alt: str | None = None
    wide: bool = False
    invert: bool = False

    def data_uri(self) -> str:
        """The image itself as a ``data:`` address.

        Returns
        -------
        str
            The address, with the image in base64.
        """
        source = getattr(self.source, "figure_", self.source)
        if isinstance(source, Figure):
            media, content = _render(source)
        else:
            path = Path(cast("str | Path", source))
            if path.suffix.lower() not in _MEDIA_TYPES:
                raise ValueError(
                    f"a figure must be a matplotlib figure or one of {sorted(_MEDIA_TYPES)}, not {path}."
                )
            media, content = _MEDIA_TYPES[path.suffix.lower()], path.read_bytes()
        return f"data:{media};base64,{base64.b64encode(content).decode()}"


def write_report(
    path: str | Path,
    *,
    title: str,
    figures: Sequence[Any] = (),
    tables: Mapping[str, Any] | Sequence[tuple[str, Any]] = (),
    text: str | Sequence[str] = "",
    provenance: Mapping[str, Any] | None = None,
    tables_heading: str = "Figures of merit",
) -> Path:
    """Write figures, tables and words into one HTML file that needs no other file and no network.

    Parameters
    ----------
    path : str or Path
        File to write, such as ``report.html``.
    title : str
        Heading of the page.
    figures : sequence
        :class:`ReportFigure`, or a figure, Display or path, alone or in a tuple with its caption and alt
        text.
    tables : mapping or sequence of (str, table)
        Caption and table: a DataFrame, or a mapping of names to figures of merit.
    text : str or sequence of str
        Introduction; paragraphs are separated by an empty line, or the items of the sequence.
    provenance : mapping, default=None
        What the results were made from (data, model, seeds), listed with the versions of the packages.
    tables_heading : str, default="Figures of merit"
        Heading over the tables.

    Returns
    -------
    Path
        The file written. The same input gives the same bytes: there is no time stamp in it.

    Examples
    --------
    >>> import tempfile
    >>> from strain2dos.explain import write_report
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     tables = {"Held-out strains": {"gap MAE (meV)": 9.8}}
    ...     page = write_report(f"{folder}/report.html", title="MoS2 flake", tables=tables)
    ...     print("gap MAE (meV)" in page.read_text(encoding="utf-8"))
    True
    """
    paragraphs = text.split("\n\n") if isinstance(text, str) else list(text)
    pairs = tables.items() if isinstance(tables, Mapping) else tables
    page = _template().render(
        title=title,
        paragraphs=[part.strip() for part in paragraphs if part.strip()],
        tables=[table_of(caption, table) for caption, table in pairs],
        figures=[_figure(entry) for entry in figures],
        provenance={name: words_of(value) for name, value in (provenance or {}).items()},
        versions=page_versions(),
        tables_heading=tables_heading,
    )
    target = Path(path)
    with replacing(target) as part:
        part.write_text(page, encoding="utf-8", newline="\n")
    return target


@cache
def _template() -> jinja2.Template:
    source = files("strain2dos.explain").joinpath("_templates/report.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source)


def _figure(entry: object) -> dict[str, Any]:
    figure = entry if isinstance(entry, ReportFigure) else ReportFigure(*_as_tuple(entry))
    return {
        "uri": figure.data_uri(),
        "caption": figure.caption,
        "alt": figure.alt or figure.caption or "Figure",
        "wide": figure.wide,
    }


def _as_tuple(entry: object) -> tuple[Any, ...]:
    return entry if isinstance(entry, tuple) else (entry,)


def _render(figure: Figure) -> tuple[str, bytes]:
    """SVG with fixed names and no date, or PNG where that is lighter."""
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "strain2dos"}):
        figure.savefig(buffer, format="svg", dpi=_PNG_DPI, metadata={"Date": None}, bbox_inches="tight")
    if buffer.tell() <= _MAX_SVG_BYTES:
        return "image/svg+xml", buffer.getvalue()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=_PNG_DPI, bbox_inches="tight")
    return "image/png", buffer.getvalue()


def table_of(caption: str, table: object) -> dict[str, Any]:
    """Header and rows of words; row names come first."""
    if isinstance(table, Mapping):
        rows = [(str(name), [words_of(value)]) for name, value in table.items()]
        return {"caption": caption, "header": [], "rows": rows}
    frame = pd.DataFrame(table)
    named = frame.index.name is not None or not isinstance(frame.index, pd.RangeIndex)
    body = frame if named else frame.set_index(frame.columns[0])
    rows = [
        (words_of(name), [words_of(value) for value in values])
        for name, values in zip(body.index, _rows(body), strict=True)
    ]
    return {"caption": caption, "header": [str(body.index.name or ""), *map(str, body.columns)], "rows": rows}


def _rows(frame: pd.DataFrame) -> Iterable[tuple[Any, ...]]:
    return frame.itertuples(index=False, name=None)


def words_of(value: object) -> str:
    """A value as a reader wants it: four significant digits, a dash where there is none."""
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    if value is None or (isinstance(value, float | np.floating) and np.isnan(value)):
        return "\u2013"
    if isinstance(value, float | np.floating):
        return with_minus(f"{value:.4g}")
    return str(value)
