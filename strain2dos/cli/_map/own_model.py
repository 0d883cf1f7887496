# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos map MODEL MAP``: a model of the user's over a strain map or a Raman map."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from strain2dos.cli._common.options import StrainUnit
from strain2dos.cli._map.files import BAND_EDGES, DOS, RunFolder, say_what_is_wrong
from strain2dos.cli._report.spectra import SPECTRA, spectra_wanted

if TYPE_CHECKING:
    import xarray as xr
    from sklearn.base import RegressorMixin

QUANTITIES = ("dos", "vbm", "cbm", "gap", "domain_score")


def run_own_model(
    model: Path, data: Path, strain_unit: StrainUnit | None, folder: RunFolder, *, curves: bool
) -> None:
    """Map by a model file and write the files of the run."""
    from strain2dos.cli._common.inputs import read_map
    from strain2dos.cli._common.progress import Progress
    from strain2dos.mapping._flake.source import as_grid

    names = [DOS] if curves else []
    names += [BAND_EDGES, folder.store, "gap_map.png", "band_edges_map.png"]
    folder.refuse(names, inputs=[model, data], undecided=[SPECTRA])
    with Progress("Map", 3, quiet=folder.quiet) as bar:
        estimator, cube, metadata = read_map(model, data, strain_unit)
        bar.step()
        cube = as_grid(cube)
        if spectra_wanted(estimator):
            names.append(SPECTRA)
        folder.refuse(names, inputs=[model, data])
        start = time.perf_counter()
        flake = predict(estimator, cube)
        seconds = {"map": round(time.perf_counter() - start, 3)}
        flake.attrs |= {"source_model": model.name, "source_map": data.name}
        bar.step()
        known: dict[str, object] = {
            key: metadata[key] for key in ("estimator", "material", "strain_unit") if key in metadata
        }
        settings = {"model": model.name, "map": data.name, **known}
        merit = folder.write(flake, names, (cube, estimator), settings=settings, seconds=seconds)
    folder.name_written(names)
    say_what_is_wrong(flake, merit)


def predict(estimator: RegressorMixin, cube: xr.DataArray) -> xr.Dataset:
    """Evaluate every pixel; the score of the domain only where the regressor has one."""
    from strain2dos import SpatialMapper
    from strain2dos._estimators.wrappers import final_regressor
    from strain2dos.cli._common.inputs import takes_spectra

    last = final_regressor(estimator)
    wanted = [name for name in QUANTITIES if name != "domain_score" or hasattr(last, "domain_score")]
    if takes_spectra(estimator):
        wanted += ["features", "domain_reason"]
    return SpatialMapper(estimator, quantities=wanted).predict_map(cube)
