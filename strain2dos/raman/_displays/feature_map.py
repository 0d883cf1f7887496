# SPDX-License-Identifier: BSD-3-Clause
"""Map of one Raman feature."""

from typing import TYPE_CHECKING, Self, TypedDict, Unpack

import numpy as np
import xarray as xr

from strain2dos._plotting.axes import status_words
from strain2dos._plotting.labels import feature_label
from strain2dos._plotting.maps import ColorScale, draw_map, hatch, robust_scale, unit_sign
from strain2dos.raman._fitting.status import FitStatus

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from strain2dos.raman._features.result import SpectraFit

# Inches for one reason in the legend.
_REASON_ROWS_HEIGHT = 0.28


class MapOptions(TypedDict, total=False):
    """Keywords of `FeatureMapDisplay.plot`."""

    cmap: str
    vmin: float | None
    vmax: float | None
    colorbar: bool


class FeatureMapDisplay:
    """Map of one fitted feature; pixels whose fit failed are hatched, and a legend names the reasons.

    Make it with `from_dataset` or `from_fit`.

    Parameters
    ----------
    values : DataArray of shape (y, x)
        The feature, NaN where there is none.
    status : DataArray of shape (y, x)
        `FitStatus` codes.

    Attributes
    ----------
    ax_ : matplotlib Axes
    figure_ : matplotlib Figure
    im_ : matplotlib QuadMesh
    colorbar_ : matplotlib Colorbar or None
    legend_ : matplotlib Legend or None

    See Also
    --------
    SpectraFit.to_dataset : Gives the Dataset.

    Examples
    --------
    >>> from strain2dos.datasets import make_raman_map
    >>> from strain2dos.raman import FeatureMapDisplay, RamanFeaturizer
    >>> cube = make_raman_map((9, 12), random_state=0).intensity
    >>> spectra = cube.values.reshape(-1, cube.sizes["shift"])
    >>> fit = RamanFeaturizer(cube["shift"].values).fit(spectra).fit_spectra(spectra)
    >>> display = FeatureMapDisplay.from_fit(fit, cube, "A1'_center")
    >>> display.colorbar_.ax.get_ylabel(), display.ax_.get_xlabel()
    ('A₁′ center (cm⁻¹)', 'x (µm)')
    """

    def __init__(self, values: xr.DataArray, status: xr.DataArray) -> None:
        self.values = values
        self.status = status

    @classmethod
    def from_dataset(
        cls,
        dataset: xr.Dataset,
        name: str = "E'_center",
        *,
        ax: "Axes | None" = None,
        **options: Unpack[MapOptions],
    ) -> Self:
        """Plot a variable of `SpectraFit.to_dataset`.

        Parameters
        ----------
        dataset : Dataset with dims (y, x)
            As `SpectraFit.to_dataset` makes it.
        name : str, default="E'_center"
            Feature, ``"<feature>_sigma"``, "chi2" or "split_probability".
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        **options : dict
            For `plot`.

        Returns
        -------
        FeatureMapDisplay

        Raises
        ------
        ValueError
            If there is no such variable, or the dims are not those of a map.
        """
        if name not in dataset or "status" not in dataset:
            raise ValueError(
                f"dataset must hold {name!r} and 'status', but holds "
                f"{sorted(map(str, dataset.data_vars))}; make it with SpectraFit.to_dataset."
            )
        if set(dataset[name].dims) != {"y", "x"}:
            raise ValueError(
                f"{name!r} must have the dims (y, x) of a map, but has {tuple(dataset[name].dims)}; a line "
                f"scan is drawn by dataset[{name!r}].plot()."
            )
        return cls(dataset[name], dataset["status"]).plot(ax=ax, **options)

    @classmethod
    def from_fit(
        cls,
        fit: "SpectraFit",
        like: xr.DataArray,
        name: str = "E'_center",
        *,
        ax: "Axes | None" = None,
        **options: Unpack[MapOptions],
    ) -> Self:
        """Plot a feature of a fit to the spectra of a map.

        Parameters
        ----------
        fit : SpectraFit
            From `RamanFeaturizer.fit_spectra`.
        like : DataArray
            The map whose spectra were fitted, as for `SpectraFit.to_dataset`.
        name : str, default="E'_center"
            Feature, ``"<feature>_sigma"``, "chi2" or "split_probability".
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        **options : dict
            For `plot`.

        Returns
        -------
        FeatureMapDisplay
        """
        return cls.from_dataset(fit.to_dataset(like), name, ax=ax, **options)

    def plot(
        self,
        *,
        ax: "Axes | None" = None,
        cmap: str = "viridis",
        vmin: float | None = None,
        vmax: float | None = None,
        colorbar: bool = True,
    ) -> Self:
        """Draw the map.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Where to draw; a new figure by default.
        cmap : str, default="viridis"
            Color map.
        vmin, vmax : float, default=None
            Ends of the colors. By default the middle 96 % of the values and a tenth more, so that single
            outliers do not take all the contrast; arrows on the color bar show where values lie beyond.
        colorbar : bool, default=True
            Whether to add a color bar.

        Returns
        -------
        self
            The display itself.
        """
        values = self.values.transpose("y", "x")
        status = self.status.transpose("y", "x").values
        scale = _scale(values, cmap, vmin, vmax)
        codes = [int(code) for code in np.unique(status) if code != FitStatus.OK]
        from matplotlib.figure import Figure

        new = ax is None
        label = self._label() if colorbar else None
        self.ax_, self.im_, self.colorbar_ = draw_map(values, ax, scale, label)
        self.figure_ = self.ax_.figure
        if new and codes and isinstance(self.figure_, Figure):
            width, height = self.figure_.get_size_inches()
            self.figure_.set_size_inches(width, height + _REASON_ROWS_HEIGHT * (len(codes) + 2))
        handles = []
        for number, code in enumerate(codes):
            pixels = status == code
            words = f"{status_words(code)}: {int(pixels.sum())} px"
            handles.append(hatch(self.ax_, values, pixels, number, words))
        self.legend_ = None
        if handles:
            self.legend_ = self.ax_.legend(
                handles=handles,
                loc="upper center",
                bbox_to_anchor=(0.5, -0.16),
                fontsize="small",
                frameon=False,
                title="No value because",
                title_fontsize="small",
                alignment="left",
                handlelength=2.6,
                handleheight=1.4,
            )
        return self

    def _label(self) -> str:
        name = str(self.values.name)
        feature = name.removesuffix("_sigma")
        words = feature_label(feature, unit=False)
        if words == feature:
            words = str(self.values.attrs.get("long_name", name))
        elif feature != name:
            words += ", standard deviation"
        unit = unit_sign(self.values.attrs.get("units", ""))
        return words[:1].upper() + words[1:] + (f" ({unit})" if unit else "")


def _scale(values: xr.DataArray, cmap: str, vmin: float | None, vmax: float | None) -> ColorScale:
    data = np.asarray(values.values, dtype=np.float64)
    if values.name == "split_probability" and vmin is None and vmax is None:
        return ColorScale(cmap, 0.0, 1.0)
    return robust_scale(data, cmap, vmin, vmax)
