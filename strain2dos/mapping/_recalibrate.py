# SPDX-License-Identifier: BSD-3-Clause
"""A trained model on another axis, with silicon as reference or with the unstrained positions of a sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline

from strain2dos._estimators.fitting import clone_as_fitted
from strain2dos._raman_pipeline import RamanPipeline
from strain2dos.raman import RamanFeaturizer, measure_unstrained
from strain2dos.raman._features.units import axis_of


def recalibrate(
    pipeline: Pipeline,
    shift: xr.DataArray | ArrayLike,
    *,
    reference: str | None = None,
    unstrained: Mapping[str, float | Sequence[float]] | None = None,
    region: tuple[float, float, float, float] | None = None,
) -> RamanPipeline:
    """Set the featurizer of a trained pipeline to the axis and the calibration of a sample.

    What was learned stays: the regressor takes positions, and a featurizer learns nothing but its axis. So a
    model that was trained without silicon maps spectra with ``reference="Si"``, on any axis that holds its
    lines.

    Parameters
    ----------
    pipeline : Pipeline
        Fitted; its first step is a `RamanFeaturizer`.
    shift : DataArray or array-like of shape (n_shift,)
        Axis in cm-1, or a map whose axis it is.
    reference : {"Si"} or None, default=None
        Correct the axis of each spectrum by the silicon line.
    unstrained : mapping of str to float or (float, float), default=None
        Positions of the unstrained lines, after the correction by ``reference``.
    region : tuple of float (x0, y0, x1, y1), optional
        Instead of ``unstrained``: where the map ``shift`` is unstrained (`measure_unstrained`).

    Returns
    -------
    RamanPipeline
        A new one; steps after the featurizer are those of ``pipeline``.

    Raises
    ------
    ValueError
        Where the pipeline does not start with a featurizer, both ``unstrained`` and ``region`` are given, or
        the axis does not hold the lines.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LinearRegression
    >>> from sklearn.pipeline import make_pipeline
    >>> from strain2dos.datasets import make_raman_dos
    >>> from strain2dos.mapping import recalibrate
    >>> from strain2dos.raman import RamanFeaturizer
    >>> data = make_raman_dos(61, random_state=0)
    >>> model = make_pipeline(RamanFeaturizer(data.shift), LinearRegression()).fit(
    ...     data.spectra, data.gap
    ... )
    >>> wide = recalibrate(
    ...     model, np.arange(330.0, 560.0, 0.5), reference="Si", unstrained={"E'": 384.1}
    ... )
    >>> wide[0].n_features_in_, wide[0].reference, wide[1] is model[1]
    (460, 'Si', True)
    """
    steps = list(getattr(pipeline, "steps", ()))
    if not steps or not isinstance(steps[0][1], RamanFeaturizer):
        raise ValueError(
            f"recalibrate needs a pipeline that starts with a RamanFeaturizer, but got "
            f"{type(pipeline).__name__}; make one by raman_pipeline."
        )
    name, featurizer = steps[0]
    cube = shift if isinstance(shift, xr.DataArray) and set(shift.dims) > {"shift"} else None
    axis = np.asarray(axis_of(shift if cube is None else cube["shift"]), dtype=np.float64)
    moved = clone_as_fitted(featurizer).set_params(shift=axis, reference=reference, unstrained=unstrained)
    if region is not None:
        if unstrained is not None or cube is None:
            raise ValueError(
                f"region {region} names an unstrained place of a map: pass the map in place of its axis, and "
                "leave unstrained= out."
            )
        moved.set_params(unstrained=measure_unstrained(cube, region=region, featurizer=moved))
    return RamanPipeline([(name, moved.fit(np.ones((1, axis.size)))), *steps[1:]])
