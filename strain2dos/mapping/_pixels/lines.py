# SPDX-License-Identifier: BSD-3-Clause
"""What follows from line positions besides the DOS: plausibility, and the error that all pixels share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from strain2dos._estimators.fitting import as_fitted
from strain2dos.raman._features.calibration import LineCalibration
from strain2dos.raman._materials.lookup import material_modes
from strain2dos.raman._strain.plausibility import LineJudgment, LineReason, judge_positions

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator

    from strain2dos.mapping._pixels.model import FittedModel

_COLUMNS = ("E'_center", "A1'_center")


def calibration_of(featurizer: BaseEstimator) -> LineCalibration | None:
    """Calibration of a featurizer's positions in cm-1; None where it has none."""
    if getattr(as_fitted(featurizer), "shift", None) is None or not hasattr(featurizer, "unstrained"):
        return None
    fitted = as_fitted(featurizer)
    modes = material_modes(fitted.material, optional=True)
    known = {mode.name for mode in modes}
    unstrained = fitted.unstrained
    if unstrained is not None:
        unstrained = {name: value for name, value in unstrained.items() if name in known}
    return LineCalibration.from_unstrained(unstrained, modes)


def judge_features(
    featurizer: BaseEstimator, features: np.ndarray, sigma: np.ndarray | None = None
) -> LineJudgment | None:
    """Judge rows of features by the positions among them; None where these cannot be judged.

    Parameters
    ----------
    featurizer : RamanFeaturizer or None
    features : array of shape (n, q)
        Its features.
    sigma : array of shape (n, q), optional
        Their standard deviations, by which limits are widened.
    """
    calibration = calibration_of(featurizer)
    if calibration is None:
        return None
    names = [str(name) for name in featurizer.get_feature_names_out()]
    if not set(_COLUMNS) <= set(names):
        return None
    columns = [names.index(name) for name in _COLUMNS]
    try:
        return judge_positions(
            features[:, columns],
            None if sigma is None else sigma[:, columns],
            shift=calibration.of(_COLUMNS)[0],
            material=as_fitted(featurizer).material,
        )
    except ValueError:  # the rates of this material are not in the table
        return None


def domain_of(
    model: FittedModel, features: np.ndarray, score: np.ndarray | None, sigma: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Join the regressor's ``score`` (n,) with the judgment of the positions among ``features`` (n, q).

    Where errors ``sigma`` (n, q) of the features are known, a position within them is not outside.

    Returns
    -------
    dict
        "domain_score", the larger of the two, and "domain_reason", `LineReason` codes as floats. Where the
        regressor has no score, NaN and the reason of the training set: what is not known is not inside.
    """
    judged = judge_features(model.featurizer, features, sigma)
    own = np.zeros(len(features)) if score is None else score
    outside = ~(own <= 1)
    if judged is None:
        return {"domain_score": own, "domain_reason": np.where(outside, LineReason.TRAINING, 0).astype(float)}
    reason = np.where((judged.reason == 0) & outside, LineReason.TRAINING, judged.reason)
    larger = np.where(np.isnan(own), np.nan, np.fmax(own, judged.score))
    return {"domain_score": larger, "domain_reason": reason.astype(float)}


def common_gap_error(model: FittedModel) -> dict[str, Any]:
    """Error of the gap in eV that all pixels share, as attributes of a map; empty where it is not known.

    From the error of the unstrained positions and the slope of the predicted gap at these positions, each
    line moved with all of its columns.
    """
    featurizer = model.featurizer
    calibration = calibration_of(featurizer)
    if (
        featurizer is None
        or calibration is None
        or not model.chain.has_band_edges
        or not any(calibration.sigma)
    ):
        return {}
    names = [str(name) for name in featurizer.get_feature_names_out()]
    if not all(name.endswith("_center") for name in names):
        return {}
    places = {
        mode.name: mode.position for mode in material_modes(as_fitted(featurizer).material, optional=True)
    }
    lines = [name.removesuffix("_center") for name in names]
    lines = [line if line in places else line[:-1] for line in lines]
    if not set(lines) <= set(places):
        return {}
    start = np.array([places[line] for line in lines])
    moved = [start + step * (np.array(lines) == line) for line in calibration.names for step in (0.5, -0.5)]
    Z = model.chain.after(1).transform(np.array(moved))
    gap = model.edges(Z)["gap"]
    error = float(np.sqrt(np.sum(np.square((gap[::2] - gap[1::2]) * calibration.sigma))))
    return {"common_error": round(error, 5), "common_error_of": calibration.source}
