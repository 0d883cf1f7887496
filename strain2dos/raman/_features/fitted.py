# SPDX-License-Identifier: BSD-3-Clause
"""What a featurizer was fitted with: its parameters as they were then, and the axis."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from strain2dos.raman._features.areas import relative_areas
from strain2dos.raman._features.axis import check_shift, index_modes, select_modes
from strain2dos.raman._features.calibration import LineCalibration, Position
from strain2dos.raman._features.columns import DIFFERENCE, HEIGHT, line_kinds, usual_modes
from strain2dos.raman._features.plan import FitPlan
from strain2dos.raman._features.result import SpectraFit
from strain2dos.raman._fitting.engine import FitOptions
from strain2dos.raman._fitting.region import SpectralRegion, regions_of, spectral_region
from strain2dos.raman._fitting.status import FitStatus
from strain2dos.raman._materials.lookup import REFERENCES, RamanMode

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class FittedLines:
    """Which lines are fitted on which axis, and what is returned of them.

    The values are copies: neither ``set_params`` nor a change in a list or array that was passed reaches
    them.

    Attributes
    ----------
    axis : (n_shift,) ndarray
        The axis in use: Raman shift in cm-1, or the column index.
    shift : (n_shift,) ndarray or None
        None where the axis is the column index.
    material, modes, lineshape, split, baseline_degree, reference, despike, noise, features, unstrained, \
extra_lines
        As for `RamanFeaturizer`.
    """

    axis: Floats
    shift: Floats | None
    material: str
    modes: str | Sequence[str | RamanMode]
    lineshape: str
    split: str | bool
    baseline_degree: int | str
    reference: str | None
    despike: bool
    noise: str
    features: Sequence[str]
    unstrained: Mapping[str, Position] | None
    extra_lines: bool

    @classmethod
    def of(cls, parameters: Mapping[str, Any], n_features: int) -> Self:
        """Check the parameters of a featurizer against the number of columns of X.

        Parameters
        ----------
        parameters : mapping
            Of a `RamanFeaturizer`.
        n_features : int
            Columns of X.

        Raises
        ------
        ValueError
            If the axis does not fit, a line has no points on it, or a kind of feature is unknown.
        """
        axis = check_shift(parameters["shift"], n_features)
        own: dict[str, Any] = {"axis": axis, "shift": None if parameters["shift"] is None else axis}
        names = [field.name for field in fields(cls) if field.name not in own]
        made = cls(**own, **deepcopy({name: parameters[name] for name in names}))
        plan, kinds = made.plan(with_covariance=False), (*line_kinds(made.lineshape), DIFFERENCE)
        unknown = [name for name in made.features if name not in (*kinds, *plan.names)]
        if unknown or not made.features:
            raise ValueError(
                f"features must be some of {kinds} or columns such as {plan.names[0]!r} for "
                f"{made.lineshape} lines, but is {made.features!r}; take the others out or use the default."
            )
        made.calibration(plan)
        return made

    def to_state(self) -> dict[str, Any]:
        """Return plain values and arrays."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    __getstate__ = to_state  # without the regions, which are made anew

    def calibration(self, plan: FitPlan) -> LineCalibration:
        """What is added to the positions of the lines of a plan."""
        if self.shift is None and self.unstrained is None:
            return LineCalibration((), (), ())  # positions are in points
        return LineCalibration.from_unstrained(self.unstrained, plan.modes)

    def plan(self, *, with_covariance: bool) -> FitPlan:
        """What is fitted and how; and whether covariances are kept."""
        options = FitOptions(
            lineshape=self.lineshape,
            noise=self.noise,
            despike=self.despike,
            force_doublet=self.split is True or self.split == "always",
            with_covariance=with_covariance,
        )
        return FitPlan(*self._regions, options)

    @cached_property
    def _regions(self) -> tuple[SpectralRegion | None, list[SpectralRegion]]:
        """The line of reference and the lines that are fitted, on the axis."""
        on_axis = self.shift is not None
        modes = select_modes(self.material, self.modes)
        sets = regions_of(modes) if on_axis else [index_modes(modes, self.axis.size)]
        style: dict[str, Any] = {
            "baseline_degree": self.baseline_degree,
            "split": self.split is not False,
            "material": self.material if on_axis and self.extra_lines else None,
            "checked": on_axis,
        }
        groups = [self._group(members, **style) for members in sets]
        if self.reference is None:
            return None, groups
        line: tuple[RamanMode, ...] = (REFERENCES[self.reference],)
        line = line if on_axis else index_modes(line, self.axis.size)
        return self._group(line, baseline_degree=1, split=False, checked=on_axis), groups

    def _group(self, modes: tuple[RamanMode, ...], **options: Any) -> SpectralRegion:
        group = spectral_region(modes, self.axis, **options)
        if group is None:
            windows = ", ".join(f"{m.name} {m.window[0]:g}-{m.window[1]:g}" for m in modes)
            raise ValueError(
                f"shift covers {self.axis.min():.1f} to {self.axis.max():.1f} cm-1 and has no point in a "
                f"window that is needed ({windows}); pass the axis in cm-1, other modes, or reference=None."
            )
        return group

    def selected(self, names: tuple[str, ...]) -> list[int]:
        """Places of the features that are returned, among all columns."""
        kinds = tuple(f"_{kind}" for kind in self.features)
        has_difference = "_" not in names[-1]
        asked = self._asked_for()
        chosen = [
            j
            for j, name in enumerate(names)
            if name in self.features
            or (name.endswith(kinds) and (name.endswith(f"_{HEIGHT}") or name.rpartition("_")[0] in asked))
        ]
        return [*chosen, len(names) - 1] if has_difference and DIFFERENCE in self.features else chosen

    def features_of(self, fit: SpectraFit) -> tuple[Floats, Floats | None]:
        """Chosen features (n, k) of fitted spectra and their covariance, None where the fit kept none.

        Areas and heights become shares of the usual lines.
        """
        names, values = fit.names, fit.params
        covariance = fit.covariance if len(fit.covariance) == len(fit.status) else None
        chosen = self.selected(names)
        usual = [mode.name for mode in usual_modes(self.plan(with_covariance=False).modes)]
        for kind in ("area", "height"):
            if any(names[j].endswith(f"_{kind}") for j in chosen):
                values, covariance = relative_areas(names, values, covariance, usual, kind)
        good = fit.status == FitStatus.OK
        values = np.where(good[:, None], values, np.nan)[:, chosen]
        if covariance is None:
            return values, None
        return values, np.where(good[:, None, None], covariance, np.nan)[:, chosen][:, :, chosen]

    def _asked_for(self) -> set[str]:
        """Lines all of whose columns were asked for; of other extra lines there are heights."""
        names = {mode.name for mode in select_modes(self.material, self.modes)}
        return names | {f"{name}{sign}" for name in names for sign in "-+"}
