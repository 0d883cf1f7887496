# SPDX-License-Identifier: BSD-3-Clause
"""Files of a map run, and what is said of a map on the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strain2dos.cli._common.console import say, wrote
from strain2dos.cli._report.spectra import SPECTRA, write_spectra

if TYPE_CHECKING:
    import xarray as xr

TABLES = ("dos_pred.csv", "band_edges_interpolated.csv", "flake.csv")
STORES = ("map.nc", "map.zarr")
FIGURES = ("gap_map.png", "band_edges_map.png", "strain_map.png", "pl_comparison.png")
PAGES = ("metrics.json", "report.html", "spectra.nc")


def refuse_leftovers(folder: Path, names: Iterable[str]) -> None:
    """Stop if the folder would hold outputs of an earlier run beside those of this one."""
    every = {*TABLES, *STORES, *FIGURES, *PAGES}
    left = sorted(name for name in every - set(names) if (folder / name).exists())
    if left:
        raise FileExistsError(
            f"{folder} holds {', '.join(left)} of another run, which this one does not replace; remove that, "
            "or give another folder with -o."
        )


def write_files(flake: xr.Dataset, folder: Path, names: Iterable[str]) -> None:
    """Write the files of a map but those of its report, which are made of these."""
    from strain2dos.cli._common.figures import band_edge_maps, draw, gap_map
    from strain2dos.cli._map.figures import pl_comparison, strain_maps
    from strain2dos.io._store.write_netcdf import write_netcdf
    from strain2dos.io._store.write_zarr import write_zarr
    from strain2dos.mapping import to_csv, write_band_edges_csv, write_dos_csv

    writers = {
        "dos_pred.csv": lambda path: write_dos_csv(flake, path),
        "band_edges_interpolated.csv": lambda path: write_band_edges_csv(flake, path),
        "flake.csv": lambda path: to_csv(flake, path),
        "map.nc": lambda path: write_netcdf(flake, path, compress=True),
        "map.zarr": lambda path: write_zarr(flake, path, overwrite=True),
        "gap_map.png": lambda path: draw(path, gap_map(flake)),
        "band_edges_map.png": lambda path: draw(path, band_edge_maps(flake)),
        "strain_map.png": lambda path: draw(path, strain_maps(flake)),
        "pl_comparison.png": lambda path: draw(path, pl_comparison(flake)),
    }
    for name in names:
        if name in writers:
            writers[name](folder / name)


def write_run(
    flake: xr.Dataset,
    output: Path,
    names: list[str],
    *,
    fitted: Callable[[], tuple[xr.DataArray, Any]],
    settings: dict[str, Any],
    seconds: dict[str, float],
    quiet: bool,
) -> None:
    """Write all outputs of a map run together; ``fitted`` gives the spectra and who fits them."""
    from strain2dos._files import checksum, replacing_together
    from strain2dos.cli._report.command import METRICS, PAGE, build_report, write_metrics

    # the metrics come last: their checksums tell a folder of two runs
    with replacing_together(output, sorted(names, key=METRICS.__eq__)) as part:
        write_files(flake, part, names)
        if SPECTRA in names:
            write_spectra(part / SPECTRA, *fitted(), quiet=quiet)
        files = {name: checksum(part / name) for name in names if name not in (METRICS, PAGE)}
        merit = summary(flake)
        write_metrics(part, command="map", settings=settings, merit=merit, seconds=seconds, files=files)
        build_report(part)


def name_written(folder: Path, names: Iterable[str]) -> None:
    """Name the files of a run on the screen."""
    for name in names:
        wrote(folder / name)


def summary(flake: xr.Dataset) -> dict[str, Any]:
    """Figures of a map for its report."""
    import numpy as np

    ok = flake["status"].values == 0
    gap = flake["gap"].values[ok]
    known = gap[np.isfinite(gap)]
    low, middle, high = np.quantile(known, [0, 0.5, 1]) if known.size else [None] * 3
    score = flake["domain_score"].values[ok] if "domain_score" in flake else np.zeros(0)
    return {
        "pixels": int(ok.size),
        "masked_pixels": int((~ok).sum()),
        "pixels_without_gap": int(gap.size - known.size),
        "gap_min_ev": None if low is None else float(low),
        "gap_median_ev": None if middle is None else float(middle),
        "gap_max_ev": None if high is None else float(high),
        "outside_training_pixels": int((score > 1).sum()),
    }


def say_what_is_wrong(flake: xr.Dataset, *, common: bool = True) -> None:
    """Count pixels without a result and pixels outside, and name the error that all pixels share."""
    masked = int((flake["status"] != 0).sum())
    if masked:
        say(f"{masked} of {flake['status'].size} pixels have no result; `status` in the map says why.")
    outside = summary(flake)["outside_training_pixels"]
    if outside:
        say(
            f"warning: {outside} of {flake['status'].size} pixels lie outside of what the model was "
            f"trained on (`domain_score` above 1){_reasons(flake)}; check the calibration of the axis "
            "before trusting them."
        )
    shared = flake["gap"].attrs.get("common_error")
    if shared and common:
        say(
            f"{1e3 * shared:.0f} meV of error are common to the gaps of all pixels "
            f"({flake['gap'].attrs['common_error_of']})."
        )


def _reasons(flake: xr.Dataset) -> str:
    """Why pixels lie outside, in words with their numbers; empty where the map does not tell."""
    import numpy as np

    from strain2dos.raman import LineReason

    if "domain_reason" not in flake:
        return ""
    codes = flake["domain_reason"].values
    found = [(int((codes == code).sum()), code) for code in np.unique(codes[codes > 0])]
    words = [f"{count} {LineReason(int(code)).words}" for count, code in sorted(found, reverse=True)]
    return ": " + "; ".join(words) if words else ""
