# SPDX-License-Identifier: BSD-3-Clause
"""Files of a map run, and what a command prints about a map."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from strain2dos.cli._common.console import refuse_to_overwrite, say, wrote
from strain2dos.cli._common.progress import clock
from strain2dos.cli._report.command import METRICS, PAGE, build_report, write_metrics
from strain2dos.cli._report.spectra import SPECTRA, write_spectra

if TYPE_CHECKING:
    import xarray as xr
    from sklearn.pipeline import Pipeline


DOS, BAND_EDGES = "dos_pred.csv", "band_edges_interpolated.csv"
# All files that a run may write besides its metrics and its page.
_FILES = (
    DOS,
    BAND_EDGES,
    "flake.csv",
    "map.nc",
    "map.zarr",
    "gap_map.png",
    "band_edges_map.png",
    "strain_map.png",
    "pl_comparison.png",
    SPECTRA,
)


@dataclass(frozen=True)
class RunFolder:
    """The folder of a map run.

    Attributes
    ----------
    path : Path
    zarr : bool
        Write map.zarr instead of map.nc.
    force : bool
        Overwrite files that exist.
    quiet : bool
        Print no progress.
    """

    path: Path
    zarr: bool = False
    force: bool = False
    quiet: bool = False

    @property
    def store(self) -> str:
        """Name of the map itself."""
        return "map.zarr" if self.zarr else "map.nc"

    def refuse(
        self, names: Iterable[str], *, inputs: Iterable[Path | None], undecided: Iterable[str] = ()
    ) -> None:
        """Stop if a file must not be overwritten, or the folder would mix the files of two runs.

        Parameters
        ----------
        names : iterable of str
            Files of this run besides its metrics and its page.
        inputs : iterable of Path or None
            Files that the run reads.
        undecided : iterable of str
            Files that the run may or may not write.
        """
        _refuse_place(self.path)
        names = {*names, METRICS, PAGE}
        refuse_to_overwrite(sorted(self.path / name for name in names), force=self.force, inputs=inputs)
        others = set(_FILES) - names - set(undecided)
        left = sorted(name for name in others if (self.path / name).exists())
        if left:
            raise FileExistsError(
                f"{self.path} holds {', '.join(left)} of another run, which this one does not replace; "
                "remove that, or give another folder with -o."
            )

    def write(
        self,
        flake: xr.Dataset,
        names: Sequence[str],
        spectra: tuple[xr.DataArray, Pipeline],
        *,
        settings: dict[str, Any],
        seconds: dict[str, float],
    ) -> dict[str, Any]:
        """Write all files of the run together and return the summary of the map.

        Parameters
        ----------
        flake : Dataset
            The map.
        names : sequence of str
            Files to write besides the metrics and the page.
        spectra : tuple of DataArray and Pipeline
            What was mapped, and the model that fits it once more for the page.
        settings : dict
            For the metrics.
        seconds : dict
            Time of each stage, for the metrics.
        """
        from strain2dos._files import checksum, replacing_together

        with clock(f"writing {names[0]}", quiet=self.quiet) as begin:
            writers = _writers()
            merit = summary(flake)
            # the metrics come last: their checksums find a folder that holds files of two runs
            with replacing_together(self.path, [*names, PAGE, METRICS]) as part:
                for name in names:
                    begin(f"writing {name}")
                    if name == SPECTRA:
                        write_spectra(part / name, *spectra, quiet=self.quiet)
                    else:
                        writers[name](flake, part / name)
                begin(f"writing {PAGE}")
                files = {name: checksum(part / name) for name in names}
                write_metrics(
                    part, command="map", settings=settings, merit=merit, seconds=seconds, files=files
                )
                build_report(part)
        return merit

    def name_written(self, names: Iterable[str]) -> None:
        """Print the files of the run."""
        for name in (*names, METRICS, PAGE):
            wrote(self.path / name)


def _refuse_place(folder: Path) -> None:
    """Stop before anything is computed where no folder of that name can be made."""
    place = folder
    while not place.exists() and place != place.parent:
        place = place.parent
    if not place.is_dir() or not os.access(place, os.W_OK):
        why = "cannot be written" if place.is_dir() else "is a file"
        raise typer.BadParameter(f"{place} {why}; give another folder.", param_hint="--output")


def _writers() -> dict[str, Any]:
    """How each file of a map is written, by its name."""
    from strain2dos.cli._common import figures
    from strain2dos.io._store.write_netcdf import write_netcdf
    from strain2dos.io._store.write_zarr import write_zarr
    from strain2dos.mapping import to_csv, write_band_edges_csv, write_dos_csv

    return {
        DOS: write_dos_csv,
        BAND_EDGES: write_band_edges_csv,
        "flake.csv": to_csv,
        "map.nc": lambda flake, path: write_netcdf(flake, path, compress=True),
        "map.zarr": lambda flake, path: write_zarr(flake, path, overwrite=True),
        "gap_map.png": lambda flake, path: figures.draw(path, figures.gap_map(flake)),
        "band_edges_map.png": lambda flake, path: figures.draw(path, figures.band_edge_maps(flake)),
        "strain_map.png": lambda flake, path: figures.draw(path, figures.strain_maps(flake)),
        "pl_comparison.png": lambda flake, path: figures.draw(path, figures.pl_comparison(flake, flake)),
    }


def summary(flake: xr.Dataset) -> dict[str, Any]:
    """Numbers of pixels and gaps of a map for its report."""
    import numpy as np

    from strain2dos.mapping._quality import outside_pixels

    ok = flake["status"].values == 0
    gap = flake["gap"].values[ok]
    known = gap[np.isfinite(gap)]
    low, middle, high = np.quantile(known, [0, 0.5, 1]).tolist() if known.size else [None] * 3
    outside = outside_pixels(flake)
    return {
        "pixels": int(ok.size),
        "masked_pixels": int((~ok).sum()),
        "pixels_without_gap": int(gap.size - known.size),
        "gap_min_ev": low,
        "gap_median_ev": middle,
        "gap_max_ev": high,
        "outside_training_pixels": 0 if outside is None else int(outside.sum()),
    }


def say_what_is_wrong(flake: xr.Dataset, merit: dict[str, Any], *, common: bool = True) -> None:
    """Print how many pixels have no result or lie outside, and the error that all pixels share."""
    from strain2dos.mapping._quality import count_pixels

    total, outside = merit["pixels"], merit["outside_training_pixels"]
    known = count_pixels(flake)
    # a refusal has named the reasons
    refused = "refusal" in flake.attrs
    if known.n_without and not (known.n_without == total and refused):
        say(f"{known.without_words()}.")
    if outside and not refused:
        counts = known.outside if "domain_reason" in flake else {}
        words = "; ".join(f"{count} {reason}" for reason, count in counts.items())
        say(
            f"warning: {outside} of {total} {known.noun} lie outside the training domain "
            f"(`domain_score` above 1){f': {words}' if words else ''}; check the calibration of the axis "
            "before trusting them."
        )
    shared = flake["gap"].attrs.get("common_error")
    if shared and common:
        say(
            f"{1e3 * shared:.0f} meV of error are common to the gaps of all pixels "
            f"({flake['gap'].attrs['common_error_of']})."
        )
