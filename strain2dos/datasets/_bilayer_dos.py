# SPDX-License-Identifier: BSD-3-Clause
"""Density of states of randomly strained bilayers from a first model, generated in seconds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from strain2dos.datasets._strained import StrainedDOS
from strain2dos.datasets._strained_dos import generate
from strain2dos.simulate import TightBindingBilayer


def make_bilayer_dos(
    n_samples: int,
    materials: str = "MoS2/WS2",
    *,
    random_state: int | np.random.RandomState | None = None,
    max_strain: float = 0.04,
    energies: ArrayLike | None = None,
    n_k: int = 96,
    width: float = 0.05,
    hopping: float | None = None,
    correction: str | None = "auto",
    n_jobs: int | None = None,
    progress: bool = False,
) -> StrainedDOS:
    """Generate DOS curves and band edges of two stacked layers under random strain tensors.

    The curves come from a first model, not from first principles: the sum of the two monolayers on the vacuum
    scale with their valence states mixed around Gamma (what that leaves out: `TightBindingBilayer`). The
    strains are those of `make_strained_dos` for the same seed, and both layers share them. About 0.2 s per
    curve on one core at the defaults.

    Parameters
    ----------
    n_samples : int
        Number of strain states, one curve each.
    materials : str, default="MoS2/WS2"
        Lower and upper layer, as in `TightBindingBilayer`.
    random_state : int, RandomState or None, default=None
        Seed of the strains; an int gives the same set every time, whatever `n_jobs` is.
    max_strain : float, default=0.04
        Largest principal strain as a fraction. The model is linear in strain: beyond 0.04 it warns.
    energies : array-like of shape (m,), optional
        Energies in eV against vacuum, strictly increasing. Default: -9.0 to -2.5 in steps of 0.01.
    n_k : int, default=96
        Brillouin-zone grid of n_k x n_k cells.
    width : float, default=0.05
        Standard deviation of the Gaussian in eV; 0 for bare triangles.
    hopping : float, optional
        Hopping between the layers at Gamma in eV, as in `TightBindingBilayer`. Default: the pair's value.
    correction : {"auto", "gamma"} or None, default="auto"
        As in `TightBindingTMD`.
    n_jobs : int, optional
        Threads; -1 uses all cores. Keep the linear algebra library at one thread (OMP_NUM_THREADS=1) with it.
        Inside ``joblib.parallel_config("dask")`` the workers of the cluster solve, with the same results.
    progress : bool, default=False
        Show a progress bar.

    Returns
    -------
    StrainedDOS
        ``strain`` (n, 3), ``dos`` (n, m) in states/eV/cell with both spins and spin-orbit coupling, ``vbm``,
        ``cbm`` and ``gap`` (n,) in eV from refined eigenvalues, ``extra`` with ``vbm_at`` and ``cbm_at``
        ("G", "K" or "Q") and ``vbm_layer`` and ``cbm_layer`` ("lower" or "upper"). ``phonons`` is None: the
        package has measured strain rates of monolayer MoS2 only.

    Raises
    ------
    ValueError
        For a pair or a hopping `TightBindingBilayer` refuses, n_samples below 1, max_strain outside
        (0, 0.25], or bad energies.

    Examples
    --------
    >>> from strain2dos.datasets import make_bilayer_dos
    >>> data = make_bilayer_dos(2, "MoS2/WSe2", random_state=0, n_k=24)
    >>> data.dos.shape
    (2, 651)
    >>> data.provenance["method"]
    'model: sum of layers with Gamma hybridization; not first-principles'
    """
    model = TightBindingBilayer(materials, hopping=hopping, correction=correction)
    return generate(
        model,
        n_samples,
        random_state=random_state,
        max_strain=max_strain,
        energies=energies,
        n_k=n_k,
        width=width,
        n_jobs=n_jobs,
        progress=progress,
        edge_columns=("vbm_at", "cbm_at", "vbm_layer", "cbm_layer"),
        phonons=None,
        provenance={
            "material": model.materials,
            **model.provenance,
            "phonons": "none: no measured parameters of stacked layers",
        },
    )
