# SPDX-License-Identifier: BSD-3-Clause
"""What the commands train, and how they judge it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

    from strain2dos.datasets import RamanDOS, StrainedDOS
    from strain2dos.dos import DOSRegressor

# Half-width, in standard deviations, of the band that holds 90 % of a normal distribution.
NINETY = 1.6449


def raman_pipeline(
    training: RamanDOS, *, members: int, epochs: int, seed: int, noise: str | None = None
) -> Pipeline:
    """Make the recommended pipeline on the axis and the energies of `training`."""
    import strain2dos

    return strain2dos.raman_pipeline(
        training.shift,
        training.energies,
        noise=noise,
        n_members=members,
        max_epochs=epochs,
        random_state=seed,
    )


def usable_spectra(pipeline: Pipeline, training: RamanDOS) -> np.ndarray:
    """Rows of the spectra that the featurizer of `pipeline` can read."""
    return usable_and_flagged(pipeline, training)[0]


def usable_and_flagged(pipeline: Pipeline, training: RamanDOS) -> tuple[np.ndarray, dict[str, int]]:
    """Rows of the spectra that the featurizer of `pipeline` can read; the others counted by their flaw."""
    from strain2dos.raman import FitStatus

    values, status = pipeline[0].fit(training.spectra).transform_with_status(training.spectra)
    usable = np.isfinite(values).all(axis=1)
    codes, counts = np.unique(status[~usable], return_counts=True)
    return np.flatnonzero(usable), {
        FitStatus(code).words: int(count) for code, count in zip(codes, counts, strict=True)
    }


def raman_metadata(pipeline: Pipeline, training: RamanDOS, rows: np.ndarray, *, seed: int) -> dict[str, Any]:
    """Metadata of a pipeline that starts with spectra, for its model file."""
    return {
        "input": "Raman spectra",
        "strain_unit": "fraction",
        "feature_names": [str(name) for name in pipeline[0].get_feature_names_out()],
        "energy_reference": "vacuum level",
        "functional": "PBE",
        "hold_out": "each strain state",
        "training": {
            "states": sorted(set(training.name)),
            "spectra": len(rows),
            "unusable_spectra": len(training) - len(rows),
            "shift_cm-1": [float(training.shift[0]), float(training.shift[-1]), len(training.shift)],
            "seed": seed,
        },
    }


def fit_raman(pipeline: Pipeline, training: RamanDOS, rows: np.ndarray) -> Pipeline:
    """Fit on `rows` of `training`, with the band edges from eigenvalues and one group per strain state."""
    return pipeline.fit(
        training.spectra[rows],
        training.dos[rows],
        dosregressor__edges=training.edge_targets.iloc[rows],
        dosregressor__groups=training.groups[rows],
    )


def hold_out_states(
    pipeline: Pipeline,
    training: RamanDOS,
    rows: np.ndarray,
    *,
    folds: int,
    step: Callable[[], None],
    jobs: int = 1,
) -> pd.DataFrame:
    """Predict every spectrum by a model that saw no spectrum of its strain state.

    Returns
    -------
    DataFrame
        One row per spectrum: state, vbm, cbm, gap (from eigenvalues), the same with ``_predicted``,
        ``dos_r2`` (R2 of the curve over energy), ``dos_inside_band`` (share of energies where the curve lies
        within the 90 % band of the ensemble) and ``domain_score`` (above 1: outside of the training set).
        It does not depend on `jobs`.
    """
    from joblib import Parallel, delayed
    from sklearn.model_selection import GroupKFold

    splits = GroupKFold(folds).split(rows, groups=training.groups[rows])
    work = Parallel(n_jobs=jobs, return_as="generator")(
        delayed(_hold_out)(pipeline, training, rows[train], rows[test]) for train, test in splits
    )
    parts = []
    for part in work:
        parts.append(part)
        step()
    return pd.concat(parts).sort_values("spectrum", ignore_index=True)


def _hold_out(pipeline: Pipeline, training: RamanDOS, rows: np.ndarray, held: np.ndarray) -> pd.DataFrame:
    """Fit on `rows` and predict the spectra `held`."""
    from sklearn.base import clone
    from sklearn.metrics import r2_score

    fitted = fit_raman(clone(pipeline), training, rows)
    features = fitted[:-1].transform(training.spectra[held])
    edges = fitted[-1].predict_edges(features)
    curves, spread = fitted[-1].predict(features, return_std=True)
    inside = np.abs(curves - training.dos[held]) <= NINETY * spread
    return pd.DataFrame(
        {
            "spectrum": held,
            "state": [training.name[row] for row in held],
            **{key: getattr(training, key)[held] for key in ("vbm", "cbm", "gap")},
            **{f"{key}_predicted": getattr(edges, key) for key in ("vbm", "cbm", "gap")},
            "dos_r2": r2_score(training.dos[held].T, curves.T, multioutput="raw_values"),
            "dos_inside_band": inside.mean(axis=1),
            "domain_score": fitted[-1].domain_score(features),
        }
    )


def gap_figures(truth: object, predicted: object) -> dict[str, float]:
    """Errors of predicted gaps in meV, and R2."""
    from sklearn.metrics import r2_score

    truth, predicted = np.asarray(truth), np.asarray(predicted)
    error = 1e3 * (predicted - truth)
    return {
        "gap_mae_mev": float(np.abs(error).mean()),
        "gap_rmse_mev": float(np.sqrt(np.square(error).mean())),
        "gap_largest_error_mev": float(np.abs(error).max()),
        "gap_bias_mev": float(error.mean()),
        "gap_r2": float(r2_score(truth, predicted)),
    }


def table_model(
    table: StrainedDOS, *, threshold: float, members: int, epochs: int | None, seed: int
) -> DOSRegressor:
    """Make the regressor for curves that depend on one strain."""
    from strain2dos import DOSRegressor

    options: dict[str, Any] = {} if epochs is None else {"max_epochs": epochs}
    return DOSRegressor(
        table.energies, n_members=members, edge_threshold=threshold, random_state=seed, **options
    )


def strain_column(
    table: StrainedDOS, rows: slice | Sequence[np.integer] | np.ndarray = slice(None)
) -> pd.DataFrame:
    """Strain as the one named feature of a table's regressor."""
    return pd.DataFrame({"strain": table.strain[rows, 0]})


