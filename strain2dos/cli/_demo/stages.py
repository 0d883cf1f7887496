# SPDX-License-Identifier: BSD-3-Clause
"""The stages of the demo; each reads what the ones before it wrote."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from strain2dos._files import replacing
from strain2dos.cli._common.progress import Progress
from strain2dos.cli._demo.run import Run, Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sklearn.pipeline import Pipeline

    from strain2dos.datasets import RamanDOS

Settings = Mapping[str, Any]


def stages(run: Run, *, jobs: int) -> list[Stage]:
    """All stages of the demo in their order; `jobs` processes share the folds."""
    folds = run.settings["folds"]
    explained = run.settings["explained"]
    return [
        Stage("train", "Train on first principles", ["model.skops", "training_loss.png"], train, 3),
        Stage(
            "hold_out",
            "Hold out strain states",
            ["held_out.csv", "gap_parity.png"],
            partial(hold_out, jobs),
            folds + 1,
        ),
        Stage(
            "map",
            "Map a wrinkled flake",
            ["raman_map.nc", "map.nc", "band_edges_interpolated.csv", "gap_map.png", "band_edges_map.png"],
            map_flake,
            4,
        ),
        Stage("photoluminescence", "Compare with photoluminescence", ["pl_comparison.png"], compare, 1),
        Stage(
            "explain",
            "Explain the predictions",
            ["explanation.nc", "shap_heatmap.png", "edge_attribution.png"],
            explain,
            explained + 2,
        ),
        Stage("report", "Write the report", ["metrics.json", "report.html"], partial(report, run), 1),
    ]


def training_spectra(settings: Settings) -> RamanDOS:
    """Noisy spectra of all first-principles strain states; the seed gives the same ones in every stage."""
    from strain2dos.datasets import make_raman_dos

    return make_raman_dos(settings["spectra"], random_state=settings["seed"])


def _set_up(settings: Settings, members: int, epochs: int) -> tuple[RamanDOS, Pipeline, NDArray[np.intp]]:
    """Spectra, the pipeline to be fitted to them, and the rows that it can read."""
    from strain2dos.cli._common.recipes import raman_pipeline, usable_spectra

    training = training_spectra(settings)
    pipeline = raman_pipeline(
        training, members=members, epochs=epochs, seed=settings["seed"], noise="poisson"
    )
    return training, pipeline, usable_spectra(pipeline, training)


def train(folder: Path, settings: Settings, bar: Progress) -> dict[str, Any]:
    """Train the pipeline; write the model and its loss curves."""
    from strain2dos.cli._common.figures import draw, loss_curves
    from strain2dos.cli._common.recipes import fit_raman, raman_metadata
    from strain2dos.io import save_model

    training, pipeline, rows = _set_up(settings, settings["members"], settings["epochs"])
    bar.step()
    fit_raman(pipeline, training, rows)
    bar.step()
    metadata = {"material": "MoS2", **raman_metadata(pipeline, training, rows, seed=settings["seed"])}
    save_model(pipeline, folder / "model.skops", metadata=metadata)
    draw(folder / "training_loss.png", loss_curves(pipeline))
    return {
        "spectra": len(training),
        "unusable_spectra": len(training) - len(rows),
        "strain_states": len(set(training.name)),
        "energies": len(training.energies),
        "features": metadata["feature_names"],
        "longest_training_epochs": int(pipeline[-1].n_iter_),
        "network_weight": float(pipeline[-1].network_weight_),
    }


def hold_out(jobs: int, folder: Path, settings: Settings, bar: Progress) -> dict[str, Any]:
    """Predict every strain state by models that were trained without it."""
    from strain2dos.cli._common.figures import draw, gap_parity
    from strain2dos.cli._common.recipes import gap_figures, hold_out_states

    training, pipeline, rows = _set_up(settings, settings["fold_members"], settings["fold_epochs"])
    found = hold_out_states(pipeline, training, rows, folds=settings["folds"], step=bar.step, jobs=jobs)
    with replacing(folder / "held_out.csv") as part:
        found.to_csv(part, index=False, float_format="%.6g")
    outermost = found["state"].isin(_outermost_states(training))
    inner = found[~outermost]
    draw(folder / "gap_parity.png", gap_parity({"inner states": inner, "outermost states": found[outermost]}))
    states = found.groupby("state")
    return {
        "spectra": len(found),
        "strain_states": len(states),
        "inner_states": int(inner["state"].nunique()),
        "folds": settings["folds"],
        **gap_figures(found["gap"], found["gap_predicted"]),
        "inner_gap_mae_mev": gap_figures(inner["gap"], inner["gap_predicted"])["gap_mae_mev"],
        "vbm_mae_mev": float(1e3 * (found["vbm_predicted"] - found["vbm"]).abs().mean()),
        "cbm_mae_mev": float(1e3 * (found["cbm_predicted"] - found["cbm"]).abs().mean()),
        "dos_r2": float(found["dos_r2"].mean()),
        "dos_inside_90_percent_band": float(found["dos_inside_band"].mean()),
        "dos_r2_worst_state": float(states["dos_r2"].mean().min()),
    }


def _outermost_states(training: RamanDOS) -> set[str]:
    """Strain states at the corners of the hull of all line positions: held out, they lie outside it."""
    from scipy.spatial import ConvexHull

    # the doublet's mean and splitting: E'- and E'+ alone coincide in all biaxial states
    lower, upper, a1 = training.phonons.T
    names, where = np.unique(training.name, return_inverse=True)
    positions = np.column_stack([(lower + upper) / 2, upper - lower, a1])
    mean = np.array([positions[where == i].mean(axis=0) for i in range(len(names))])
    return set(names[ConvexHull(mean).vertices])


def map_flake(folder: Path, settings: Settings, bar: Progress) -> dict[str, Any]:
    """Map a synthetic flake with the saved model and compare with the truth."""
    import time

    from strain2dos import SpatialMapper, load_model
    from strain2dos.cli._common.figures import band_edge_maps, draw, gap_map_with_truth
    from strain2dos.cli._common.recipes import gap_figures
    from strain2dos.datasets import make_raman_map
    from strain2dos.io._store.write_netcdf import write_netcdf
    from strain2dos.mapping import write_band_edges_csv

    flake = make_raman_map(tuple(settings["map_shape"]), random_state=settings["seed"])
    write_netcdf(flake, folder / "raman_map.nc")
    bar.step()
    mapper = SpatialMapper(
        load_model(folder / "model.skops"),
        quantities=("dos", "vbm", "cbm", "gap", "gap_direct", "gap_direct_std", "domain_score"),
    )
    start = time.perf_counter()
    found = mapper.predict_map(flake["intensity"])
    seconds = time.perf_counter() - start
    bar.step()
    write_netcdf(found, folder / "map.nc")
    with replacing(folder / "band_edges_interpolated.csv") as part:
        write_band_edges_csv(found, part)
    bar.step()
    draw(folder / "gap_map.png", gap_map_with_truth(found, flake))
    draw(folder / "band_edges_map.png", band_edge_maps(found))
    ok = (found["status"].values == 0) & np.isfinite(flake["gap"].values)
    on_flake, dead = flake["flake"].values, flake["dead"].values
    error = np.abs(found["gap"].values - flake["gap"].values)[ok]
    return {
        "pixels": int(ok.size),
        "flake_pixels": int(on_flake.sum()),
        "masked_pixels": int((found["status"].values != 0).sum()),
        "masked_flake_pixels": int(((found["status"].values != 0) & on_flake).sum()),
        "dead_pixels": int(dead.sum()),
        "dead_pixels_found": int(((found["status"].values != 0) & dead).sum()),
        "substrate_pixels_given_a_gap": int(((found["status"].values == 0) & ~on_flake).sum()),
        **gap_figures(flake["gap"].values[ok], found["gap"].values[ok]),
        "gap_error_95_percentile_mev": float(1e3 * np.quantile(error, 0.95)),
        "outside_training_pixels": int((~(found["domain_score"].values[ok] <= 1)).sum()),
        "curves_per_second": float(ok.size / seconds),
        "map_seconds": float(seconds),
    }


def compare(folder: Path, settings: Settings, bar: Progress) -> dict[str, Any]:
    """Compare the mapped gap at K, where light is emitted, with the photoluminescence of the same flake."""
    import xarray as xr

    from strain2dos.cli._common.figures import draw, pl_comparison
    from strain2dos.mapping import compare_with_pl

    with xr.open_dataset(folder / "map.nc") as found, xr.open_dataset(folder / "raman_map.nc") as flake:
        draw(folder / "pl_comparison.png", pl_comparison(found, flake["pl_energy"]))
        comparison = compare_with_pl(found, flake["pl_energy"])
        truth = compare_with_pl(
            flake["gap_direct"], flake["pl_energy"], mask=np.isfinite(found["gap_direct"])
        )
    return {
        **comparison.to_dict(),
        "slope_with_the_true_gap": truth.slope,
        "pearson_with_the_true_gap": truth.pearson,
    }


def explain(folder: Path, settings: Settings, bar: Progress) -> dict[str, Any]:
    """Find which feature moves which part of the DOS, for spectra of all strain states."""
    from strain2dos import DOSExplainer, load_model
    from strain2dos.cli._common.figures import draw, edge_attribution, shap_heatmap
    from strain2dos.cli._common.recipes import usable_spectra
    from strain2dos.io._store.write_netcdf import write_netcdf

    pipeline = load_model(folder / "model.skops")
    training = training_spectra(settings)
    rows = usable_spectra(pipeline, training)
    # every n-th spectrum: the strain states come in turn, so all of them take part
    chosen = rows[np.linspace(0, len(rows) - 1, settings["explained"]).astype(int)]
    explainer = DOSExplainer.from_pipeline(
        pipeline, training.spectra[rows], max_background=settings["background"], random_state=settings["seed"]
    )
    bar.step()
    explanation = explainer.explain(training.spectra[chosen])
    bar.step(settings["explained"])
    write_netcdf(explanation.to_xarray(), folder / "explanation.nc")
    draw(folder / "shap_heatmap.png", shap_heatmap(explanation))
    draw(folder / "edge_attribution.png", edge_attribution(explanation))
    rest = explanation.predictions - pipeline.predict(training.spectra[chosen])
    strongest = np.abs(explanation.edge_values["gap"]).mean(axis=0)
    return {
        "spectra": len(chosen),
        "background": explanation.n_background,
        "method": explanation.method,
        "largest_gap_share": explanation.feature_names[int(np.argmax(strongest))],
        "largest_gap_share_mev": float(1e3 * strongest.max()),
        "largest_rest_of_the_sum": float(np.abs(rest).max()),
    }


def report(run: Run, folder: Path, settings: Settings, bar: Progress) -> dict[str, Any]:
    """Collect all figures of merit and write the report."""
    from strain2dos.cli._report.command import build_report, write_metrics

    merit = {name: stage["figures"] for name, stage in run.finished.items()}
    files = {name: sum_ for stage in run.finished.values() for name, sum_ in stage["files"].items()}
    write_metrics(folder, command="demo", settings=settings, merit=merit, seconds=run.seconds, files=files)
    build_report(folder)
    return {}
