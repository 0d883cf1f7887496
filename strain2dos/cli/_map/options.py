# SPDX-License-Identifier: BSD-3-Clause
"""Arguments and options of ``strain2dos map``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from strain2dos.cli._common.options import numbers

FlakeOrModel = Annotated[
    Path,
    typer.Argument(
        metavar="FLAKE|MODEL",
        help="Spectra as the instrument wrote them, for the model that comes with the package; or a "
        "model of your own (`strain2dos train`), followed by a map.",
    ),
]
Map = Annotated[
    Path | None,
    typer.Argument(metavar="MAP", help="After a model: strain map (CSV) or spectra, as the model needs."),
]
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
Profile = Annotated[
    str | None,
    typer.Option(
        help="Profile of the lines: voigt where the spectrometer's response is about as wide as they are. "
        "[default: lorentzian]"
    ),
]
Laser = Annotated[
    float | None,
    typer.Option(
        metavar="NM",
        min=200.0,
        max=2000.0,
        help="Wavelength of the laser, for an axis in nm or eV, if not stated.",
    ),
]
Layer = Annotated[
    str | None, typer.Option("--material", help="The layer. [default: that of the model, else MoS2]")
]
Output = Annotated[Path, typer.Option("--output", "-o", help="Folder for the results.")]
Csv = Annotated[
    bool | None,
    typer.Option(
        "--csv/--no-csv",
        help="Write dos_pred.csv, one row per pixel. [default: with a model of your own]",
    ),
]
Zarr = Annotated[bool, typer.Option("--zarr", help="Write map.zarr instead of map.nc.")]
Store = Annotated[
    str | None,
    typer.Option(
        "--store",
        metavar="PLACE",
        help="Write the map alone, block by block, to this Zarr store: a folder or an address such as "
        "s3://bucket/map.zarr. Run the command again to go on after an interruption.",
    ),
]
Scheduler = Annotated[
    str | None,
    typer.Option(metavar="ADDRESS", help="Compute on a dask cluster, tcp://host:8786; goes with --store."),
]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Compute in so many processes with one thread each; goes with --store."),
]


@dataclass(frozen=True)
class FlakeOptions:
    """Options of the map of a flake alone."""

    pl: Path | None = None
    pl_unit: str | None = None
    reference: str | None = None
    unstrained: str | None = None
    unstrained_region: str | None = None
    scissor: float | None = None
    noise: str | None = None
    lineshape: str | None = None
    laser_nm: float | None = None
    material: str | None = None

    @property
    def any(self) -> bool:
        """Whether one of them was given."""
        return self != FlakeOptions()

    def sample(self) -> dict[str, Any]:
        """Arguments of `map_flake` that describe the sample and its measurement."""
        return {
            "reference": self.reference,
            "unstrained": numbers(self.unstrained, 2, "--unstrained"),
            "unstrained_region": numbers(self.unstrained_region, 4, "--unstrained-region"),
            "noise": self.noise,
            "lineshape": self.lineshape,
            "laser_nm": self.laser_nm,
            "material": self.material,
        }
