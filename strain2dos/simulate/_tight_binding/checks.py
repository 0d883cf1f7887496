# SPDX-License-Identifier: BSD-3-Clause
"""Input checks of the tight-binding model."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos._grids import check_ascending
from strain2dos.simulate._tight_binding.terms import load_tables
from strain2dos.simulate._tight_binding.triangles import EnergyWindow

Array = NDArray[np.float64]

MAX_STRAIN = 0.04  # the published terms are linear in strain and were fitted to small strains


def resolve_correction(material: str, correction: str | None) -> str | None:
    """Check material and correction, and choose the correction for "auto"."""
    tables = load_tables()
    known = sorted(tables["materials"])
    if material not in known:
        raise ValueError(f"no tight-binding parameters for material {material!r}; choose one of {known}.")
    available = sorted(tables["corrections"].get(material, {}))
    if correction == "auto":
        return available[0] if available else None
    if correction is not None and correction not in available:
        listed = f"{available}, None" if available else "None (the published parameters)"
        raise ValueError(f"no correction {correction!r} for {material}; pass correction='auto' or {listed}.")
    return correction


def as_k_points(k_reduced: ArrayLike) -> Array:
    """Check reduced k-points (n, 2)."""
    k = np.asarray(k_reduced, dtype=np.float64)
    if k.ndim != 2 or k.shape[1] != 2:
        raise ValueError(
            f"k_reduced must have shape (n, 2), one (k.a1, k.a2) / 2 pi per row, but has {k.shape}; "
            "wrap a single point as [[k1, k2]]."
        )
    if not np.isfinite(k).all():
        raise ValueError(
            f"k_reduced must be finite, but row {int(np.argmin(np.isfinite(k).all(axis=1)))} is not."
        )
    return k


def as_strain(strain: ArrayLike) -> tuple[Array, bool]:
    """Check one tensor or several; give them as (m, 3) and whether it was one. Warns beyond `MAX_STRAIN`."""
    tensors = np.asarray(strain, dtype=np.float64)
    if tensors.ndim not in (1, 2) or tensors.shape[-1] != 3 or tensors.size == 0:
        raise ValueError(
            f"strain must have shape (3,) or (m, 3) with columns exx, eyy, exy, but has {tensors.shape}; "
            "biaxial strain e is (e, e, 0)."
        )
    if not np.isfinite(tensors).all():
        raise ValueError(f"strain must be finite, but is {tensors[~np.isfinite(tensors)][0]} somewhere.")
    single, tensors = tensors.ndim == 1, np.atleast_2d(tensors)
    exx, eyy, exy = tensors.T
    # The larger principal strain: a limit on components alone would depend on the choice of axes.
    principal = np.abs(exx + eyy) / 2 + np.hypot((exx - eyy) / 2, exy)
    worst = int(principal.argmax())
    where = "({:g}, {:g}, {:g})".format(*tensors[worst])
    if principal[worst] > 0.25:
        raise ValueError(f"strain is a fraction (0.01 is 1 %), but holds {where}; divide percent by 100.")
    if principal[worst] > MAX_STRAIN * (1 + 1e-9):
        warnings.warn(
            f"strain {where} has a principal strain of {100 * principal[worst]:.1f} %, but the model is "
            f"linear in strain and meant for up to {100 * MAX_STRAIN:g} %; its bands there are an "
            "extrapolation.",
            UserWarning,
            stacklevel=3,
        )
    return tensors, single


def as_window(energies: ArrayLike, width: float) -> EnergyWindow:
    """Check energies and the width of the Gaussian."""
    e = np.asarray(energies, dtype=np.float64)
    if e.ndim != 1 or len(e) < 2 or not np.isfinite(e).all():
        raise ValueError(
            f"energies must be at least two finite values in eV in one row, but have shape {e.shape}."
        )
    check_ascending(e, "energies")
    if not width >= 0 or not np.isfinite(width):
        raise ValueError(
            f"width is the standard deviation of a Gaussian in eV, >= 0 (0: none), but is {width!r}."
        )
    return EnergyWindow(e, float(width))


def as_n_k(n_k: int) -> int:
    """Check the number of cells per reciprocal vector."""
    if int(n_k) != n_k or n_k < 3:
        raise ValueError(
            f"n_k must be a whole number of at least 3 cells per reciprocal vector, but is {n_k!r}."
        )
    return int(n_k)
