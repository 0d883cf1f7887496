# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos map FLAKE``: spectra to strain, doping and gaps, by the model that comes with the package."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from strain2dos.cli._common.console import say
from strain2dos.cli._common.progress import clock
from strain2dos.cli._common.wording import in_options
from strain2dos.cli._map.files import BAND_EDGES, DOS, RunFolder, say_what_is_wrong
from strain2dos.cli._map.options import FlakeOptions
from strain2dos.cli._report.spectra import SPECTRA, spectra_wanted

if TYPE_CHECKING:
    import xarray as xr

    from strain2dos.mapping._flake.prepared import PreparedFlake

# Name, factor and unit of the quantities that the command prints.
_PRINTED = (
    ("strain", 1e2, "%"),
    ("doping", 1.0, "x 1e13 electrons/cm2"),
    ("gap", 1.0, "eV"),
    ("gap_direct", 1.0, "eV"),
)


def run_flake(
    source: Path, model: Path | None, options: FlakeOptions, folder: RunFolder, *, curves: bool
) -> None:
    """Map a file of spectra and write the files of the run."""
    with clock("loading the package", quiet=folder.quiet):
        sample = options.sample()
        names = _output_names(options, folder, curves=curves)
        folder.refuse(names, inputs=[model, source, options.pl])
    start = time.perf_counter()
    flake, prepared = _mapped(source, model, options, quiet=folder.quiet)
    seconds = {"map": round(time.perf_counter() - start, 3)}
    if "strain" not in flake:
        names.remove("strain_map.png")
    if "pl_slope" not in flake.attrs and "pl_comparison.png" in names:
        names.remove("pl_comparison.png")
    if not folder.quiet:
        say(f"writing {folder.path}")
    settings = {"model": prepared.name, "map": source.name, **sample, "scissor": options.scissor}
    settings = {name: value for name, value in settings.items() if value is not None}
    fitted = prepared.cube, prepared.pipeline
    merit = folder.write(flake, names, fitted, settings=settings, seconds=seconds)
    folder.name_written(names)
    _print_results(flake)
    say_what_is_wrong(flake, merit, common=False)
    _print_remarks(flake)


def _mapped(
    source: Path, model: Path | None, options: FlakeOptions, *, quiet: bool
) -> tuple[xr.Dataset, PreparedFlake]:
    """Read, fit and map a file of spectra, with the photoluminescence where a file of it was given."""
    if not quiet:
        say(f"reading {source}")
    with clock(f"reading {source}, loading the model", quiet=quiet):
        from strain2dos.io import read_raman
        from strain2dos.mapping import fit_pl
        from strain2dos.mapping._flake.map_flake import map_prepared
        from strain2dos.mapping._flake.prepared import prepare_flake

        prepared = prepare_flake(source, model=model, **options.sample())
    light = None
    if options.pl is not None:
        if not quiet:
            say(f"reading {options.pl}")
        light = fit_pl(read_raman(options.pl), unit=options.pl_unit, progress=not quiet)
    flake = map_prepared(prepared, light, scissor=options.scissor, progress=not quiet)
    if converted := flake.attrs.get("source_converted_from"):
        laser = "of the file" if options.laser_nm is None else f"at {options.laser_nm:g} nm"
        say(f"the axis of {source} is in {converted}; the laser line {laser} converts it to cm-1.")
    flake.attrs |= {"source_model": prepared.name, "source_map": source.name}
    return flake, prepared


def _output_names(options: FlakeOptions, folder: RunFolder, *, curves: bool) -> list[str]:
    names = [DOS, BAND_EDGES] if curves else []
    names += ["flake.csv", folder.store, "gap_map.png", "band_edges_map.png", "strain_map.png"]
    names += ["pl_comparison.png"] if options.pl is not None else []
    return [*names, SPECTRA] if spectra_wanted() else names


def _print_results(flake: xr.Dataset) -> None:
    """Print each quantity with its errors, unless the map as a whole should not be used."""
    if "refusal" in flake.attrs:
        return
    for name, factor, unit in _PRINTED:
        if name in flake and (line := _line(flake, name, factor, unit)):
            typer.echo(line)


def _print_remarks(flake: xr.Dataset) -> None:
    """Print where a contrast is below its error, and the comparison with the photoluminescence."""
    if "refusal" in flake.attrs:
        return
    for name in ("gap", "strain", "doping"):
        if remark := flake.get(name, flake["status"]).attrs.get("remark"):
            say(f"warning: {in_options(remark, {})}")
    if words := flake.attrs.get("pl_comparison"):
        typer.echo(words)


def _line(flake: xr.Dataset, name: str, factor: float, unit: str) -> str:
    """Middle and span of a quantity over the pixels that count, with both errors; empty where it has none."""
    import numpy as np

    use = flake["status"].values == 0
    if "domain_score" in flake:
        use &= flake["domain_score"].values <= 1
    if not np.isfinite(flake[name].values[use]).any():
        return ""
    low, middle, high = factor * np.nanquantile(flake[name].values[use], [0.05, 0.5, 0.95])
    span, pixel, everywhere = f" ({low:.3f} to {high:.3f})", " of a pixel", " to all pixels"
    if use.sum() == 1:
        span = pixel = everywhere = ""
    error = factor * np.nanmedian(flake[f"{name}_std"].values[use])
    line = f"{name:<11} {middle:8.3f}{span} {unit}, error{pixel} {error:.2g}"
    if f"{name}_common_std" in flake:
        common = factor * np.nanmedian(flake[f"{name}_common_std"].values[use])
        line += f", common{everywhere} {common:.2g}"
    functional = flake[name].attrs.get("functional")
    return f"{line} ({functional})" if functional else line