def hold_out_strains(model: DOSRegressor, table: StrainedDOS, *, step: Callable[[], None]) -> pd.DataFrame:
    """Predict each strain between the smallest and the largest by a model that never saw it.

    Returns
    -------
    DataFrame
        One row per strain: strain, vbm, cbm, gap read from the known curve, the same with ``_predicted``, and
        ``dos_r2`` of the curve over energy.
    """
    from sklearn.base import clone
    from sklearn.metrics import r2_score

    from strain2dos.dos import band_edges

    strain = table.strain[:, 0]
    inner = np.flatnonzero((strain > strain.min()) & (strain < strain.max()))
    rows = []
    for held in inner:
        train = np.flatnonzero(strain != strain[held])
        fitted = clone(model).fit(strain_column(table, train), table.dos[train])
        curve = fitted.predict(strain_column(table, [held]))
        found = fitted.predict_edges(strain_column(table, [held]))
        known = band_edges(
            table.energies,
            table.dos[[held]],
            threshold=fitted.edge_threshold_,
            reference=fitted.edge_reference_,
        )
        rows.append(
            {
                "strain": strain[held],
                **{key: float(getattr(known, key)[0]) for key in ("vbm", "cbm", "gap")},
                **{f"{key}_predicted": float(getattr(found, key)[0]) for key in ("vbm", "cbm", "gap")},
                "dos_r2": float(r2_score(table.dos[held], curve[0])),
            }
        )
        step()
    return pd.DataFrame(rows)
