# SPDX-License-Identifier: BSD-3-Clause
"""What a featurizer does with spectra: reference line, groups of lines, features of all of them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos.raman._features.columns import (
    difference_name,
    extra_features,
    extra_names,
    group_chi2,
    group_curves,
    group_features,
    group_names,
    group_status,
    usual_modes,
)
from strain2dos.raman._features.result import SpectraFit
from strain2dos.raman._fitting.engine import FitOptions, fit_block, over_blocks
from strain2dos.raman._fitting.region import SpectralRegion
from strain2dos.raman._fitting.status import FitStatus
from strain2dos.raman._materials.lookup import RamanMode


@dataclass(frozen=True)
class FitPlan:
    """Lines to fit and how.

    Attributes
    ----------
    reference : SpectralRegion or None
        Line by which the axis of each spectrum is corrected.
    groups : list of SpectralRegion
        Lines that share a baseline.
    options : FitOptions
    """

    reference: SpectralRegion | None
    groups: list[SpectralRegion]
    options: FitOptions

    @property
    def modes(self) -> tuple[RamanMode, ...]:
        """All lines that have features, in rising order."""
        return tuple(mode for group in self.groups for mode in group.modes)

    @property
    def names(self) -> tuple[str, ...]:
        """Columns of the features."""
        names = [name for group in self.groups for name in group_names(group, self.options.lineshape)]
        names += [name for group in self.groups for name in extra_names(group)]
        difference = difference_name(self.modes)
        return tuple(names + ([difference] if difference else []))

    def fit(self, X: NDArray, threads: int) -> SpectraFit:
        """Fit all rows of X, which may be a memory map, block by block."""
        n, k = X.shape[0], len(self.names)
        kept = n if self.options.with_covariance else 0
        whole = SpectraFit(
            params=np.full((n, k), np.nan),
            sigma=np.full((kept, k), np.nan),
            covariance=np.zeros((kept, k, k)),
            chi2=np.zeros(n),
            status=np.zeros(n, dtype=np.int64),
            names=self.names,
            n_points=np.zeros(n, dtype=np.int64),
            split_probability=np.zeros(n),
            lineshape=self.options.lineshape,
        )
        over_blocks(n, threads, lambda rows: self._fit_into(whole, rows, X[rows]))
        return whole

    def _fit_into(self, whole: SpectraFit, rows: slice, X: NDArray) -> None:
        """Fit a block and write it into its rows."""
        offset, variance, status = self._axis_offsets(X)
        values = whole.params[rows]
        cov = whole.covariance[rows] if self.options.with_covariance else None
        at, kept = 0, cov is not None
        extras = []
        for group in self.groups:
            fit = fit_block(group, X, offset, self.options)
            part = group_features(group, fit, self.options.lineshape, with_covariance=kept)
            at = _put(values, cov, at, part)
            extras.append(extra_features(group, fit, with_covariance=kept))
            status = np.where(status == FitStatus.OK, group_status(fit), status)
            whole.chi2[rows] += group_chi2(fit)
            whole.n_points[rows] += fit.n_points
            np.maximum(whole.split_probability[rows], fit.weight, out=whole.split_probability[rows])
        for part in extras:
            at = _put(values, cov, at, part)
        whole.status[rows] = status
        self._correct_axis(values, cov, offset, variance)
        self._add_difference(values, cov)
        if cov is not None:
            with np.errstate(invalid="ignore"):
                whole.sigma[rows] = np.sqrt(np.diagonal(cov, axis1=1, axis2=2))

    def _axis_offsets(self, X: NDArray) -> tuple[NDArray, NDArray, NDArray]:
        """By how much the axis of each spectrum is off, its variance, and the status of finding out."""
        n = X.shape[0]
        if self.reference is None:
            return np.zeros(n), np.zeros(n), np.zeros(n, dtype=np.int64)
        options = self.options._replace(lineshape="lorentzian", with_covariance=True)
        fit = fit_block(self.reference, X, np.zeros(n), options)
        found = fit.status[:, 0] == FitStatus.OK
        offset = np.where(found, fit.params1[:, 0] - self.reference.modes[0].position, 0.0)
        variance = np.where(found, fit.cov1[:, 0, 0], np.nan)
        return offset, variance, np.where(found, 0, int(FitStatus.NO_REFERENCE))

    def _correct_axis(self, values: NDArray, cov: NDArray | None, offset: NDArray, variance: NDArray) -> None:
        centers = np.array([name.endswith("_center") for name in self.names])
        values[:, centers] -= offset[:, None]
        if cov is not None:
            cov += variance[:, None, None] * np.outer(centers, centers)

    def _add_difference(self, values: NDArray, cov: NDArray | None) -> None:
        modes = usual_modes(self.modes)
        if len(modes) < 2:
            return
        i, j = (self.names.index(f"{mode.name}_center") for mode in modes[:2])
        values[:, -1] = values[:, j] - values[:, i]
        if cov is not None:
            cov[:, -1, :] = cov[:, j, :] - cov[:, i, :]
            cov[:, :, -1] = cov[:, :, j] - cov[:, :, i]

    def curves(self, spectrum: NDArray, index: int) -> dict[str, Any]:
        """What `SpectrumFitDisplay` shows of one spectrum and one group, on the axis as given."""
        X = spectrum[np.newaxis]
        group = self.groups[index]
        fit = fit_block(group, X, self._axis_offsets(X)[0], self.options._replace(with_mask=True))
        shift, baseline, components = group_curves(group, fit, self.options.lineshape)
        inside = np.isin(group.x, shift)
        intensity = X[0, group.columns].astype(float)[inside]
        fine = np.linspace(shift[0], shift[-1], 8 * shift.size) if shift.size else shift
        _, fine_baseline, fine_components = group_curves(group, fit, self.options.lineshape, fine)
        return {
            "shift": shift,
            "intensity": intensity,
            "residual": intensity - baseline - sum(components.values()),
            "curve_shift": fine,
            "baseline": fine_baseline,
            "components": fine_components,
            "masked": fit.mask[0, inside] == 0.0,
            "status": FitStatus(group_status(fit)[0]),
        }


def _put(values: NDArray, cov: NDArray | None, at: int, part: tuple[NDArray, NDArray | None]) -> int:
    """Write columns and their covariance from column ``at`` on; returns the next column."""
    to = at + part[0].shape[1]
    values[:, at:to] = part[0]
    if cov is not None:
        cov[:, at:to, at:to] = part[1]
    return to
