# SPDX-License-Identifier: BSD-3-Clause
"""What a fit of many spectra gives besides the features."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd
from numpy.typing import NDArray

from strain2dos._reprs import counted, one_line, span, table
from strain2dos.raman._features.values import FittedValues
from strain2dos.raman._fitting.status import FitStatus

if TYPE_CHECKING:
    import xarray as xr


@dataclass(frozen=True)
class SpectraFit(FittedValues):
    """Fitted features of n spectra with their errors.

    Attributes
    ----------
    params : (n, k) ndarray
        Features in the order of ``names``: centers and widths in cm-1, areas in counts x cm-1. Kept where the
        status is ``NOT_CONVERGED`` or later; NaN where nothing was fitted.
    sigma : (n, k) ndarray
        One standard deviation of each.
    covariance : (n, k, k) ndarray
    chi2 : (n,) ndarray
        Weighted sum of squared residuals: without unit for ``noise="poisson"``, else in counts squared.
    status : (n,) ndarray of int
        `FitStatus` codes; 0 is a good fit.
    names : tuple of str
        The k feature names.
    n_points : (n,) ndarray of int
        Points that entered the fit.
    split_probability : (n,) ndarray
        Probability that the line which strain can split is a doublet; 0 for ``split=False``, 1 for
        ``split=True``.
    calibration : LineCalibration or None
        What was added to the positions, and the error of the unstrained ones.
    unit : {"cm-1", "points"}
        Of positions and widths; "points" where the featurizer had no axis.
    lineshape : str
        As of the featurizer.
    """

    def __repr__(self) -> str:
        """Counts by status, and the middle of each position."""
        return one_line(type(self).__name__, *self._described())

    def _repr_html_(self) -> str:
        return table(type(self).__name__, *self._described())

    def _described(self) -> tuple[str, dict[str, str]]:
        counts = counted([FitStatus(code).words for code in self.status])
        good = self.status == FitStatus.OK
        rows = {
            name: span(self.params[good, j], self.unit, 2)
            for j, name in enumerate(self.names)
            if name.endswith("_center") and good.any()
        }
        return f"{len(self.status)} spectra{f': {counts}' if counts else ''}", rows

    def to_dataframe(self) -> pd.DataFrame:
        """One row per spectrum: features with errors, and how well they were fitted.

        Columns: features, ``<name>_sigma``, chi2, n_points, split_probability and status (name).

        Returns
        -------
        pandas.DataFrame
            One row per spectrum.
        """
        columns: dict[str, NDArray | list[str]] = {}
        for j, name in enumerate(self.names):
            columns[name] = self.params[:, j]
            columns[f"{name}_sigma"] = self.sigma[:, j]
        columns |= {
            "chi2": self.chi2,
            "n_points": self.n_points,
            "split_probability": self.split_probability,
            "status": [FitStatus(code).name for code in self.status],
        }
        return pd.DataFrame(columns)

    def to_dataset(self, like: "xr.DataArray") -> "xr.Dataset":
        """Features as maps, with the coordinates of the cube whose spectra were fitted.

        Parameters
        ----------
        like : DataArray of shape (y, x, n_shift) or (n, n_shift)
            The spectra that were fitted; row i of the fit belongs to the i-th of them in C order, as
            ``like.values.reshape(-1, n_shift)`` gives them where the shift is the last dim.

        Returns
        -------
        xarray.Dataset
            With the dims and coordinates of ``like`` without the shift: each feature (attributes ``units``
            and ``long_name``) and its standard deviation ``<name>_sigma``, ``chi2``, ``split_probability``,
            all NaN where the status is not 0, and ``status`` (`FitStatus` codes, named in its attributes).

        Raises
        ------
        ValueError
            If ``like`` does not hold as many spectra as the fit.

        Examples
        --------
        >>> from strain2dos.datasets import make_raman_map
        >>> from strain2dos.raman import RamanFeaturizer
        >>> cube = make_raman_map((9, 12), random_state=0).intensity
        >>> spectra = cube.values.reshape(-1, cube.sizes["shift"])
        >>> featurizer = RamanFeaturizer(cube["shift"].values).fit(spectra)
        >>> flake = featurizer.fit_spectra(cube).to_dataset(cube)
        >>> dict(flake.sizes), flake["E'_center"].attrs["units"], flake.x.attrs["units"]
        ({'y': 9, 'x': 12}, 'cm-1', 'um')
        """
        from strain2dos.raman._features.to_xarray import fit_to_dataset

        return fit_to_dataset(self, like)
