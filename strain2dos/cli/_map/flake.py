# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos map FLAKE``: spectra to strain, doping and gaps, by the model that comes with the package."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from strain2dos.cli._common.console import refuse_to_overwrite, say
from strain2dos.cli._map.files import name_written, refuse_leftovers, say_what_is_wrong, write_run
from strain2dos.cli._report.spectra import SPECTRA, flake_pipeline, spectra_wanted

if TYPE_CHECKING:
    import xarray as xr

Light = Annotated[
    Path | None,
    typer.Option(
        "--pl", help="Photoluminescence of the flake: a file of spectra, on these pixels or others."
    ),
]
LightUnit = Annotated[
    str | None, typer.Option("--pl-unit", help="Unit of its axis, nm or eV, if not stated.")
]
Reference = Annotated[
    str | None, typer.Option(help="Si: correct the axis of each spectrum by the silicon line.")
]
Unstrained = Annotated[
    str | None,
    typer.Option(help="Positions of the unstrained lines in cm-1, E' and A1': 384.2,403.1", metavar="E,A"),
]
Region = Annotated[
    str | None,
    typer.Option(help="Unstrained place of the map: two corners.", metavar="X0,Y0,X1,Y1"),
]
Gap = Annotated[
    float | None,
    typer.Option("--scissor", help="Gap of the unstrained layer in eV; the conduction band is moved to it."),
]
Noise = Annotated[
    str | None, typer.Option(help="gaussian, or poisson where spectra are counts of electrons.")
]
Layer = Annotated[str, typer.Option("--material", help="The layer.")]

# Name, factor and unit of what is told on the screen.
_TOLD = (
    ("strain", 1e2, "%"),
    ("doping", 1.0, "x 1e13 electrons/cm2"),
    ("gap", 1.0, "eV"),
    ("gap_direct", 1.0, "eV"),
)


@dataclass(frozen=True)
class FlakeOptions:
    """What was asked for on the command line."""

    pl: Path | None = None
    pl_unit: str | None = None
    reference: str | None = None
    unstrained: str | None = None
    unstrained_region: str | None = None
    scissor: float | None = None
    noise: str | None = None
    material: str = "MoS2"

    @property
    def any(self) -> bool:
        """Whether something was asked for that only this way of mapping does."""
        return self != FlakeOptions(material=self.material)

    def arguments(self) -> dict[str, Any]:
        """Give the arguments of `map_flake`."""
        return {
            "reference": self.reference,
            "unstrained": _numbers(self.unstrained, 2, "--unstrained"),
            "unstrained_region": _numbers(self.unstrained_region, 4, "--unstrained-region"),
            "scissor": self.scissor,
            "noise": self.noise,
            "material": self.material,
        }


def run_flake(
    source: Path,
    model: Path | None,
    output: Path,
    options: FlakeOptions,
    *,
    csv: bool,
    zarr: bool,
    force: bool,
    quiet: bool,
) -> None:
    """Map a file of spectra and write the files of the run."""
    arguments = options.arguments()
    names = _output_names(options, csv=csv, zarr=zarr)
    inputs = [model, source, options.pl]
    refuse_to_overwrite([output / name for name in names], force=force, inputs=inputs)
    refuse_leftovers(output, names)
    start = time.perf_counter()
    flake, spectra = _mapped(source, model, options, arguments, quiet=quiet)
    seconds = {"map": round(time.perf_counter() - start, 3)}
    if "strain" not in flake:
        names.remove("strain_map.png")
    if "pl_slope" not in flake.attrs and "pl_comparison.png" in names:
        names.remove("pl_comparison.png")
    if not quiet:
        say(f"writing {output}")
    settings = {"model": flake.attrs["model_name"], "map": source.name}
    settings |= {name: value for name, value in arguments.items() if value is not None}
    write_run(
        flake,
        output,
        names,
        fitted=lambda: flake_pipeline(spectra, model, arguments),
        settings=settings,
        seconds=seconds,
        quiet=quiet,
    )
    name_written(output, names)
    _tell(flake)


def _mapped(
    source: Path, model: Path | None, options: FlakeOptions, arguments: dict[str, Any], *, quiet: bool
) -> tuple[xr.Dataset, xr.DataArray]:
    from strain2dos.io import read_raman
    from strain2dos.mapping import fit_pl, map_flake

    if not quiet:
        say(f"reading {source}")
    spectra = read_raman(source)
    light = None
    if options.pl is not None:
        if not quiet:
            say(f"reading {options.pl}")
        light = fit_pl(read_raman(options.pl), unit=options.pl_unit, progress=not quiet)
    flake = map_flake(spectra, light, model=model, progress=not quiet, **arguments)
    if converted := flake.attrs.get("source_converted_from"):
        say(f"the axis of {source} is in {converted}; the laser line of the file converts it to cm-1.")
    flake.attrs |= {"source_model": flake.attrs["model_name"], "source_map": source.name}
    return flake, spectra


def _output_names(options: FlakeOptions, *, csv: bool, zarr: bool) -> list[str]:
    names = ["dos_pred.csv", "band_edges_interpolated.csv"] if csv else []
    names += ["flake.csv", "map.zarr" if zarr else "map.nc"]
    names += ["gap_map.png", "band_edges_map.png", "strain_map.png"]
    names += ["pl_comparison.png"] if options.pl is not None else []
    names += [SPECTRA] if spectra_wanted() else []
    return [*names, "metrics.json", "report.html"]


def _tell(flake: xr.Dataset) -> None:
    """Say in a few lines what was found, or that nothing was found that can be used."""
    if "refusal" not in flake.attrs:
        for name, factor, unit in _TOLD:
            if name in flake and (line := _line(flake, name, factor, unit)):
                typer.echo(line)
    say_what_is_wrong(flake, common=False)
    if "refusal" in flake.attrs:
        return
    for name in ("gap", "strain", "doping"):
        if remark := flake.get(name, flake["status"]).attrs.get("remark"):
            say(f"warning: {remark}")
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
    error = factor * np.nanmedian(flake[f"{name}_std"].values[use])
    line = f"{name:<11} {middle:8.3f} ({low:.3f} to {high:.3f}) {unit}, error of a pixel {error:.2g}"
    if f"{name}_common_std" in flake:
        common = factor * np.nanmedian(flake[f"{name}_common_std"].values[use])
        line += f", common to all pixels {common:.2g}"
    functional = flake[name].attrs.get("functional")
    return f"{line} ({functional})" if functional else line


def _numbers(text: str | None, count: int, option: str) -> tuple[float, ...] | None:
    if text is None:
        return None
    try:
        found = tuple(float(part) for part in text.replace(";", ",").split(","))
    except ValueError:
        found = ()
    if len(found) != count:
        raise typer.BadParameter(f"{text!r} must be {count} numbers, separated by commas.", param_hint=option)
    return found
