# SPDX-License-Identifier: BSD-3-Clause
"""Which strain states to calculate next."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from scipy.stats import qmc

from strain2dos.datasets._bundled.dft import MIN_STATES
from strain2dos.datasets._strained import STRAIN_COMPONENTS, StrainedDOS
from strain2dos.dos import DOSRegressor
from strain2dos.dos._process.design import most_telling
from strain2dos.simulate import fundamental_strain, strain_invariants, strain_plan

Array = NDArray[np.float64]

_FEWEST = MIN_STATES  # from six, kernels were learned that led astray (benchmarks/next_states.py)
_SAME = 1e-3  # states closer than this, component by component, give the same physics
_CANDIDATES = 256
_TARGETS = 9  # 2^9 states that stand for the range
_MAP_PIXELS = 2000


def suggest_states(
    data: StrainedDOS,
    n_states: int = 4,
    *,
    over: ArrayLike | xr.Dataset | None = None,
    candidates: pd.DataFrame | None = None,
    normal: tuple[float, float] = (-0.04, 0.06),
    shear: float = 0.02,
    random_state: int = 0,
) -> pd.DataFrame:
    """Suggest the strain states whose calculation would make a model of the states so far surest.

    A Gaussian process learns curves and valley energies from the states that are there. How much its
    variance falls where another state is added follows from its kernel alone, before that state is
    calculated. States are chosen one after the other, each the one that lowers the mean variance over the
    range most; variances of curve and valleys count as shares of their spread over the known states.

    Parameters
    ----------
    data : StrainedDOS
        The states so far, with strain tensors; eight or more, from which a kernel can be learned.
    n_states : int, default=4
        How many to suggest.
    over : array-like of shape (n, 3) or Dataset, default=None
        Where the model is to be sure: strain tensors [exx, eyy, exy] as fractions, or a map with ``strain``
        and ``shear`` as `map_flake` gives it, whose shear may point anywhere. None is the whole range.
    candidates : DataFrame, default=None
        Plan with the columns name, exx, eyy, exy to choose from; states that are known are left out. None is
        a `strain_plan` of 256 states.
    normal : tuple of float, default=(-0.04, 0.06)
        Range of exx and eyy, as fractions.
    shear : float, default=0.02
        Largest shear exy, as a fraction.
    random_state : int, default=0
        Seed of the model and of the sequence of states to choose from.

    Returns
    -------
    pandas.DataFrame
        Columns name, exx, eyy, exy of a plan, the most telling state first, and ``uncertainty_left``: mean
        variance over the range once this state and those above it are known, as a share of the present one.

    Raises
    ------
    ValueError
        When `data` has scalar strain or fewer than eight states, `over` holds no finite strain, or there are
        not as many states to choose from.

    See Also
    --------
    strain2dos.simulate.strain_plan : States for a material of which none is known.

    References
    ----------
    D. A. Cohn, Neural Networks 9, 1071 (1996).

    Examples
    --------
    >>> from strain2dos.datasets import load_dft, suggest_states
    >>> data = load_dft("WS2")
    >>> plan = suggest_states(data, 2)
    >>> list(plan)
    ['name', 'exx', 'eyy', 'exy', 'uncertainty_left']
    >>> bool(plan["uncertainty_left"].is_monotonic_decreasing)
    True
    """
    if data.strain.shape[1] != 3 or len(data) < _FEWEST:
        raise ValueError(
            f"suggestions need {_FEWEST} or more states with strain tensors, but data has {len(data)} of "
            f"{data.strain.shape[1]} component(s); strain_plan spreads the first states."
        )
    if candidates is None:
        candidates = strain_plan(_CANDIDATES, normal=normal, shear=shear, seed=random_state)
    plan, tensors = _unknown(candidates, data.strain)
    if not len(plan):
        raise ValueError(
            f"all {len(candidates)} candidates are known already; give a plan that holds others, or none."
        )
    if not 1 <= n_states <= len(plan):
        raise ValueError(
            f"n_states must lie between 1 and {len(plan)}, the states to choose from, but is {n_states!r}."
        )
    targets = _range(normal, shear) if over is None else _places(over)
    model = DOSRegressor(data.energies, hidden_layer_sizes=(), random_state=random_state)
    fitted = model.fit(strain_invariants(data.strain), data.dos, edges=data.edge_targets).fitted_
    heads = [fitted.heads.curve, *fitted.heads.valleys]
    # the curve counts as much as all valleys together
    shares = [1.0, *[1.0 / max(1, len(heads) - 1)] * (len(heads) - 1)]
    rows = fitted.standardise(strain_invariants(tensors))
    chosen, left = most_telling(
        list(zip(shares, heads, strict=True)), rows, fitted.standardise(targets), int(n_states)
    )
    return plan.iloc[chosen].assign(uncertainty_left=left).reset_index(drop=True)


def _unknown(candidates: pd.DataFrame, known: Array) -> tuple[pd.DataFrame, Array]:
    """Rows of a plan that differ by symmetry from all known states, and their tensors."""
    missing = [name for name in ("name", *STRAIN_COMPONENTS) if name not in candidates]
    if missing:
        raise ValueError(f"candidates must have the columns of a plan, but {', '.join(missing)} is missing.")
    plan = candidates[["name", *STRAIN_COMPONENTS]]
    tensors = plan[list(STRAIN_COMPONENTS)].to_numpy(dtype=np.float64)
    apart = np.abs(fundamental_strain(tensors)[:, None] - fundamental_strain(known)).max(axis=2).min(axis=1)
    return plan[apart > _SAME], tensors[apart > _SAME]


def _range(normal: tuple[float, float], shear: float) -> Array:
    """Invariants of states that fill the range evenly."""
    low, high = np.array([[normal[0], normal[0], -shear], [normal[1], normal[1], shear]])
    drawn = qmc.Sobol(3, scramble=True, seed=1).random_base2(_TARGETS)
    return strain_invariants(low + drawn * (high - low))


def _places(over: xr.Dataset | ArrayLike) -> Array:
    """Invariants of the states of a map or of tensors, those that are finite."""
    if isinstance(over, xr.Dataset):
        missing = [name for name in ("strain", "shear") if name not in over]
        if missing:
            raise ValueError(
                f"a map must have strain and shear, but {' and '.join(missing)} is missing of "
                f"{', '.join(map(str, over.data_vars))}; the map of a flake has both (map_flake)."
            )
        trace, size = 2 * np.ravel(over["strain"]), np.abs(np.ravel(over["shear"]))
        # Raman lines do not show where the shear points: along zigzag, along armchair or between them
        found = np.concatenate([np.column_stack([trace, size, sign * size]) for sign in (-1.0, 0.0, 1.0)])
    else:
        found = strain_invariants(over)
    found = found[np.isfinite(found).all(axis=1)]
    if not len(found):
        raise ValueError("over must hold finite strains, but has none; give tensors or a map with results.")
    return found[:: -(-len(found) // _MAP_PIXELS)]
