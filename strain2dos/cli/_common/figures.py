# SPDX-License-Identifier: BSD-3-Clause
"""Figures that the commands write."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure, SubFigure
    from sklearn.pipeline import Pipeline

    from strain2dos.dos import DOSRegressor
    from strain2dos.explain import DOSExplanation

# Sharp on a screen and, 6.4 inches wide, a column of a page.
DPI = 160
mpl.use("Agg")  # the commands write files and open no window


def draw(path: Path, figure: Figure) -> None:
    """Write a figure whole or not at all, and close it."""
    import matplotlib.pyplot as plt

    from strain2dos._files import replacing

    with replacing(path) as part:
        figure.savefig(part, dpi=DPI)
    plt.close(figure)


def _whole(figure: Figure | SubFigure) -> Figure:
    from matplotlib.figure import SubFigure

    return figure.figure if isinstance(figure, SubFigure) else figure


def loss_curves(model: DOSRegressor | Pipeline) -> Figure:
    """Loss on training and held-out groups of every member against the epoch."""
    from strain2dos.dos import LossCurveDisplay

    return _whole(LossCurveDisplay.from_estimator(model).figure_)


def gap_parity(held_out: Mapping[str, pd.DataFrame]) -> Figure:
    """Predicted against first-principles gaps of strain states that the model never saw, by kind of state."""
    import matplotlib.pyplot as plt

    from strain2dos._plotting.axes import COLORS
    from strain2dos.dos import GapParityDisplay

    figure, ax = plt.subplots(figsize=(5.4, 5.0), layout="constrained")
    ax.set_prop_cycle(color=COLORS[:2])
    for label, found in held_out.items():
        GapParityDisplay.from_predictions(found["gap"], found["gap_predicted"], label=label, ax=ax)
    ax.set(xlabel="First-principles gap (eV)", ylabel="Predicted gap (eV)")
    ax.set_title("Each strain state predicted by models that never saw it", fontsize="medium")
    return figure


def gap_map(flake: xr.Dataset) -> Figure:
    """Predicted gap over the flake, with its error beside it where the map has one."""
    from strain2dos.mapping import MapDisplay

    if "gap_std" in flake:
        return _whole(MapDisplay.beside_error(flake, "gap")[0].figure_)
    return _whole(MapDisplay.from_dataset(flake, "gap").figure_)


def gap_map_with_truth(flake: xr.Dataset, truth: xr.Dataset) -> Figure:
    """Predicted gap, true gap on the same scale, and their difference."""
    import matplotlib.pyplot as plt
    import numpy as np

    from strain2dos._plotting.maps import robust_scale
    from strain2dos.mapping import MapDisplay

    figure, axes = plt.subplots(1, 3, figsize=(12.0, 4.3), layout="constrained", sharey=True)
    error = (1e3 * (flake["gap"] - truth["gap"])).assign_attrs(
        units="meV", long_name="predicted minus true gap"
    )
    both = np.concatenate([flake["gap"].values.ravel(), truth["gap"].values.ravel()])
    scale = robust_scale(both)
    limits: dict[str, Any] = {"vmin": scale.vmin, "vmax": scale.vmax}
    most = float(np.nanquantile(np.abs(error), 0.99))
    MapDisplay(flake["gap"]).plot(axes[0], colorbar=False, **limits)
    MapDisplay(truth["gap"].assign_attrs(units="eV")).plot(axes[1], **limits)
    MapDisplay(error.rename("error")).plot(axes[2], cmap="RdBu_r", vmin=-most, vmax=most)
    for ax, title in zip(axes, ("Predicted from Raman", "Truth", "Difference"), strict=True):
        ax.set_title("", loc="left")  # the caption counts the pixels without a result
        ax.set_title(title)
        ax.label_outer()
    return figure


def band_edge_maps(flake: xr.Dataset) -> Figure:
    """Valence and conduction band edges side by side, each on its own scale."""
    import matplotlib.pyplot as plt

    from strain2dos.mapping import MapDisplay
    from strain2dos.mapping._places import places_of

    image = places_of(flake["vbm"]).kind in ("grid", "sites")
    figure, axes = plt.subplots(1, 2, figsize=(9.2, 4.2), layout="constrained", sharey=image)
    for ax, name in zip(axes, ("vbm", "cbm"), strict=True):
        MapDisplay.from_dataset(flake, name, ax=ax)
        ax.set_title("", loc="left")  # the map of the gap has the warning
        if image:
            ax.label_outer()
    return figure


def strain_maps(flake: xr.Dataset) -> Figure:
    """Strain and doping side by side."""
    import matplotlib.pyplot as plt

    from strain2dos.mapping import MapDisplay

    figure, axes = plt.subplots(1, 2, figsize=(9.2, 4.2), layout="constrained")
    for ax, name in zip(axes, ("strain", "doping"), strict=True):
        MapDisplay.from_dataset(flake, name, ax=ax)
    return figure


def pl_comparison(gap: xr.Dataset | xr.DataArray, light: xr.Dataset | xr.DataArray) -> Figure:
    """Photoluminescence energy against the predicted gap, with the rates of the literature for a flake."""
    from strain2dos.mapping import PLComparisonDisplay

    return _whole(PLComparisonDisplay.from_maps(gap, light).figure_)


def shap_heatmap(explanation: DOSExplanation) -> Figure:
    """Feature against energy."""
    return _whole(explanation.plot_heatmap().figure_)


def edge_attribution(explanation: DOSExplanation) -> Figure:
    """What each feature does to the band edges."""
    from strain2dos.explain import EdgeAttributionDisplay

    return _whole(EdgeAttributionDisplay.from_explanation(explanation).figure_)
