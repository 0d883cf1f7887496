# SPDX-License-Identifier: BSD-3-Clause
"""Strain and doping from the positions of two or more lines."""

from collections.abc import Sequence
from copy import deepcopy
from numbers import Real
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_array, check_is_fitted, validate_data

from strain2dos._compat import Interval, StrOptions, _fit_context
from strain2dos._estimators.doc_links import DocLinks
from strain2dos._renamed import RenamedAttribute
from strain2dos.raman._features.result import SpectraFit
from strain2dos.raman._strain.fitted_spectra import separate_spectra
from strain2dos.raman._strain.least_squares import full_covariance, matmul_in_fixed_order, solve_shifts
from strain2dos.raman._strain.line_system import PERCENT, line_system
from strain2dos.raman._strain.lines import (
    OUTPUTS,
    chosen_lines,
    picked_columns,
    read_positions,
    refuse_indices,
)
from strain2dos.raman._strain.result import ConsistencyTest, Separation, consistency_of

__all__ = ["PERCENT", "StrainDopingSeparator"]


class StrainDopingSeparator(DocLinks, TransformerMixin, BaseEstimator):
    """Strain and electron doping from the positions of two or more Raman lines.

    Lines move linearly with strain and with doping, but at different rates; two positions therefore give
    both quantities. More lines make the result more precise and testable (`check_consistency`); both branches
    of the line that strain splits give the invariants of the strain tensor (``output="invariants"``).

    Parameters
    ----------
    material : str, default="MoS2"
        Material whose tabulated values are used for each parameter left at None (see `material_modes`).
    columns : sequence of str or int, default=None
        The columns of X that hold the positions, one per line. None: the columns named after the first two
        lines of the material (``"E'_center"``, ``"A1'_center"``; with ``output="invariants"``
        ``"E'-_center"``, ``"E'+_center"``, ``"A1'_center"``). See Notes for X without names.
    positions : array-like of shape (n_lines,), default=None
        Positions of the unstrained, neutral lines at ``reference_temperature`` in cm-1.
    strain_rates : array-like of shape (n_lines,), default=None
        Shifts in cm-1 per percent of biaxial strain.
    doping_rates : array-like of shape (n_lines,), default=None
        Shifts in cm-1 per 1e13 electrons/cm2.
    output : {"biaxial", "invariants"}, default="biaxial"
        "biaxial": strain (the same in all directions) and doping. "invariants": trace ``exx + eyy`` and
        deviator ``sqrt((exx - eyy)^2 + 4 exy^2)`` of the strain tensor, and doping.
    shear_potential : float, default=None
        Shear deformation potential beta of the line that splits; only for ``output="invariants"``.
    sigma : array-like of shape (n_lines,), default=None
        Typical errors of the positions in cm-1, by which ``transform`` weighs lines where there are more
        than unknowns. None: equal weights. `propagate` and `separate` weigh each row by its own covariance.
    temperature : float, default=None
        Temperature of the sample in K; the lines are moved back to ``reference_temperature``.
    reference_temperature : float, default=295.0
        Temperature in K for which ``positions`` hold.
    temperature_rates : array-like of shape (n_lines,), default=None
        Shifts in cm-1 per K; only used with ``temperature``.
    positions_sigma : array-like of shape (n_lines,), default=None
        Errors of ``positions`` in cm-1, common to all spectra. None: those of the calibration of the fit, or
        the spread of literature where ``positions`` is None too (0.5 and 0.7 for MoS2), else none.
    rates_covariance : array-like of shape (2 n_lines, 2 n_lines), default=None
        Covariance of ``strain_rates``, then ``doping_rates``; see `calibrate_rates`. None: the spread of
        published rates where those of the table are used, else none.

    Attributes
    ----------
    matrix_ : (n_lines, n_unknowns) ndarray
        Shift of the lines in cm-1 per unit of strain (fraction) and per 1e13 electrons/cm2.
    inverse_ : (n_unknowns, n_lines) ndarray
        The least-squares inverse that ``transform`` applies.
    origin_ : (n_lines,) ndarray
        Positions at zero strain and doping, at ``temperature``.
    windows_ : (n_lines, 2) ndarray
        Where a position of each line can lie, in cm-1.
    columns_ : (n_lines,) ndarray of int
        Columns in use; empty where none was recognized (see Notes).
    named_ : bool
        Whether the columns are known by names or by ``columns``.
    mode_names_ : tuple of str
        Names of the lines.
    parameters_ : dict
        Parameters as they were when ``fit`` was called: ``set_params`` takes effect with the next ``fit``.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where X had string column names.

    Notes
    -----
    The decomposition goes back to Lee et al. [1]_ (graphene), the secular equation of strained modes to
    Ganesan et al. [2]_; trace, deviator and doping are separated as by Mueller et al. [3]_. In short::

        w(E'+-) = w0 (1 - gamma (exx + eyy) +- beta/2 sqrt((exx - eyy)^2 + 4 exy^2)) + k n

    For MoS2 the default rates are -4.31 and -2.50 cm-1/% from the Grueneisen parameters 0.56 and 0.31 of
    Michail et al. [4]_ and -0.33 and -2.2 cm-1 per 1e13/cm2 of Chakraborty et al. [5]_; the origin is that
    of Michail et al. [6]_, beta that of Conley et al. [7]_. Other experiments differ: Lloyd et al. [8]_ found
    Grueneisen parameters of 0.68 and 0.21 (-5.2 and -1.7 cm-1/%). The origin depends on the spectrometer
    and the substrate: give ``positions`` from an unstrained place of your sample where you can.

    **X without names.** Nothing is guessed. Where X has exactly as many columns as there are lines, they are
    taken in order, and a row with a position outside of the window of its line (``windows_``) gives NaN, with
    a warning where other values do lie in a window. With any other number of columns, values that could be
    positions raise an error that explains how to name the columns; values that could not give NaN.

    References
    ----------
    .. [1] J. E. Lee et al., Nat. Commun. 3, 1024 (2012).
    .. [2] S. Ganesan, A. A. Maradudin, J. Oitmaa, Ann. Phys. 56, 556 (1970).
    .. [3] N. S. Mueller et al., 2D Mater. 5, 015016 (2018), arXiv:1703.09592.
    .. [4] A. Michail et al., ACS Appl. Mater. Interfaces 16, 49602 (2024).
    .. [5] B. Chakraborty et al., Phys. Rev. B 85, 161403 (2012).
    .. [6] A. Michail et al., Appl. Phys. Lett. 108, 173102 (2016).
    .. [7] H. J. Conley et al., Nano Lett. 13, 3626 (2013).
    .. [8] D. Lloyd et al., Nano Lett. 16, 5836 (2016).

    Examples
    --------
    >>> from strain2dos import StrainDopingSeparator
    >>> separator = StrainDopingSeparator().fit([[384.6, 402.7]])
    >>> (
    ...     separator.transform([[384.6, 402.7], [380.29, 400.20], [384.27, 400.5]]).round(4)
    ...     + 0.0
    ... )
    array([[0.  , 0.  ],
           [0.01, 0.  ],
           [0.  , 1.  ]])

    Both branches of E' distinguish uniaxial from biaxial strain:

    >>> invariants = StrainDopingSeparator(output="invariants").fit([[384.6, 384.6, 402.7]])
    >>> invariants.transform([[380.9453, 383.9447, 401.45]]).round(4) + 0.0
    array([[0.01, 0.01, 0.  ]])
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 (scikit-learn's own name and form)
        "material": [str],
        "columns": [list, tuple, None],
        "positions": ["array-like", None],
        "strain_rates": ["array-like", None],
        "doping_rates": ["array-like", None],
        "output": [StrOptions(set(OUTPUTS))],
        "shear_potential": [Real, None],
        "sigma": ["array-like", None],
        "temperature": [Interval(Real, 0, None, closed="left"), None],
        "reference_temperature": [Interval(Real, 0, None, closed="left")],
        "temperature_rates": ["array-like", None],
        "positions_sigma": ["array-like", None],
        "rates_covariance": ["array-like", None],
    }

    def __init__(
        self,
        *,
        material: str = "MoS2",
        columns: Sequence[str | int] | None = None,
        positions: ArrayLike | None = None,
        strain_rates: ArrayLike | None = None,
        doping_rates: ArrayLike | None = None,
        output: str = "biaxial",
        shear_potential: float | None = None,
        sigma: ArrayLike | None = None,
        temperature: float | None = None,
        reference_temperature: float = 295.0,
        temperature_rates: ArrayLike | None = None,
        positions_sigma: ArrayLike | None = None,
        rates_covariance: ArrayLike | None = None,
    ) -> None:
        self.material = material
        self.columns = columns
        self.positions = positions
        self.strain_rates = strain_rates
        self.doping_rates = doping_rates
        self.output = output
        self.shear_potential = shear_potential
        self.sigma = sigma
        self.temperature = temperature
        self.reference_temperature = reference_temperature
        self.temperature_rates = temperature_rates
        self.positions_sigma = positions_sigma
        self.rates_covariance = rates_covariance

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Look up the rates and the columns; nothing is learned from the values in X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Line positions in cm-1 (other columns are ignored). NaN is allowed.
        y : Ignored
            There is nothing to learn from it.

        Returns
        -------
        self
            The separator.

        Raises
        ------
        ValueError
            Where a rate is known neither from the material nor from the parameters, where the lines respond
            in the same way, where a column of ``columns`` does not exist, or where X has no names and
            its columns of lines cannot be recognized.
        """
        rows = validate_data(self, X, dtype=np.float64, ensure_all_finite="allow-nan", ensure_min_features=2)
        names = [str(name) for name in getattr(self, "feature_names_in_", ())]
        self.parameters_ = parameters = deepcopy(self.get_params(deep=False))
        lines = chosen_lines(parameters, names)
        self.columns_, self.named_ = picked_columns(lines, parameters["columns"], names, self.n_features_in_)
        system = line_system(lines, parameters)
        self.origin_, self.windows_ = system.origin, system.windows
        self.matrix_, self.inverse_ = system.matrix, system.inverse
        self.mode_names_ = system.names
        self._positions(rows)
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Strain (fraction) and doping (1e13 electrons/cm2) of each row; NaN positions give NaN.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            Line positions in cm-1; other columns are ignored.

        Returns
        -------
        (n_samples, n_unknowns) ndarray
            Columns as `get_feature_names_out` names them.
        """
        return matmul_in_fixed_order(self._shifts(X), self.inverse_)

    def inverse_transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Line positions in cm-1 for given strain (fraction) and doping (1e13 electrons/cm2).

        Parameters
        ----------
        X : array-like of shape (n_samples, n_unknowns)
            Strain (fraction) and doping (1e13 electrons/cm2), as `transform` gives them.

        Returns
        -------
        (n_samples, n_lines) ndarray
            Positions of the lines in cm-1.
        """
        check_is_fitted(self)
        rows = check_array(X, dtype=np.float64, ensure_all_finite="allow-nan")
        names = OUTPUTS[self._known()["output"]]
        if rows.shape[1] != len(names):
            raise ValueError(
                f"X must hold the {len(names)} columns {', '.join(names)}, but has {rows.shape[1]}; "
                "select these."
            )
        return matmul_in_fixed_order(rows, self.matrix_) + self.origin_

    def propagate(
        self, X: ArrayLike, covariance: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Strain and doping with their covariance from that of the line positions.

        The relation is linear, so the propagation is exact. With more lines than unknowns each row is
        weighed by its covariance (generalized least squares), so the values differ from those of
        `transform`, which weighs all rows alike. The errors of the rates themselves are not included.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            As for `transform`.
        covariance : array-like of shape (n_samples, n_lines, n_lines) or (n_samples, n_lines)
            Covariance of the positions in cm-2, or their standard deviations (then taken as independent).

        Returns
        -------
        values : (n_samples, n_unknowns) ndarray
            Strain (fraction) and doping (1e13 electrons/cm2).
        covariance : (n_samples, n_unknowns, n_unknowns) ndarray
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
        values, spread, _, _ = self._solved(X, covariance)
        return values, spread

    domain = RenamedAttribute("check_consistency")

    def check_consistency(
        self, X: ArrayLike, covariance: ArrayLike, *, level: float = 0.99
    ) -> ConsistencyTest:
        """Find rows whose lines do not agree with any strain and doping.

        The weighted sum of squared residuals is compared with the quantile of the chi-square distribution:
        of rows that follow the model, the share 1 - ``level`` is flagged by chance.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_features)
            As for `transform`.
        covariance : array-like of shape (n_samples, n_lines, n_lines) or (n_samples, n_lines)
            As for `propagate`.
        level : float, default=0.99
            Share of the rows that follow the model which counts as inside.

        Returns
        -------
        ConsistencyTest
            chi2, dof and in_domain, each (n_samples,).

        Raises
        ------
        ValueError
            Where there are no more lines than unknowns: any positions then fit exactly.

        Examples
        --------
        >>> from strain2dos import StrainDopingSeparator
        >>> names = {"columns": (0, 1, 2), "positions": (384.6, 402.7, 454.0)}
        >>> rates = {"strain_rates": (-4.31, -2.5, -9.0), "doping_rates": (-0.33, -2.2, 0.0)}
        >>> separator = StrainDopingSeparator(**names, **rates).fit([[384.6, 402.7, 454.0]])
        >>> rows = [[380.29, 400.2, 445.0], [380.29, 400.2, 454.0]]
        >>> separator.check_consistency(rows, [[0.1, 0.1, 0.5]] * 2).in_domain
        array([ True, False])
        """
        check_is_fitted(self)
        lines, unknowns = self.matrix_.shape
        if lines <= unknowns:
            raise ValueError(
                f"{lines} lines ({', '.join(self.mode_names_)}) determine {unknowns} unknowns exactly, so no "
                "row can be tested; add a line in columns=."
            )
        _, _, chi2, dof = self._solved(X, covariance)
        return consistency_of(chi2, dof, level)

    def separate(self, fit: SpectraFit, *, level: float = 0.99) -> Separation:
        """Strain and doping with errors from fitted spectra, in one call.

        Lines are found by name and the covariance of the fit is used in full: lines that overlap, and the
        error of the silicon line that moves all of them (``reference="Si"``), are correlated. Spectra
        whose status is not OK give NaN. ``fit`` need not have been called before; where it was, the
        parameters are those of that call. The result names the error that all spectra share
        (`Separation.common_sigma`) and lines that lie too far apart for one layer.

        Parameters
        ----------
        fit : SpectraFit
            From `RamanFeaturizer.fit_spectra`.
        level : float, default=0.99
            For the consistency test, where there are more lines than unknowns.

        Returns
        -------
        Separation
            One row per spectrum.

        Raises
        ------
        ValueError
            Where a line was not fitted, ``columns`` holds integers, or positions are detector indices because
            the featurizer had no axis.
        """
        self._validate_params()
        return separate_spectra(fit, self._known(), level)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Return ``["strain", "doping"]`` or ``["trace", "deviator", "doping"]``.

        Parameters
        ----------
        input_features : Ignored
            The names follow from ``output``.

        Returns
        -------
        (n_unknowns,) ndarray of str
            Names of the columns of `transform`.
        """
        check_is_fitted(self)
        return np.array(OUTPUTS[self._known()["output"]], dtype=object)

    def _known(self) -> dict[str, Any]:
        """Parameters as they were when ``fit`` was called; as they are where it was not."""
        return vars(self).get("parameters_", self.get_params(deep=False))

    def _positions(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        positions = read_positions(X, self.columns_, self.named_, self.windows_, self.mode_names_)
        if self.named_ and self._known()["columns"] is None:
            refuse_indices(positions, self.windows_, self.mode_names_)
        return positions

    def _shifts(self, X: ArrayLike) -> NDArray[np.float64]:
        check_is_fitted(self)
        rows = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        return self._positions(rows) - self.origin_

    def _solved(
        self, X: ArrayLike, covariance: ArrayLike
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
        shift = self._shifts(X)
        return solve_shifts(self.matrix_, self.inverse_, shift, full_covariance(covariance, *shift.shape))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
