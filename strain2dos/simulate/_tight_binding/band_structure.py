# SPDX-License-Identifier: BSD-3-Clause
"""What bands, density of states and band edges need, whatever Hamiltonian gives the bands."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Generic, NamedTuple, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos.simulate._tight_binding.checks import as_k_points, as_n_k, as_strain, as_window
from strain2dos.simulate._tight_binding.k_points import (
    grid,
    highest_maxima,
    refine_maximum,
    symmetries,
    valley_names,
)
from strain2dos.simulate._tight_binding.triangles import EnergyWindow, states_between

Array = NDArray[np.float64]

_NO_STRAIN = (0.0, 0.0, 0.0)


class TightBindingEdges(NamedTuple):
    """Band edges of each strain state and where in the Brillouin zone they lie.

    Energies are in eV on the vacuum scale. The k-points are reduced, (k.a1, k.a2) / 2 pi; with spin-orbit
    coupling they belong to spin up, and spin down has the same energy at -k. A gap below zero is a metal.
    ``vbm_at`` and ``cbm_at`` name the nearest of Gamma ("G"), K (or K') and Q, the middle of Gamma-K.
    """

    vbm: Array
    cbm: Array
    gap: Array
    k_vbm: Array
    k_cbm: Array

    @property
    def vbm_at(self) -> NDArray[np.str_]:
        """Valley of the valence band maximum: "G", "K" or "Q"."""
        return valley_names(self.k_vbm)

    @property
    def cbm_at(self) -> NDArray[np.str_]:
        """Valley of the conduction band minimum: "G", "K" or "Q"."""
        return valley_names(self.k_cbm)


#: Band edges of one material, or of two layers with the weights of either.
Edges = TypeVar("Edges", bound=tuple[Array, ...])


class BandStructure(ABC, Generic[Edges]):
    """Bands, density of states and band edges of a Hamiltonian that falls into blocks.

    A model has the numbers of its bands and of the filled ones, and gives the eigenvalues of its blocks.
    """

    high_symmetry = {  # noqa: RUF012
        "Gamma": (0.0, 0.0),
        "M": (0.5, 0.0),
        "K": (1 / 3, 1 / 3),
        "K'": (2 / 3, 2 / 3),
    }

    spin_orbit: bool
    _n_filled: int
    _n_starts: int  # valleys followed per band edge: some lie within a few meV of each other

    @abstractmethod
    def _block_bands(self, k: Array, tensors: Array, spin: int) -> list[Array]:
        """Eigenvalues (m, n, size) of each block; k is (n, 2), or (m, n, 2) with one set per tensor."""

    def bands(self, k_reduced: ArrayLike, *, strain: ArrayLike = _NO_STRAIN, spin: int = 0) -> Array:
        """Energies of the bands at given k-points, the lowest first.

        Parameters
        ----------
        k_reduced : array-like of shape (n, 2)
            (k.a1, k.a2) / 2 pi, which a uniform strain leaves unchanged.
        strain : array-like of shape (3,) or (m, 3), default=(0, 0, 0)
            Tensor components exx, eyy, exy as fractions.
        spin : {0, 1, -1}, default=0
            0: no spin-orbit coupling, each band holds two electrons; 1 or -1: this spin with the coupling.

        Returns
        -------
        ndarray of shape (n, n_bands) or (m, n, n_bands)
            Energies in eV on the vacuum scale: 11 bands per layer, of which the lowest 7 per layer are
            filled.

        Raises
        ------
        ValueError
            For a wrong shape, a value that is not finite, another spin, or strain given in percent.

        Warns
        -----
        UserWarning
            When a principal strain passes 4 %: the model is linear in strain.

        Examples
        --------
        >>> from strain2dos.simulate import TightBindingTMD
        >>> up, down = (
        ...     TightBindingTMD("MoS2").bands([[1 / 3, 1 / 3]], spin=s)[0, 6] for s in (1, -1)
        ... )
        >>> print(f"{1000 * (up - down):.0f} meV")  # the valence top at K belongs to spin down
        -144 meV
        """
        k = as_k_points(k_reduced)
        tensors, single = as_strain(strain)
        if spin not in (-1, 0, 1):
            raise ValueError(f"spin must be 0 (no spin-orbit coupling), 1 or -1, but is {spin!r}.")
        energies = np.sort(np.concatenate(self._block_bands(k, tensors, spin), axis=-1), axis=-1)
        return energies[0] if single else energies

    def dos(
        self,
        energies: ArrayLike,
        *,
        strain: ArrayLike = _NO_STRAIN,
        n_k: int = 96,
        width: float = 0.05,
        spin: int | None = None,
    ) -> Array:
        """Density of states by linear triangles, smeared by a Gaussian when asked for.

        Parameters
        ----------
        energies : array-like of shape (n_energies,)
            Strictly increasing energies in eV on the vacuum scale.
        strain : array-like of shape (3,) or (m, 3), default=(0, 0, 0)
            Tensor components exx, eyy, exy as fractions.
        n_k : int, default=96
            The Brillouin zone is cut into n_k x n_k cells.
        width : float, default=0.05
            Standard deviation of the Gaussian in eV. 0: none; each value is then the mean over the bin that
            reaches half way to the neighboring energies, so no van Hove peak falls between the points.
        spin : {None, 0, 1, -1}, default=None
            None counts both spins (22 states per layer in all), with spin-orbit coupling unless the model
            was made without. 0, 1 and -1 count one spin (11 states per layer) as in `bands`.

        Returns
        -------
        ndarray of shape (n_energies,) or (m, n_energies)
            States/eV/cell.

        Raises
        ------
        ValueError
            For energies that do not increase, a negative width, or what `bands` refuses.

        Examples
        --------
        >>> import numpy as np
        >>> from strain2dos.simulate import TightBindingTMD
        >>> energies = np.arange(-14, 2, 0.01)
        >>> dos = TightBindingTMD("MoS2").dos(energies, n_k=24, width=0)
        >>> print(f"{dos.sum() * 0.01:.6f} states")
        22.000000 states
        """
        tensors, single = as_strain(strain)
        window = as_window(energies, width)
        channel, factor = (self._channel, 2) if spin is None else (spin, 1)
        if channel not in (-1, 0, 1):
            raise ValueError(f"spin must be None, 0, 1 or -1, but is {spin!r}.")
        n_k = as_n_k(n_k)
        dos = np.stack([window.to_dos(_count(self._on_grid(u, n_k, channel), window)) for u in tensors])
        return factor * (dos[0] if single else dos)

    def band_edges(self, strain: ArrayLike = _NO_STRAIN, *, n_k: int = 48) -> Edges:
        """Valence band maximum and conduction band minimum, found between the points of a k-grid.

        Parameters
        ----------
        strain : array-like of shape (3,) or (m, 3), default=(0, 0, 0)
            Tensor components exx, eyy, exy as fractions.
        n_k : int, default=48
            Grid on which the valleys are looked for; the best few of each band are then refined.

        Returns
        -------
        TightBindingEdges or TightBindingBilayerEdges
            vbm, cbm, gap (m,) in eV, k_vbm and k_cbm (m, 2); without the first axis for a single tensor.
        """
        tensors, single = as_strain(strain)
        n_k = as_n_k(n_k)
        starts = [self._valleys(self._on_grid(u, n_k, self._channel)) for u in tensors]
        edges = self._refine(tensors, np.stack(starts), n_k)
        return type(edges)(*(part[0] for part in edges)) if single else edges

    def dos_and_edges(
        self, energies: ArrayLike, *, strain: ArrayLike, n_k: int = 96, width: float = 0.05
    ) -> tuple[Array, Edges]:
        """Density of states and band edges from the same eigenvalues: `dos` and `band_edges` in one pass.

        Parameters
        ----------
        energies, strain, n_k, width
            As in `dos`.

        Returns
        -------
        dos : ndarray of shape (n_energies,) or (m, n_energies)
            States/eV/cell, both spins.
        edges : TightBindingEdges or TightBindingBilayerEdges
            As from `band_edges`.
        """
        tensors, single = as_strain(strain)
        window, n_k = as_window(energies, width), as_n_k(n_k)
        dos, starts = [], []
        for tensor in tensors:
            blocks = self._on_grid(tensor, n_k, self._channel)
            dos.append(2 * window.to_dos(_count(blocks, window)))
            starts.append(self._valleys(blocks))
        edges = self._refine(tensors, np.stack(starts), n_k)
        return (dos[0], type(edges)(*(part[0] for part in edges))) if single else (np.stack(dos), edges)

    @property
    def _channel(self) -> int:
        # Spin down at -k has the energies of spin up at k, so one spin gives the whole DOS and both edges.
        return 1 if self.spin_orbit else 0

    def _on_grid(self, tensor: Array, n_k: int, spin: int) -> list[Array]:
        """Bands of the blocks on the whole grid, (n_k, n_k, size) each, from one k-point per orbit."""
        k, inverse = grid(n_k, symmetries(tensor, spin=spin))
        blocks = self._block_bands(k, tensor[None], spin)
        return [block[0][inverse].reshape(n_k, n_k, -1) for block in blocks]

    def _valleys(self, blocks: list[Array]) -> Array:
        """Starting points (2, n_starts, 2) for the valence maximum and the conduction minimum."""
        n = self._n_filled
        sorted_bands = np.sort(np.concatenate(blocks, axis=-1), axis=-1)
        return np.stack(
            [
                highest_maxima(sorted_bands[..., n - 1], self._n_starts),
                highest_maxima(-sorted_bands[..., n], self._n_starts),
            ]
        )

    def _refine(self, tensors: Array, starts: Array, n_k: int) -> Edges:
        """Move from grid points to the extrema of the top filled and the lowest empty band."""
        found = []
        for column, sign in enumerate((1, -1)):
            index = self._n_filled - 1 + column

            def energy(k: Array, index: int = index, sign: int = sign) -> Array:
                blocks = self._block_bands(k, tensors, self._channel)
                return sign * np.sort(np.concatenate(blocks, axis=-1), axis=-1)[..., index]

            value, k = refine_maximum(energy, starts[:, column], 0.5 / n_k)
            found.append((sign * value, k))
        (vbm, k_vbm), (cbm, k_cbm) = found
        return self._describe(tensors, TightBindingEdges(vbm, cbm, cbm - vbm, k_vbm, k_cbm))

    @abstractmethod
    def _describe(self, tensors: Array, edges: TightBindingEdges) -> Edges:
        """Band edges as the subclass gives them to users."""


def in_batches(
    solve: Callable[[Array, Array], list[Array]], k: Array, tensors: Array, limit: int
) -> list[Array]:
    """Call solve(k, tensors) for so many tensors at once that no more than `limit` matrices are in memory."""
    step = max(1, limit // k.shape[-2])
    parts = [
        solve(k[first : first + step] if k.ndim == 3 else k, tensors[first : first + step])
        for first in range(0, len(tensors), step)
    ]
    return parts[0] if len(parts) == 1 else [np.concatenate(block) for block in zip(*parts, strict=True)]


def _count(blocks: list[Array], window: EnergyWindow) -> Array:
    # Block by block: bands of different blocks cross without repelling, and triangles over bands sorted
    # together would bend them at every crossing.
    first, *rest = (states_between(block, window.edges) for block in blocks)
    return sum(rest, start=first)
