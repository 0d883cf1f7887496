# SPDX-License-Identifier: BSD-3-Clause
"""The recommended pipeline from Raman spectra to densities of states; it takes rows and cubes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from strain2dos._estimators.columns import as_named, scatter_rows
from strain2dos._estimators.doc_links import DocLinks
from strain2dos._estimators.fitting import as_fitted
from strain2dos._estimators.wrappers import final_regressor, regressor_has
from strain2dos._grids import energy_coordinate

if TYPE_CHECKING:
    import xarray as xr

    from strain2dos.raman import RamanMode


class RamanPipeline(DocLinks, Pipeline):
    """Pipeline from spectra to curves that predicts a cube of spectra as a map of curves.

    It is scikit-learn's `Pipeline` in all else: rows of an array are predicted as a Pipeline predicts them.
    ``RamanPipeline(model.steps)`` makes one of a Pipeline that begins with `RamanFeaturizer`, fitted or not.

    Parameters
    ----------
    steps : list of (str, estimator)
        Names and steps; the first is a `RamanFeaturizer` with an axis, the last a regressor of curves.
    transform_input, memory, verbose : optional
        As for `Pipeline`.

    See Also
    --------
    raman_pipeline : The recommended steps.
    strain2dos.map_flake : Maps of gap, strain and doping with errors.
    SpatialMapper : Maps that are larger than the memory.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from strain2dos import RamanFeaturizer, RamanPipeline, make_raman_map
    >>> from strain2dos.datasets import make_raman_dos
    >>> data = make_raman_dos(48, random_state=0)
    >>> steps = [("lines", RamanFeaturizer(data.shift)), ("curves", Ridge())]
    >>> model = RamanPipeline(steps).fit(data.spectra, data.dos)
    >>> cube = make_raman_map((8, 9), random_state=0).intensity
    >>> dos = model.predict(cube)
    >>> dict(dos.sizes), int((dos["status"] == 0).sum()), int(dos[:, :, 0].notnull().sum())
    ({'y': 8, 'x': 9, 'energy': 651}, 38, 38)
    """

    @available_if(regressor_has("predict"))
    def predict(self, X: ArrayLike | xr.DataArray, **params: Any) -> Any:
        """Predict the curves of rows, or those of a cube as a map.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_shift), or DataArray with the dim "shift" and others
            Spectra. The axis of a DataArray is brought to cm-1 and compared with that of the fit.
        **params : dict
            For the steps, as in `Pipeline`; ``return_std=True`` for a `DOSRegressor`.

        Returns
        -------
        ndarray of shape (n_samples, n_energies), or DataArray
            A DataArray has the places of the cube and the dim "energy". Its coordinate "status" holds
            `FitStatus` codes; where one is not 0 the curve is NaN. What the regressor gives as a tuple is a
            tuple here.

        Raises
        ------
        ValueError
            If the axis of a cube is not that of the fit, or the first step has no axis.
        """
        if "shift" not in getattr(X, "dims", ()):
            return super().predict(X, **params)
        return self._map(X, params)

    def _map(self, cube: Any, params: dict[str, Any]) -> Any:
        """Predict the spectra that have features, and lay the curves on the places of the cube."""
        from strain2dos.raman._features.axis import spectra_of

        check_is_fitted(self)
        featurizer = self.steps[0][1]
        axis = getattr(as_fitted(featurizer), "shift", None)
        if axis is None or not hasattr(featurizer, "transform_with_status"):
            raise ValueError(
                "a cube is predicted by a pipeline that begins with RamanFeaturizer(shift), but this one "
                f"begins with {featurizer!r}; give it the axis of the spectra, or predict rows of an array."
            )
        cube = spectra_of(cube, np.asarray(axis, dtype=np.float64))
        rows = as_named(cube.values.reshape(-1, cube.sizes["shift"]), featurizer)
        features, status = featurizer.transform_with_status(rows)
        good = status == 0
        # without a spectrum that has features the regressor is still asked how wide its curves are
        kept = features[good] if good.any() else np.zeros((1, features.shape[1]))
        after = self[1:]
        found = after.predict(as_named(kept, after.steps[0][1]), **params)
        parts = found if isinstance(found, tuple) else (found,)
        full = [scatter_rows(np.asarray(part)[: good.sum()], good) for part in parts]
        maps = tuple(self._on_places(values, status, cube) for values in full)
        return maps if isinstance(found, tuple) else maps[0]

    def _on_places(
        self, values: NDArray[np.float64], status: NDArray[np.int64], cube: xr.DataArray
    ) -> xr.DataArray:
        """Lay curves (n, n_energies), or numbers (n,), on the places of a cube (..., shift)."""
        import xarray as xr

        from strain2dos.raman._features.to_xarray import places_of, status_attrs

        dims, sizes = cube.dims[:-1], cube.shape[:-1]
        coords = places_of(cube, dims)
        coords["status"] = xr.DataArray(status.reshape(sizes), dims=dims, attrs=status_attrs())
        energies = getattr(final_regressor(self), "energies_", None)
        if values.ndim == 2:
            coords["energy"] = energy_coordinate(energies, values.shape[1])
        attrs = {} if energies is None else {"units": "states/eV/cell"}
        tail = ("energy",) * (values.ndim - 1)
        return xr.DataArray(values.reshape(*sizes, *values.shape[1:]), coords, (*dims, *tail), attrs=attrs)


def raman_pipeline(
    shift: ArrayLike,
    energies: ArrayLike,
    *,
    material: str = "MoS2",
    modes: str | Sequence[str | RamanMode] = "auto",
    reference: str | None = None,
    unstrained: Mapping[str, float | Sequence[float]] | None = None,
    noise: str | None = None,
    **regressor: Any,
) -> RamanPipeline:
    """Pipeline from Raman spectra to curves of the density of states, as the package recommends it.

    `RamanFeaturizer` fits the lines and hands on their positions alone; `DOSRegressor` predicts curves and
    band edges from them. Positions depend on strain, doping and temperature. Widths and areas depend on the
    instrument, the focus and the flake's quality; a model that has learned them does not hold on another
    spectrometer.

    Parameters
    ----------
    shift : array-like of shape (n_shift,)
        Raman shift of the columns of X in cm-1.
    energies : array-like of shape (n_energies,)
        Energies of the curves in eV.
    material : str, default="MoS2"
        Whose lines are fitted.
    modes : {"auto", "all"} or sequence of str or RamanMode, default="auto"
        Lines to fit, as for `RamanFeaturizer`. Optional lines are fitted for the sake of those beside them
        and not handed on, but for E' (of MoSe2, whose usual lines lack it).
    reference : {"Si"} or None, default=None
        Correct the axis of each spectrum by the silicon line.
    unstrained : mapping of str to float or (float, float), default=None
        Positions of the unstrained lines of the sample in cm-1, with or without errors; see
        `measure_unstrained`.
    noise : str or None, default=None
        As for `RamanFeaturizer`, whose default holds where it is left out.
    **regressor
        Parameters of `DOSRegressor`, such as ``random_state=0``. ``nan_policy`` is "omit" unless given:
        spectra whose fit is flagged have no features; they are left out of the training with a warning that
        counts them, and predicted as NaN.

    Returns
    -------
    RamanPipeline
        Steps "ramanfeaturizer" and "dosregressor"; a cube is predicted as a map. Hand the groups (strain
        states) and band edges of the training data to the regressor as ``dosregressor__groups=`` and
        ``dosregressor__edges=``.

    Examples
    --------
    >>> from strain2dos import raman_pipeline
    >>> from strain2dos.datasets import make_raman_dos
    >>> data = make_raman_dos(64, random_state=0)
    >>> model = raman_pipeline(
    ...     data.shift, data.energies, n_members=1, max_epochs=5, random_state=0
    ... )
    >>> model = model.fit(data.spectra, data.dos, dosregressor__groups=data.groups)
    >>> model[0].get_feature_names_out().tolist(), model.predict(data.spectra[:2]).shape
    (["E'_center", "E'-_center", "E'+_center", "A1'_center"], (2, 651))
    """
    from strain2dos.dos import DOSRegressor
    from strain2dos.raman import RamanFeaturizer

    options: dict[str, Any] = {} if noise is None else {"noise": noise}
    featurizer = RamanFeaturizer(
        shift,
        material=material,
        modes=modes,
        reference=reference,
        unstrained=unstrained,
        features=_positions(material, modes),
        **options,
    )
    # a real training set has spectra whose fit is flagged
    curves = DOSRegressor(energies, **{"nan_policy": "omit", **regressor})
    return RamanPipeline([("ramanfeaturizer", featurizer), ("dosregressor", curves)])


def _positions(material: str, modes: str | Sequence[str | RamanMode]) -> tuple[str, ...]:
    """Columns with the positions of the lines that strain moves."""
    from strain2dos.raman._features.axis import select_modes

    if isinstance(modes, str) and modes == "auto":
        return ("center",)
    kept = [mode for mode in select_modes(material, modes) if not mode.optional or mode.name == "E'"]
    branches = [(mode.name, sign) for mode in kept for sign in ("", *("-+" if mode.splits else ""))]
    return tuple(f"{name}{sign}_center" for name, sign in branches)
