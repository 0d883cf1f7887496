# SPDX-License-Identifier: BSD-3-Clause
"""What a fitted regressor lets users read of its frozen state, and how that state is saved."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

from strain2dos import __version__
from strain2dos.dos._regressor.fitted import FittedDOS

# written into every saved regressor; raised when what was learned changes its form
_FORMAT = 8


Part = TypeVar("Part")


class Learned(Generic[Part]):
    """A read-only attribute: a part of what was learned."""

    def __init__(self, read: Callable[[FittedDOS], Part]) -> None:
        self.read = read

    def __get__(self, owner: LearnedAttributes | None, kind: type | None = None) -> Part:
        if owner is None:
            raise AttributeError("what was learned is an attribute of fitted regressors")
        return self.read(owner.fitted_)

    def __set__(self, owner: LearnedAttributes, value: object) -> None:
        raise AttributeError("what was learned cannot be set; fit again")


class LearnedAttributes:
    """Give the regressor its read-only attributes, described in its docstring, and its saved form.

    Stands first among the bases.
    """

    fitted_: FittedDOS

    energies_ = Learned(lambda fitted: fitted.energies)
    feature_range_ = Learned(lambda fitted: fitted.feature_range)
    network_weight_ = Learned(lambda fitted: fitted.heads.network_weight)
    held_out_density_ = Learned(lambda fitted: dict(fitted.report.density))
    history_ = Learned(lambda fitted: list(fitted.report.history))
    n_iter_ = Learned(
        lambda fitted: max((len(part["train_loss"]) for part in fitted.report.history), default=0)
    )
    valleys_ = Learned(lambda fitted: list(fitted.valleys))
    n_valence_ = Learned(lambda fitted: fitted.n_valence)
    gap_factor_ = Learned(lambda fitted: fitted.heads.gap_factor)
    valley_gap_factors_ = Learned(lambda fitted: fitted.heads.pair_factors.copy())
    representation_ = Learned(lambda fitted: fitted.basis.name)
    representation_scores_ = Learned(lambda fitted: dict(fitted.report.representation_scores))
    nonnegative_ = Learned(lambda fitted: fitted.nonnegative)
    edges_learned_ = Learned(lambda fitted: bool(fitted.valleys))
    edge_threshold_ = Learned(lambda fitted: fitted.edge_threshold)
    edge_reference_ = Learned(lambda fitted: fitted.edge_reference)
    omitted_ = Learned(lambda fitted: fitted.omitted)
    training_hashes_ = Learned(lambda fitted: fitted.row_hashes)

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
