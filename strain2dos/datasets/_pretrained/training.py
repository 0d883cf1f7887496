# SPDX-License-Identifier: BSD-3-Clause
"""How a bundled model is trained and judged."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.metrics import r2_score
from sklearn.model_selection import GroupKFold

from strain2dos.datasets._pretrained.positions import PositionDOS, position_dos
from strain2dos.dos import DOSRegressor

SEED = 0
# With positions as features the networks get no weight (`network_weight_` is 0); without them the model is
# trained in seconds and maps some 10,000 spectra a second on one core.
OPTIONS: dict[str, Any] = {"hidden_layer_sizes": (), "representation": "cdf", "random_state": SEED}
FOLDS = 10
# Half-width, in standard deviations, of the interval that holds 90 % of a normal distribution.
_NINETY = 1.6449
# Root mean square of the principal strains that divides the bundled states in two halves.
_LARGE = 0.03


def train_pretrained(material: str = "MoS2") -> DOSRegressor:
    """Train the regressor that is bundled for a material."""
    data = position_dos(material, random_state=SEED)
    return _fitted(data, np.arange(len(data.groups)))


def _fitted(data: PositionDOS, rows: np.ndarray) -> DOSRegressor:
    # plain arrays: a pipeline hands on no names
    features = data.features.to_numpy()
    return DOSRegressor(data.energies, **OPTIONS).fit(
        features[rows], data.dos[rows], groups=data.groups[rows], edges=data.edges.iloc[rows]
    )


def held_out_merit(material: str = "MoS2") -> dict[str, float]:
    """Figures of merit of strain states that the model has not seen.

    Returns
    -------
    dict of str to float
        Mean absolute errors of the gap and of the gap at K in meV, R2 of curves, and the share of gaps in
        their 90 % interval; of all left-out states, and of those that lie inside the domain of the others.
        Of the latter also, for small and for large strains (below and beyond 3 %, root mean square of the
        principal strains), error, stated standard deviation and that share.
    """
    data = position_dos(material, random_state=SEED)
    folds = GroupKFold(FOLDS).split(data.features, groups=data.groups)
    parts = [_held_out(data, train, test) for train, test in folds]
    error, sigma, direct, r2, score, strain = np.concatenate(parts, axis=1)
    inside, held = score <= 1, np.abs(error) <= _NINETY * sigma
    by_strain = {}
    for name, some in (("small", strain < _LARGE), ("large", strain >= _LARGE)):
        some = some & inside
        by_strain[f"gap_rmse_mev_{name}_strain"] = float(1e3 * np.sqrt(np.square(error[some]).mean()))
        by_strain[f"gap_std_mev_{name}_strain"] = float(1e3 * np.sqrt(np.square(sigma[some]).mean()))
        by_strain[f"gap_inside_90_percent_interval_{name}_strain"] = float(held[some].mean())
    return {
        "gap_mae_mev": float(1e3 * np.abs(error).mean()),
        "gap_mae_mev_inside": float(1e3 * np.abs(error[inside]).mean()),
        "gap_direct_mae_mev_inside": float(1e3 * np.abs(direct[inside]).mean()),
        "gap_inside_90_percent_interval": float(held[inside].mean()),
        "dos_r2": float(r2.mean()),
        "share_inside": float(inside.mean()),
        **by_strain,
    }


def _held_out(data: PositionDOS, train: np.ndarray, test: np.ndarray) -> np.ndarray:
    """Error and deviation of the gap, error at K, R2, domain score, size of strain of left-out rows."""
    model = _fitted(data, train)
    rows = data.features.to_numpy()[test]
    edges, spread = model.predict_edges(rows, return_std=True)
    names, valleys = model.valleys_, model.predict_valleys(rows)
    truth = data.edges.iloc[test]
    at_k = valleys[:, names.index("cbm_K")] - valleys[:, names.index("vbm_K")]
    direct = at_k - (truth["cbm_K"] - truth["vbm_K"]).to_numpy()
    r2 = r2_score(data.dos[test].T, model.predict(rows).T, multioutput="raw_values")
    exx, eyy, exy = data.strain[test].T
    # the squares of the principal strains sum to this
    size = np.sqrt(0.5 * (np.square(exx) + np.square(eyy)) + np.square(exy))
    return np.stack([edges.gap - data.gap[test], spread.gap, direct, r2, model.domain_score(rows), size])
