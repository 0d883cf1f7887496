# SPDX-License-Identifier: BSD-3-Clause
"""Words, tables and figures of the report of a demo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from strain2dos._plotting.labels import feature_label

TITLE = "From Raman spectra to a map of the electronic structure: MoS₂"
FIGURES = (
    (
        "gap_map.png",
        "Band gap of a wrinkled flake, predicted pixel by pixel from its Raman spectra; the gap that the "
        "spectra were simulated with; and the difference. Hatched: substrate and dead pixels, without "
        "a result.",
        "Three maps of the band gap: predicted, true, difference",
    ),
    (
        "gap_parity.png",
        "Band gaps of strain states that the model never saw, against first principles. All spectra of a "
        "state are held out together.",
        "Scatter plot of predicted against first-principles band gap",
    ),
    (
        "pl_comparison.png",
        "Photoluminescence of the same flake against the predicted gap at K, where light is emitted. The map "
        "shows the smallest gap, which is indirect under tension.",
        "Scatter plot of photoluminescence energy against predicted gap at K",
    ),
    (
        "band_edges_map.png",
        "Valence band maximum and conduction band minimum against the vacuum level.",
        "Two maps of the band edges",
    ),
    (
        "shap_heatmap.png",
        "Where in the density of states each Raman feature acts (Shapley values). Dashed: mean band edges.",
        "Heatmap of Raman feature against energy",
    ),
    (
        "edge_attribution.png",
        "What each Raman feature does to the band edges and the gap.",
        "Bars of the share of each Raman feature in the band edges",
    ),
    (
        "training_loss.png",
        "Training of the networks: minus the log density of strain states that a network sees, each left "
        "out in turn, and of those that it does not see.",
        "Loss against epoch for each network",
    ),
)
OPTIONAL = ()
WIDE = ("gap_map.png", "band_edges_map.png")
SECTIONS = {
    "gap_map.png": "The map against the truth",
    "band_edges_map.png": "Band edges",
    "pl_comparison.png": "Photoluminescence",
    "shap_heatmap.png": "Explanation",
    "edge_attribution.png": "Explanation",
    "gap_parity.png": "The model",
    "training_loss.png": "The model",
}


def words(metrics: Mapping[str, Any]) -> list[str]:
    """Introduction."""
    train, held, flake = (metrics["merit"][name] for name in ("train", "hold_out", "map"))
    return [
        f"A pipeline of RamanFeaturizer, StandardScaler and DOSRegressor was trained on {train['spectra']} "
        f"noisy Raman spectra of {train['strain_states']} strain states, whose density of states, band edges "
        "and phonons come from first principles. It then mapped a simulated wrinkled flake of "
        f"{flake['flake_pixels']} pixels whose true gap is known (interpolated between the same states).",
        f"For strain states that it never saw, the model is off by {held['gap_mae_mev']:.0f} meV in the "
        f"band gap on average ({held['inner_gap_mae_mev']:.0f} meV over the "
        f"{held['inner_states']} inner ones; the others lie at corners of the set, which no states enclose), "
        f"and on the flake by {flake['gap_mae_mev']:.0f} meV.",
    ]


def tables(metrics: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Figures of merit by stage."""
    merit = metrics["merit"]
    held, flake, light, why = (merit[name] for name in ("hold_out", "map", "photoluminescence", "explain"))
    return {
        "Strain states never seen in training": {
            "band gap, mean absolute error (meV)": held["gap_mae_mev"],
            "… without the outermost states (meV)": held["inner_gap_mae_mev"],
            "band gap, root mean square error (meV)": held["gap_rmse_mev"],
            "band gap, R²": held["gap_r2"],
            "valence band maximum, mean absolute error (meV)": held["vbm_mae_mev"],
            "conduction band minimum, mean absolute error (meV)": held["cbm_mae_mev"],
            "density of states, mean R² over energy": held["dos_r2"],
            "density of states within the ensemble's 90 % band (share of the energies)": (
                held["dos_inside_90_percent_band"]
            ),
            "density of states, R² of the worst state": held["dos_r2_worst_state"],
            "networks per held-out model, in the final model": (
                f"{metrics['settings']['fold_members']}, {metrics['settings']['members']}"
            ),
            "strain states, inner ones, folds": (
                f"{held['strain_states']}, {held['inner_states']}, {held['folds']}"
            ),
        },
        "Map of the flake against the truth": {
            "band gap, mean absolute error (meV)": flake["gap_mae_mev"],
            "band gap, mean error (meV)": flake["gap_bias_mev"],
            "band gap, error not exceeded by 95 % of the pixels (meV)": flake["gap_error_95_percentile_mev"],
            "band gap, R²": flake["gap_r2"],
            "pixels without a result": f"{flake['masked_pixels']} of {flake['pixels']}",
            "dead pixels found": f"{flake['dead_pixels_found']} of {flake['dead_pixels']}",
            "pixels on the flake without a result": (
                f"{flake['masked_flake_pixels']} of {flake['flake_pixels']}"
            ),
            "substrate pixels mistaken for the flake": flake["substrate_pixels_given_a_gap"],
            "pixels outside the training domain": flake["outside_training_pixels"],
            "spectra mapped per second": round(flake["curves_per_second"]),
        },
        "Photoluminescence against gap at K": {
            "slope (eV/eV)": (
                f"{light['slope']:.3f} ± {light['slope_error']:.3f} (pixels) "
                f"± {light['slope_model_error']:.3f} (model)"
            ),
            "slope with the true gap at K (eV/eV)": light["slope_with_the_true_gap"],
            "correlation (Pearson)": light["pearson"],
            "rank correlation (Spearman)": light["spearman"],
            "scatter about the line, root mean square (meV)": light["rms_residual_mev"],
            "pixels compared": light["n_pixels"],
        },
        "Explanation": {
            "feature that moves the gap most": feature_label(why["largest_gap_share"], unit=False),
            "its mean share (meV)": why["largest_gap_share_mev"],
            "method": why["method"],
            "spectra explained, background": f"{why['spectra']}, {why['background']}",
        },
        "Time": {f"{name.replace('_', ' ')} (s)": seconds for name, seconds in metrics["seconds"].items()},
    }


def provenance(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """What the run was made from."""
    return {
        "data": "bundled first-principles records of MoS₂; spectra and flake simulated from them",
        "model": "model.skops",
        "map": "map.nc",
        **{f"setting {name.replace('_', ' ')}": str(value) for name, value in metrics["settings"].items()},
    }
