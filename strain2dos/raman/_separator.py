# SPDX-License-Identifier: BSD-3-Clause
"""Strain and doping from the positions of two lines."""

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from strain2dos._compat import _fit_context
from strain2dos.raman._modes import RamanMode, material_modes

OUTPUT_NAMES = ("strain", "doping")
PERCENT = 100.0


class StrainDopingSeparator(TransformerMixin, BaseEstimator):
    """Biaxial strain and electron doping from the E' and A1' line positions.

    Both lines move linearly with strain and with doping, but at different rates; two positions therefore
    give both quantities.

    Parameters
    ----------
    material : str, default="MoS2"
        Where the figures come from that are not given below (see `material_modes`).
    columns : pair of str or int, default=None
        The two columns of X that hold the positions. None: in a DataFrame the columns named after the first
        two lines of the material (``"E'_center"``, ``"A1'_center"``), where present; else the first two
        columns.
    positions : pair of float, default=None
        Positions of the unstrained, neutral lines in cm-1.
    strain_rates : pair of float, default=None
        Shifts in cm-1 per percent of biaxial strain.
    doping_rates : pair of float, default=None
        Shifts in cm-1 per 1e13 electrons/cm2.

    Attributes
    ----------
    matrix_ : (2, 2) ndarray
        Shift of the two lines in cm-1 per unit of strain (fraction) and per 1e13 electrons/cm2.
    inverse_ : (2, 2) ndarray
    origin_ : (2,) ndarray
        Positions at zero strain and doping.
    mode_names_ : tuple of str
        Names of the two lines.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where X had string column names.

    Notes
    -----
    The vector decomposition goes back to Lee et al. [1]_ (graphene). For MoS2 the default rates are -4.31 and
    -2.50 cm-1/% from the Grueneisen parameters 0.56 and 0.31 of Michail et al. [2]_ and -0.33 and -2.2 cm-1
    per 1e13/cm2 of Chakraborty et al. [3]_; the origin is that of Michail et al. [4]_. Other experiments
    differ: Lloyd et al. [5]_ found Grueneisen parameters of 0.68 and 0.21 (-5.2 and -1.7 cm-1/%). The origin
    depends on the spectrometer and the substrate: give ``positions`` from an unstrained place of your sample
    where you can.

    References
    ----------
    .. [1] J. E. Lee et al., Nat. Commun. 3, 1024 (2012).
    .. [2] A. Michail et al., ACS Appl. Mater. Interfaces 16, 49602 (2024).
    .. [3] B. Chakraborty et al., Phys. Rev. B 85, 161403 (2012).
    .. [4] A. Michail et al., Appl. Phys. Lett. 108, 173102 (2016).
    .. [5] D. Lloyd et al., Nano Lett. 16, 5836 (2016).

    Examples
    --------
    >>> from strain2dos import StrainDopingSeparator
    >>> separator = StrainDopingSeparator().fit([[384.6, 402.7]])
    >>> separator.transform([[384.6, 402.7], [380.29, 400.20], [384.27, 400.5]]).round(4) + 0.0
    array([[0.  , 0.  ],
           [0.01, 0.  ],
           [0.  , 1.  ]])
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 (scikit-learn's own name and form)
        "material": [str],
        "columns": [list, tuple, None],
        "positions": ["array-like", None],
        "strain_rates": ["array-like", None],
        "doping_rates": ["array-like", None],
    }

    def __init__(
        self,
        *,
        material: str = "MoS2",
        columns: Sequence[str | int] | None = None,
        positions: ArrayLike | None = None,
        strain_rates: ArrayLike | None = None,
        doping_rates: ArrayLike | None = None,
    ) -> None:
        self.material = material
        self.columns = columns
        self.positions = positions
        self.strain_rates = strain_rates
        self.doping_rates = doping_rates

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Look up the rates; nothing is learned from the values in X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Line positions in cm-1 (other columns are ignored). NaN is allowed.
        y : Ignored

        Returns
        -------
        self

        Raises
        ------
        ValueError
            Where a rate is known neither from the material nor from the parameters, where both lines respond
            in the same way, or where a column of ``columns`` does not exist.
        """
        X = validate_data(
            self,
            X,
            dtype=np.float64,
            ensure_all_finite="allow-nan",
            ensure_min_features=2,
        )
        modes = material_modes(self.material)[:2]
        strain = self._pair("strain_rates", self.strain_rates, modes, "biaxial_rate")
        doping = self._pair("doping_rates", self.doping_rates, modes, "doping_rate")
        self.origin_ = self._pair("positions", self.positions, modes, "position")
        self.matrix_ = np.column_stack([PERCENT * strain, doping])
        determinant = strain[0] * doping[1] - strain[1] * doping[0]
        if abs(determinant) < 1e-6 * np.linalg.norm(strain) * np.linalg.norm(doping):
            raise ValueError(
                f"strain_rates {strain.tolist()} and doping_rates {doping.tolist()} are parallel, so "
                f"strain and doping "
                "cannot be told apart; use two lines that respond differently."
            )
        self.inverse_ = np.linalg.inv(self.matrix_)
        self.mode_names_ = tuple(mode.name for mode in modes)
        self._picked(modes)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Strain (fraction) and doping (1e13 electrons/cm2) of each row; NaN positions give NaN.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)

        Returns
        -------
        (n_samples, 2) ndarray
        """
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        shift = X[:, self._picked(material_modes(self.material)[:2])] - self.origin_
        # Written out: a matrix product may sum in another order for other batch sizes.
        return np.column_stack([shift[:, 0] * row[0] + shift[:, 1] * row[1] for row in self.inverse_])

    def inverse_transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Line positions in cm-1 for given strain (fraction) and doping (1e13 electrons/cm2).

        Parameters
        ----------
        X : array-like of shape (n_samples, 2)

        Returns
        -------
        (n_samples, 2) ndarray
        """
        check_is_fitted(self)
        X = check_array(X, dtype=np.float64, ensure_all_finite="allow-nan")
        if X.shape[1] != 2:
            raise ValueError(
                f"X must hold the 2 columns strain and doping, but has {X.shape[1]}; select these two."
            )
        return X @ self.matrix_.T + self.origin_

    def propagate(
        self, X: ArrayLike, covariance: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Strain and doping with their covariance from that of the line positions.

        The relation is linear, so the propagation is exact.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            As for `transform`.
        covariance : array-like of shape (n_samples, 2, 2) or (n_samples, 2)
            Covariance of the two positions in cm-2, or their standard deviations (then taken as independent).

        Returns
        -------
        values : (n_samples, 2) ndarray
        covariance : (n_samples, 2, 2) ndarray
            Of strain (fraction) and doping (1e13/cm2).

        Raises
        ------
        ValueError
            If the shapes do not match.

        Examples
        --------
        >>> from strain2dos import StrainDopingSeparator
        >>> separator = StrainDopingSeparator().fit([[384.6, 402.7]])
        >>> _, covariance = separator.propagate([[384.6, 402.7]], [[0.05, 0.05]])
        >>> (covariance[0].diagonal() ** 0.5).round(5)
        array([0.00013, 0.02878])
        """
        values = self.transform(X)
        covariance = np.asarray(covariance, dtype=float)
        n = values.shape[0]
        if covariance.shape == (n, 2):
            covariance = covariance[:, :, None] ** 2 * np.eye(2)
        if covariance.shape != (n, 2, 2):
            raise ValueError(
                f"covariance must have shape ({n}, 2, 2), or ({n}, 2) for standard deviations, but has "
                f"{covariance.shape}; take the rows and columns of the two centres."
            )
        return values, self.inverse_ @ covariance @ self.inverse_.T

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return ``["strain", "doping"]``.

        Parameters
        ----------
        input_features : Ignored

        Returns
        -------
        (2,) ndarray of str
        """
        check_is_fitted(self)
        return np.array(OUTPUT_NAMES, dtype=object)

    def _pair(
        self,
        name: str,
        given: ArrayLike | None,
        modes: tuple[RamanMode, ...],
        attribute: str,
    ) -> NDArray[np.float64]:
        if given is not None:
            values = np.asarray(given, dtype=float)
            if values.shape != (2,) or not np.all(np.isfinite(values)):
                raise ValueError(
                    f"{name} must be two finite numbers, one per line, but is {given!r}; give both."
                )
            return values
        values = [getattr(mode, attribute) for mode in modes]
        if len(values) < 2 or any(value is None for value in values):
            raise ValueError(
                f"{name} of {self.material} are not in the table ({[mode.name for mode in modes]}: "
                f"{values}); pass "
                f"{name}=(first line, second line)."
            )
        return np.array(values, dtype=float)

    def _picked(self, modes: tuple[RamanMode, ...]) -> list[int]:
        """Indices of the two columns."""
        names = list(getattr(self, "feature_names_in_", []))
        if self.columns is None:
            wanted = [f"{mode.name}_center" for mode in modes]
            return [names.index(name) for name in wanted] if set(wanted) <= set(names) else [0, 1]
        if len(self.columns) != 2:
            raise ValueError(f"columns must name two columns, but is {self.columns!r}; give one per line.")
        picked = []
        for column in self.columns:
            known = column in names if isinstance(column, str) else 0 <= column < self.n_features_in_
            if not known:
                raise ValueError(
                    f"columns holds {column!r}, but X has {names or self.n_features_in_} columns; take two "
                    f"of these."
                )
            picked.append(names.index(column) if isinstance(column, str) else int(column))
        return picked

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
