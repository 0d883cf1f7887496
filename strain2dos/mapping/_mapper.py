# SPDX-License-Identifier: BSD-3-Clause
"""The meta-estimator that applies a fitted model to every pixel of a map."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from numbers import Integral
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, clone
from sklearn.utils.metaestimators import available_if

from strain2dos._compat import HasMethods, Interval, StrOptions, _fit_context
from strain2dos._estimators.doc_links import DocLinks
from strain2dos._estimators.wrappers import look_through, regressor_has
from strain2dos.mapping._forwarded import ForwardedFits
from strain2dos.mapping._pixels.blocks import map_in_memory, map_lazily, rows_per_chunk
from strain2dos.mapping._pixels.cube import align_columns, as_cube, refuse_indices
from strain2dos.mapping._pixels.evaluate import PixelEvaluator, check_quantities, needs_energies
from strain2dos.mapping._pixels.lines import domain_of
from strain2dos.mapping._pixels.model import FittedModel
from strain2dos.mapping._units import compare_with_training


class SpatialMapper(DocLinks, ForwardedFits, MetaEstimatorMixin, RegressorMixin, BaseEstimator):
    """Map the local density of states, band edges and their uncertainty over a flake.

    Wraps any regressor of DOS curves, or a pipeline that ends in one. ``fit`` and ``predict`` are the wrapped
    estimator's own; :meth:`predict_map` evaluates every pixel of a cube in few large calls and flags pixels
    that cannot be evaluated. An estimator that is already fitted can be mapped at once, without ``fit``.

    Parameters
    ----------
    estimator : regressor or Pipeline
        Predicts curves (n, n_energies) from rows (n, k), such as ``make_pipeline(RamanFeaturizer(shift),
        StandardScaler(), DOSRegressor(energies))``, where ``shift`` is the axis of the spectra in cm-1. May
        be wrapped in a search, `FrozenEstimator`, `TransformedTargetRegressor` or `ConformalDOSRegressor`.
    quantities : sequence of str or "auto", default=("dos", "vbm", "cbm", "gap")
        What to map; also "dos_std" (needs ``predict(return_std=True)``), "vbm_std", "cbm_std" and "gap_std"
        (of edges learned from eigenvalues), "valleys" and "gap_direct", the gap at K, with "gap_direct_std"
        (of valleys learned one by one), "domain_score", "domain_reason"
        (:class:`~strain2dos.raman.LineReason` codes) and "features" (the output of the featurizer that a
        pipeline starts with, else the input). "auto": curves where their map stays below 1 GiB, edges, both
        gaps with their standard deviations and the domain score, as far as the estimator can give them; the
        attribute ``left_out`` names the rest.
    chunks : "auto", int or None, default="auto"
        Rows of the map evaluated at a time; "auto" bounds the working memory to about 100 MB (for dask-backed
        cubes: keeps their own chunks), None evaluates all at once.
    dtype : "float64" or "float32", default="float64"
        Of the curves and features in the map; band edges are always float64.
    energies : array-like of shape (n_energies,), default=None
        Energies in eV of the predicted curves, for regressors that have no ``energies_`` of their own.
    edge_options : mapping, default=None
        Keyword arguments for :func:`strain2dos.dos.band_edges` (``threshold``, ``reference``), used when the
        regressor has no ``predict_edges``.
    functional : str, default=None
        Of the calculation behind the curves, such as "PBE": it goes into the attributes of all energies, so
        that figures and tables name it.
    progress : bool, default=False
        Show a progress bar.

    Attributes
    ----------
    estimator_ : estimator
        Fitted clone of ``estimator``; absent when a fitted estimator is mapped without ``fit``.
    n_features_in_ : int
        Columns of X seen by the wrapped estimator.
    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Their names, when X had names.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from strain2dos import SpatialMapper
    >>> strain = np.linspace(0, 0.02, 5)[:, np.newaxis]
    >>> dos = np.hstack([5 - 20 * strain, 0 * strain, 3 + 10 * strain])
    >>> cube = np.full((2, 4, 1), 0.01)
    >>> cube[0, 1] = np.nan
    >>> flake = (
    ...     SpatialMapper(Ridge(alpha=1e-9), quantities=("dos",))
    ...     .fit(strain, dos)
    ...     .predict_map(cube)
    ... )
    >>> dict(flake.dos.sizes), flake.dos.values[1, 3].round(3).tolist()
    ({'y': 2, 'x': 4, 'energy': 3}, [4.8, 0.0, 3.1])
    >>> flake.status.values.tolist()
    [[0, 1, 0, 0], [0, 0, 0, 0]]
    """

    _parameter_constraints: dict = {  # noqa: RUF012
        "estimator": [HasMethods(["fit", "predict"])],
        "quantities": ["array-like", StrOptions({"auto"})],
        "chunks": [StrOptions({"auto"}), Interval(Integral, 1, None, closed="left"), None],
        "dtype": [StrOptions({"float32", "float64"})],
        "energies": ["array-like", None],
        "edge_options": [dict, Mapping, None],
        "functional": [str, None],
        "progress": ["boolean"],
    }

    def __init__(
        self,
        estimator: BaseEstimator,
        *,
        quantities: Sequence[str] | str = ("dos", "vbm", "cbm", "gap"),
        chunks: int | str | None = "auto",
        dtype: str = "float64",
        energies: npt.ArrayLike | None = None,
        edge_options: Mapping[str, Any] | None = None,
        functional: str | None = None,
        progress: bool = False,
    ) -> None:
        self.estimator = estimator
        self.quantities = quantities
        self.chunks = chunks
        self.dtype = dtype
        self.energies = energies
        self.edge_options = edge_options
        self.functional = functional
        self.progress = progress

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: npt.ArrayLike, y: npt.ArrayLike, **fit_params: object) -> SpatialMapper:
        """Fit a clone of the wrapped estimator.

        Parameters
        ----------
        X : array-like of shape (n, k)
            Spectra, features or strains.
        y : array-like of shape (n, n_energies)
            DOS curves.
        **fit_params : dict
            Passed on to the estimator's ``fit``, such as ``groups`` or ``edges``. For a pipeline, names
            without a step prefix go to its last step. With metadata routing enabled they are routed as
            requested.

        Returns
        -------
        SpatialMapper
            Itself.
        """
        if not isinstance(self.quantities, str):
            check_quantities(self.quantities)
        if y is None:
            raise ValueError(
                "This SpatialMapper estimator requires y to be passed, but the target y is None."
            )
        self.estimator_ = clone(self.estimator)
        self.estimator_.fit(X, y, **self._params_for("fit", fit_params))
        return self

    def predict(
        self, X: npt.ArrayLike, **predict_params: object
    ) -> np.ndarray | xr.DataArray | tuple[xr.DataArray, xr.DataArray]:
        """Predict the DOS curves of rows with the wrapped estimator.

        Parameters
        ----------
        X : array-like of shape (n, k), or DataArray with dims y and x
            Spectra, features or strains; a cube as for :meth:`predict_map`.
        **predict_params : dict
            ``return_std=True`` reaches the regressor through whatever wraps it; others are passed on.

        Returns
        -------
        ndarray of shape (n, n_energies), or DataArray of shape (y, x, n_energies)
            With ``return_std=True`` a tuple of it and of the standard deviation. In maps, pixels that cannot
            be evaluated are NaN, and the coordinate "status" holds the reason.
        """
        if isinstance(X, xr.DataArray) and {"y", "x"} <= set(X.dims):
            wanted = ("dos", "dos_std") if predict_params.get("return_std") else ("dos",)
            found = self._mapped(X, wanted).set_coords("status")
            return found["dos"] if len(wanted) == 1 else (found["dos"], found["dos_std"])
        if predict_params == {"return_std": True}:
            return look_through(self._fitted()).call("predict", X, return_std=True)
        return self._fitted().predict(X, **self._params_for("predict", predict_params))

    @available_if(regressor_has("domain_score"))
    def domain_score(self, X: npt.ArrayLike) -> np.ndarray:
        """Give the distance of rows from the training rows, and from what one layer of the material shows.

        Parameters
        ----------
        X : array-like of shape (n, k)
            Spectra, features or strains.

        Returns
        -------
        ndarray of shape (n,)
            Above 1 outside of the region of the training rows, or where the positions of lines are not those
            of one layer, strained and doped as samples are (:func:`strain2dos.raman.judge_positions`).
        """
        chain = look_through(self._fitted())
        score = chain.call("domain_score", X)
        if chain.featurizer is None:
            return score
        model = FittedModel.from_estimator(self._fitted())
        features = np.asarray(chain.featurizer.transform(X), dtype=np.float64)
        return domain_of(model, features, np.asarray(score, dtype=np.float64))["domain_score"]

    @property
    def energies_(self) -> np.ndarray:
        """Energies of the curves (n_energies,) in eV: the regressor's own, else those passed here."""
        model = FittedModel.from_estimator(self._fitted_for("energies_"), energies=self.energies)
        if model.energies is None:
            raise AttributeError(
                f"{type(model.final).__name__} has no energies_ and none were passed; pass energies= to "
                "SpatialMapper."
            )
        return model.energies

    def predict_map(self, cube: xr.DataArray | np.ndarray) -> xr.Dataset:
        """Evaluate every pixel of a cube.

        Parameters
        ----------
        cube : DataArray with dims (y, x, shift) or (y, x, feature), or array of shape (y, x, k)
            Dims may come in any order. A shift axis has to be the featurizer's own, ascending or descending;
            named features are ordered by name. A strain map (y, x) counts as a cube of one feature.

        Returns
        -------
        Dataset
            The quantities with dims (y, x) or (y, x, energy), and ``status``: 0 ok, 1 input not finite, 2
            features not finite (the fit failed). Pixels that are not ok are NaN. In memory for a numpy-backed
            cube, lazy for a dask-backed one (``.compute()`` evaluates each block once).

        Raises
        ------
        ValueError
            If dims, shift axis or features do not agree with the model, or the cube holds no pixel.

        Warns
        -----
        UserWarning
            If no pixel could be evaluated (not checked for dask-backed cubes), if band edges are asked for
            but the energies are unknown, or if a strain map seems to be in another unit than the training
            strains (:func:`check_strain_unit`).
        """
        return self._mapped(cube, self.quantities)

    def _mapped(self, cube: xr.DataArray | np.ndarray, quantities: Sequence[str] | str) -> xr.Dataset:
        """Map some quantities of a cube."""
        cube, evaluator = self._prepare(cube, quantities)
        model = self._fitted()
        if cube.chunks is not None:
            return map_lazily(cube, evaluator, model, chunks=self.chunks)
        step = rows_per_chunk(cube, evaluator, self.chunks)
        return map_in_memory(cube, evaluator, model, step=step, progress=self.progress)

    def to_zarr(
        self,
        cube: xr.DataArray | np.ndarray,
        path: str | Path,
        *,
        resume: bool | str = True,
        storage_options: Mapping[str, Any] | None = None,
    ) -> xr.Dataset:
        """Map a cube chunk by chunk into a Zarr store; an interrupted run goes on where it stopped.

        The store appears at `path` only when it is laid out completely. Each finished block of rows is
        recorded with checksums of its chunks and of its input. A run that goes on compares both, and computes
        again what is not whole; at the end, all that was written is read back.

        Parameters
        ----------
        cube : DataArray or array of shape (y, x, k)
            As for :meth:`predict_map`; a dask-backed cube is read chunk by chunk and may exceed the memory.
        path : str or Path
            Folder of the store (Zarr format 3), or an address that fsspec can open, such as
            ``s3://bucket/map.zarr``. ``status`` is 255 where a pixel has not been computed yet. At an address
            there is no lock: let only one run write to it.
        resume : bool or "trust", default=True
            Go on with a store of the same model, cube and settings. Of a dask-backed cube, rows that are
            finished are read again to see that they did not change; "trust" leaves that out and names these
            rows in the attribute ``input_not_compared`` of the result. False refuses any existing store.
        storage_options : mapping, default=None
            For an address: options of its file system, such as keys.

        Returns
        -------
        Dataset
            The finished store, opened lazily as by :func:`open_map`.

        Raises
        ------
        FileExistsError
            If something exists at ``path`` and ``resume`` is False, or it is no map.
        ValueError
            If the store belongs to another model, cube or other settings; the error names what differs.
        BlockingIOError
            If another process writes this store.
        OSError
            If the disk is full. Make room and call it again.
        """
        from strain2dos.mapping._store.opening import require_zarr

        require_zarr("to_zarr")
        from strain2dos.mapping._store.writing import write_map

        if resume not in (True, False, "trust"):
            raise ValueError(f'resume must be True, False or "trust", but got {resume!r}.')
        cube, evaluator = self._prepare(cube, self.quantities)
        step = rows_per_chunk(cube, evaluator, self.chunks)
        return write_map(
            cube,
            evaluator,
            self._fitted(),
            path,
            step=step,
            resume=resume,
            progress=self.progress,
            storage_options=storage_options,
        )

    def _prepare(
        self, cube: xr.DataArray | np.ndarray, wanted: Sequence[str] | str
    ) -> tuple[xr.DataArray, PixelEvaluator]:
        """Check the parameters, bring the cube to the model's columns, set up the evaluation of pixels."""
        self._validate_params()
        model = FittedModel.from_estimator(
            self._fitted(), energies=self.energies, edge_options=self.edge_options
        )
        refuse_indices(model)
        cube = align_columns(as_cube(cube), model)
        evaluator = PixelEvaluator.of(model, cube, wanted, np.dtype(self.dtype), self.functional)
        if needs_energies(evaluator.quantities) and not model.has_edges:
            warnings.warn(
                f"{type(model.final).__name__} has no energies_ and none were passed, so vbm, cbm and gap "
                "stay NaN; pass energies= to SpatialMapper.",
                UserWarning,
                stacklevel=3,
            )
        compare_with_training(cube, model)
        return cube, evaluator
