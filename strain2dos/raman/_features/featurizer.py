# SPDX-License-Identifier: BSD-3-Clause
"""Raman spectra to phonon features, as a scikit-learn transformer."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from numbers import Integral
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from strain2dos._compat import Interval, StrOptions, _fit_context
from strain2dos._estimators.doc_links import DocLinks
from strain2dos.raman._features.axis import refuse_curves, spectra_of
from strain2dos.raman._features.fitted import FittedLines
from strain2dos.raman._features.result import SpectraFit
from strain2dos.raman._fitting._squares.profiles import LINESHAPES
from strain2dos.raman._fitting.engine import n_threads
from strain2dos.raman._fitting.records import NOISES
from strain2dos.raman._materials.lookup import REFERENCES, RamanMode


class RamanFeaturizer(DocLinks, TransformerMixin, BaseEstimator):
    """Fit the phonon lines of each Raman spectrum and return their positions, widths and areas.

    Every spectrum is fitted alone (lines and baseline together, weighted least squares), so the features of a
    spectrum do not depend on the others, and ``fit`` learns nothing but the axis.

    Parameters
    ----------
    shift : array-like of shape (n_shift,), default=None
        Raman shift of the columns of X in cm-1, strictly rising or falling. None: the axis is the column
        index, the lines of the material are sought over the whole width, and positions and widths are in
        points, of which no map, strain or density of states is made.
    material : {"MoS2", "WS2", "MoSe2", "WSe2", "graphene"}, default="MoS2"
        Whose lines are fitted (see `material_modes`).
    modes : {"auto", "all"} or sequence of str or RamanMode, default="auto"
        "auto": the usual lines of the material; "all": its optional ones too (2LA); else some of them by
        name, "Al2O3" for the line of a sapphire substrate at 418 cm-1, or your own `RamanMode` objects.
    lineshape : {"auto", "lorentzian", "gaussian", "pseudo_voigt", "voigt", "fano"}, default="lorentzian"
        Profile of all lines. "auto": Lorentzian lines, and pseudo-Voigt lines where these leave more
        than noise in the residual (lines of disordered samples are nearly Gaussian) and explain the
        spectrum better. "voigt": Lorentzian line seen through a Gaussian slit; "fano": asymmetric,
        from interference with a continuum. See Notes.
    split : {"auto", "always"} or bool, default="auto"
        What to do with the line that uniaxial strain splits (E'). False: one line. True or "always": two
        lines of common width. "auto": both models are fitted and averaged with their probability, which the
        Bayesian information criterion gives; a third model, a singlet with a shoulder of another width (as
        defects cause), competes with the doublet.
    baseline_degree : "auto" or int, default="auto"
        Degree of the polynomial under the lines, fitted with them. "auto": a straight line, and a parabola
        where the spectrum shows that the background bends, or a step or kink where windows were stitched or a
        baseline was taken off in pieces. Where there is a band of defects as well, whose foot looks like a
        bend, both are averaged and the error covers both.
    reference : {"Si"} or None, default=None
        "Si": fit the silicon line as well and shift the axis of each spectrum so that it lies at 520.7 cm-1.
    despike : bool, default=True
        Leave points hit by cosmic rays out of the fit. They are recognized by being narrower than any Raman
        line; nothing is interpolated.
    noise : {"auto", "gaussian", "poisson"}, default="auto"
        "gaussian": equal weights, the noise is estimated from each spectrum. "poisson": the spectra
        are counts (1 count = 1 detected electron); weights are 1 / fitted counts, and errors need no
        estimate unless the residual scatters clearly more. "auto": weights are 1 / fitted counts, in
        an unknown unit, where all values are whole numbers from zero up, or where the residual shows noise
        that grows with the level (odds of 150 to 1). The level from which it grows is read from the residual
        too: a readout or an offset adds to it, a subtracted background takes from it. Equal weights else.
    n_jobs : int, default=None
        Threads. None and -1: all that numba and the container allow, in a dask worker its share. The result
        does not depend on it.
    features : sequence of str, default=("center",)
        Columns that ``transform`` returns, by kind or by name (``"E'_center"``). Kinds are "center", "fwhm",
        "area" (each line's share of the summed area of the usual lines), "height" (over the summed height of
        the usual lines; of bands of defects and substrates as well: ``LO(M)_height``, a measure of disorder,
        is 0 where there is none), "mixing", where the profile has one, and "difference", the distance of the
        first two modes, a common measure of the number of layers. Widths, areas and heights depend on the
        instrument and on the quality of the flake, positions on strain and doping.
    unstrained : mapping of str to float or (float, float), default=None
        Where the lines of this sample lie without strain and doping, on its own axis (after ``reference``),
        in cm-1, each with or without its standard deviation: ``{"E'": 384.2, "A1'": (403.1, 0.1)}``; see
        `measure_unstrained`. Positions are then moved so that the unstrained ones are those of the table
        (`material_modes`), for which rates and models hold; distances between lines stay as measured. None:
        positions stay as they are, and the unstrained ones are known as well as literature agrees (about 0.5
        and 0.7 cm-1 for MoS2). Either error is common to all spectra: ``fit_spectra(X).common_sigma``.
    extra_lines : bool, default=True
        Fit bands of defects, lines of sapphire and one foreign line as well, where the spectrum shows them.
        False: the lines of ``modes`` alone, for spectra that are known to hold nothing else.

    Attributes
    ----------
    shift_ : (n_shift,) ndarray
        The axis in use.
    fitted_ : FittedLines
        The parameters as they were when ``fit`` was called. ``set_params`` takes effect with the next
        ``fit``, but for ``n_jobs``, which changes no result.
    n_features_in_ : int
    feature_names_in_ : (n_shift,) ndarray
        Only where X had string column names.

    See Also
    --------
    StrainDopingSeparator : Strain and doping from the centers.

    Notes
    -----
    Columns, in this order: ``<mode>_center`` (cm-1), ``<mode>_fwhm`` (cm-1, full width at half maximum),
    ``<mode>_area`` (counts x cm-1) and, for the last three profiles, ``<mode>_mixing`` of each mode; right
    after those of the mode that splits, unless ``split=False``, ``E'-_center`` and ``E'+_center``; last the
    distance of the first two modes, ``A1'-E'``.
    With a doublet, ``E'_center`` is the mean of the two centers weighted by area, ``E'_fwhm`` their common
    width and ``E'_area`` their sum. Where the singlet wins, ``E'-_center`` and ``E'+_center`` equal its
    center. In between (``split="auto"``) all columns are averages over the models, so they are continuous in
    the spectrum.

    The mixing is the share of the Lorentzian in a pseudo-Voigt line [3]_; the width of the Lorentzian part
    over the whole width in a Voigt line, which is computed from eight poles of the Faddeeva function [4]_ to
    2.1e-6 of its height, its whole width to 0.02 % [5]_; and 1/q of a Fano line [6]_, whose center is the
    resonance (not the maximum), whose width is that of the resonance, and whose area is that of its symmetric
    part.

    Beside the lines of ``modes``, a spectrum may hold bands of defects (LO(M), ZO(M)), the two lines of
    sapphire and one narrow foreign line (plasma, lamp). A score test on the residual shows whether one
    of them is worth a fit; it enters with what is known of its place, width and ratio (see
    `material_modes`), and results are averaged over the models with and without it. The noise is
    estimated from steps between neighboring points where the model leaves more than that, and grows by
    what neighbors share (smoothed, interpolated spectra). With ``lineshape="auto"``, what stays on one
    side of a line beyond 15 % of its height adds to the error of its center; with a profile of your
    choice errors are those of the noise alone.

    A spectrum that cannot be fitted gives NaN in all columns; `fit_spectra` gives the reason (`FitStatus`).
    The fit is Levenberg-Marquardt [1]_ with analytic derivatives; model probabilities follow [2]_.

    References
    ----------
    .. [1] D. W. Marquardt, J. SIAM 11, 431 (1963).
    .. [2] A. E. Raftery, Sociol. Methodol. 25, 111 (1995).
    .. [3] G. K. Wertheim et al., Rev. Sci. Instrum. 45, 1369 (1974).
    .. [4] H. Xie, Y. Xiao, Plasma Sci. Technol. 18, 97 (2016).
    .. [5] J. J. Olivero, R. L. Longbothum, J. Quant. Spectrosc. Radiat. Transf. 17, 233 (1977).
    .. [6] U. Fano, Phys. Rev. 124, 1866 (1961).

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos import RamanFeaturizer
    >>> shift = np.linspace(360, 430, 110)
    >>> spectrum = 100 / (1 + ((shift - 384.2) / 1.5) ** 2) + 120 / (
    ...     1 + ((shift - 403.1) / 2.5) ** 2
    ... )
    >>> featurizer = RamanFeaturizer(
    ...     shift, split=False, features=("center", "fwhm", "difference")
    ... )
    >>> featurizer.set_output(transform="pandas").fit_transform(
    ...     spectrum[np.newaxis] + 20
    ... ).round(2)
       E'_center  E'_fwhm  A1'_center  A1'_fwhm  A1'-E'
    0      384.2      3.0       403.1       5.0    18.9
    """

    _parameter_constraints: dict[str, list[Any]] = {  # noqa: RUF012 (scikit-learn's own name and form)
        "shift": ["array-like", None],
        "material": [str],
        "modes": [StrOptions({"auto", "all"}), list, tuple],
        "lineshape": [StrOptions(set(LINESHAPES))],
        "split": [StrOptions({"auto", "always"}), "boolean"],
        "baseline_degree": [StrOptions({"auto"}), Interval(Integral, 0, 6, closed="both")],
        "reference": [StrOptions(set(REFERENCES)), None],
        "despike": ["boolean"],
        "noise": [StrOptions(set(NOISES))],
        "n_jobs": [Integral, None],
        "features": [list, tuple],
        "unstrained": [dict, Mapping, None],
        "extra_lines": ["boolean"],
    }

    def __init__(
        self,
        shift: ArrayLike | None = None,
        *,
        material: str = "MoS2",
        modes: str | Sequence[str | RamanMode] = "auto",
        lineshape: str = "lorentzian",
        split: str | bool = "auto",
        baseline_degree: int | str = "auto",
        reference: str | None = None,
        despike: bool = True,
        noise: str = "auto",
        n_jobs: int | None = None,
        features: Sequence[str] = ("center",),
        unstrained: Mapping[str, float | Sequence[float]] | None = None,
        extra_lines: bool = True,
    ) -> None:
        self.shift = shift
        self.material = material
        self.modes = modes
        self.lineshape = lineshape
        self.split = split
        self.baseline_degree = baseline_degree
        self.reference = reference
        self.despike = despike
        self.noise = noise
        self.n_jobs = n_jobs
        self.features = features
        self.unstrained = unstrained
        self.extra_lines = extra_lines

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: object = None) -> Self:
        """Check the parameters and the axis against X.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_shift)
            One spectrum per row. NaN and inf are allowed.
        y : array-like, default=None
            Ignored; without an axis, curves of a density of states are refused.

        Returns
        -------
        self
            The featurizer.

        Raises
        ------
        ValueError
            If the axis does not fit X, is not strictly monotonic, or misses the window of a mode, or if there
            is none and y holds curves.
        """
        X = self._validate(X, reset=True)
        if self.shift is None:
            refuse_curves(y)
        self.fitted_ = FittedLines.of(self.get_params(deep=False), X.shape[1])
        return self

    def transform(self, X: ArrayLike) -> NDArray[np.float64]:
        """Features of each spectrum; NaN rows where the fit is not to be trusted.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_shift)
            One spectrum per row, on the axis of the fit.

        Returns
        -------
        (n_samples, n_features_out) ndarray
            Columns as `get_feature_names_out` names them; centers and widths in cm-1, areas as shares: no
            feature depends on how long was measured.
        """
        return self.transform_with_status(X)[0]

    def transform_with_status(self, X: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Features as ``transform`` gives them (always an array), and why where there are none.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_shift)
            One spectrum per row, on the axis of the fit.

        Returns
        -------
        values : (n_samples, n_features_out) ndarray
            As `transform` gives them.
        status : (n_samples,) ndarray of int
            `FitStatus` codes; 0 where the row of ``values`` holds numbers.

        Examples
        --------
        >>> import numpy as np
        >>> from strain2dos.raman import FitStatus, RamanFeaturizer
        >>> shift = np.linspace(360, 430, 110)
        >>> dead = np.ones((1, 110))
        >>> values, status = RamanFeaturizer(shift).fit(dead).transform_with_status(dead)
        >>> FitStatus(status[0]).words
        'all points are equal'
        """
        check_is_fitted(self)
        fit = self._fitted(self._validate(X, reset=False), with_covariance=False)
        return self.features_of(fit)[0], fit.status

    def features_of(self, fit: SpectraFit) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """What ``transform`` returns for fitted spectra, with its covariance.

        Parameters
        ----------
        fit : SpectraFit
            From `fit_spectra`.

        Returns
        -------
        values : (n_samples, n_features_out) ndarray
            NaN rows where the fit is not to be trusted.
        covariance : (n_samples, n_features_out, n_features_out) ndarray or None
            None where the fit kept none.
        """
        return self.fitted_.features_of(fit)

    def fit_spectra(self, X: ArrayLike) -> SpectraFit:
        """Features of each spectrum with errors, covariance, chi-square and the reason where there are none.

        All kinds of columns are returned, whatever ``features`` asks for, and areas in counts x cm-1.

        Parameters
        ----------
        X : array-like of shape (n_samples, n_shift), or DataArray with the dim "shift" and others
            Spectra on the axis of the fit: one per row, or those of a cube, one after the other.

        Returns
        -------
        SpectraFit
            One row per spectrum; its ``to_dataset(cube)`` lays them on the pixels of a cube.

        Raises
        ------
        ValueError
            If the axis of a cube is not that of the fit, or cannot be brought to cm-1.
        """
        check_is_fitted(self)
        if "shift" in getattr(X, "dims", ()):
            cube: Any = X
            X = spectra_of(cube, self.fitted_.shift).values.reshape(-1, cube.sizes["shift"])
        return self._fitted(self._validate(X, reset=False), with_covariance=True)

    def get_feature_names_out(self, input_features: object = None) -> NDArray[np.object_]:
        """Names of the columns that ``transform`` returns.

        Parameters
        ----------
        input_features : Ignored
            The names follow from the lines and ``features``.

        Returns
        -------
        (n_features_out,) ndarray of str
            Such as ``"E'_center"``.
        """
        check_is_fitted(self)
        names = self.fitted_.plan(with_covariance=False).names
        return np.array([names[j] for j in self.fitted_.selected(names)], dtype=object)

    @property
    def shift_(self) -> NDArray[np.float64]:
        """The axis in use."""
        return self.fitted_.axis

    def _fitted(self, X: NDArray, *, with_covariance: bool) -> SpectraFit:
        plan = self.fitted_.plan(with_covariance=with_covariance)
        fit = self.fitted_.calibration(plan).applied_to(plan.fit(X, n_threads(self.n_jobs)))
        return replace(fit, unit="points") if self.fitted_.shift is None else fit

    def _validate(self, X: ArrayLike, *, reset: bool) -> NDArray:
        if getattr(X, "ndim", 2) == 3:
            raise ValueError(
                f"X must have one spectrum per row, but is a cube of shape {np.shape(X)}; map it by "
                "map_flake(cube) or SpatialMapper(model).predict_map(cube), predict its curves by "
                "RamanPipeline(model.steps).predict(cube), or fit its lines by fit_spectra(cube)."
            )
        return validate_data(
            self,
            X,
            reset=reset,
            dtype=[np.float64, np.float32],
            ensure_all_finite=False,
            ensure_min_features=2 if reset else 1,  # later the count is compared with the fitted one
        )

    def _curves(self, spectrum: NDArray, index: int) -> dict[str, Any]:
        """What `SpectrumFitDisplay` shows of one spectrum, on the axis as given."""
        check_is_fitted(self)
        row = self._validate(spectrum[np.newaxis], reset=False)[0]
        return self.fitted_.plan(with_covariance=False).curves(row, index)

    def __getstate__(self) -> dict[str, Any]:
        """Return parameters and, once fitted, plain values and arrays."""
        state = dict(super().__getstate__())
        if "fitted_" in state:
            state["fitted_"] = self.fitted_.to_state()
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild what was fitted; where only the axis was kept, from the parameters."""
        state = dict(state)
        learned, axis = state.pop("fitted_", None), state.pop("shift_", None)
        super().__setstate__(state)
        if learned is not None:
            self.fitted_ = FittedLines(**learned)
        elif axis is not None:
            self.fitted_ = FittedLines.of(self.get_params(deep=False), len(axis))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
