# SPDX-License-Identifier: BSD-3-Clause
"""What a fitted regressor lets users read of its frozen state, and how that state is saved."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from strain2dos import __version__
from strain2dos.dos._regressor.fitted import FittedDOS

Array = NDArray[np.float64]

# written into every saved regressor; raised when what was learned changes its form
_FORMAT = 7


class LearnedAttributes:
    """Give the regressor its read-only attributes and its saved form; stands first among the bases."""

    fitted_: FittedDOS

    @property
    def energies_(self) -> Array | None:
        """Grid of the curves [eV], None where it is unknown."""
        return self.fitted_.energies

    @property
    def feature_range_(self) -> Array:
        """Smallest and largest value of each training feature."""
        return self.fitted_.feature_range

    @property
    def network_weight_(self) -> float:
        """Weight of the networks in the predicted curve, from 0 to 1."""
        return self.fitted_.heads.network_weight

    @property
    def held_out_density_(self) -> dict[str, float]:
        """Mean log density of left-out groups with and without the networks."""
        return dict(self.fitted_.report.density)

    @property
    def history_(self) -> list[dict[str, Array]]:
        """Losses of each network by epoch."""
        return list(self.fitted_.report.history)

    @property
    def n_iter_(self) -> int:
        """Epochs of training."""
        return max((len(part["train_loss"]) for part in self.fitted_.report.history), default=0)

    @property
    def valleys_(self) -> list[str]:
        """Columns of `edges` that are learned, valence band first."""
        return list(self.fitted_.valleys)

    @property
    def n_valence_(self) -> int:
        """How many of the valleys are of the valence band."""
        return self.fitted_.n_valence

    @property
    def gap_factor_(self) -> float:
        """Variance of the learned gap over the sum of those of its edges."""
        return self.fitted_.heads.gap_factor

    @property
    def valley_gap_factors_(self) -> Array:
        """Variance of the gap between two valleys over the sum of theirs, valence by conduction."""
        return self.fitted_.heads.pair_factors.copy()

    @property
    def representation_(self) -> str:
        """The representation chosen."""
        return self.fitted_.basis.name

    @property
    def representation_scores_(self) -> dict[str, float]:
        """Errors on left-out groups of the representations that were compared."""
        return dict(self.fitted_.report.representation_scores)

    @property
    def nonnegative_(self) -> bool:
        """Whether predictions are clipped at zero."""
        return self.fitted_.nonnegative

    @property
    def edges_learned_(self) -> bool:
        """Whether edges were learned from eigenvalues."""
        return bool(self.fitted_.valleys)

    @property
    def edge_threshold_(self) -> float:
        """Density at which a band begins, in the unit of the training curves."""
        return self.fitted_.edge_threshold

    @property
    def edge_reference_(self) -> float:
        """Energy inside the gap [eV]."""
        return self.fitted_.edge_reference

    @property
    def omitted_(self) -> NDArray[np.intp]:
        """Rows that were left out of the training."""
        return self.fitted_.omitted

    @property
    def training_hashes_(self) -> NDArray[np.uint64]:
        """Hashes of the training rows."""
        return self.fitted_.row_hashes

    def __getstate__(self) -> dict[str, Any]:
        """Return parameters and, once fitted, plain values and arrays."""
        state = dict(super().__getstate__())  # type: ignore[call-overload]
        if "fitted_" in state:
            state |= {
                "fitted_": self.fitted_.to_state(),
                "_format": _FORMAT,
                "_strain2dos_version": __version__,
            }
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Rebuild what was learned; a regressor of another form is refused."""
        state = dict(state)
        form, version = state.pop("_format", None), state.pop("_strain2dos_version", None)
        learned = state.pop("fitted_", None)
        # scikit-learn ends the names of what was learned with an underscore
        if (learned is not None or "n_features_in_" in state) and form != _FORMAT:
            raise ValueError(
                f"this DOSRegressor was saved by strain2dos {version or '<= 0.1.0'} in form {form or 1} "
                f"of its learned state, and strain2dos {__version__} reads form {_FORMAT}; train it again."
            )
        super().__setstate__(state)  # type: ignore[misc]
        if learned is not None:
            self.fitted_ = FittedDOS.from_state(learned)

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "fitted_")
