# SPDX-License-Identifier: BSD-3-Clause
"""The recommended pipeline from Raman spectra to densities of states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline


def raman_pipeline(
    shift: ArrayLike,
    energies: ArrayLike,
    *,
    material: str = "MoS2",
    reference: str | None = None,
    unstrained: Mapping[str, float | Sequence[float]] | None = None,
    noise: str | None = None,
    **regressor: Any,
) -> Pipeline:
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
    Pipeline
        Steps "ramanfeaturizer" and "dosregressor". Hand the groups (strain states) and band edges of the
        training data to the regressor as ``dosregressor__groups=`` and ``dosregressor__edges=``.

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
    from sklearn.pipeline import make_pipeline

    from strain2dos.dos import DOSRegressor
    from strain2dos.raman import RamanFeaturizer

    options: dict[str, Any] = {} if noise is None else {"noise": noise}
    featurizer = RamanFeaturizer(
        shift,
        material=material,
        reference=reference,
        unstrained=unstrained,
        features=("center",),
        **options,
    )
    # a real training set has spectra whose fit is flagged
    return make_pipeline(featurizer, DOSRegressor(energies, **{"nan_policy": "omit", **regressor}))
