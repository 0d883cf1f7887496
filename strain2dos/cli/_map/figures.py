# SPDX-License-Identifier: BSD-3-Clause
"""Figures of a flake that was mapped in one call."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.figure import Figure


def strain_maps(flake: xr.Dataset) -> Figure:
    """Strain and doping side by side."""
    import matplotlib.pyplot as plt

    from strain2dos.mapping import MapDisplay

    figure, axes = plt.subplots(1, 2, figsize=(9.2, 4.2), layout="constrained")
    for ax, name in zip(axes, ("strain", "doping"), strict=True):
        MapDisplay.from_dataset(flake, name, ax=ax)
    return figure


def pl_comparison(flake: xr.Dataset) -> Figure:
    """Photoluminescence of a flake against its gap at K, with the rates of the literature."""
    from strain2dos.mapping import PLComparisonDisplay

    return PLComparisonDisplay.from_maps(flake, flake).figure_
