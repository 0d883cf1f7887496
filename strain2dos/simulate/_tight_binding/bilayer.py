# SPDX-License-Identifier: BSD-3-Clause
"""A first model of two stacked TMD layers: the layers' sum, with their valence states mixed around Gamma."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from strain2dos.simulate._tight_binding.band_structure import (
    BandStructure,
    TightBindingEdges,
    in_batches,
    valley_names,
)
from strain2dos.simulate._tight_binding.bilayer_hopping import (
    HOPPING_SOURCE,
    hybrids_at,
    resolve_hopping,
    split_pair,
    star_factor,
)
from strain2dos.simulate._tight_binding.model import TightBindingTMD
from strain2dos.simulate._tight_binding.terms import bloch_matrices, eigenvalues, strain_weights, waves

Array = NDArray[np.float64]
Block = tuple[Array, Array]

_BATCH = 25_000  # 12 x 12 matrices diagonalized at once, to bound the memory near 200 MB
_TOP_EVEN = 3  # four of the six even bands are filled
_N_METAL = 3  # the even block begins with three metal orbitals
_MODEL = "model: sum of layers with Gamma hybridization; not first-principles"


class TightBindingBilayerEdges(NamedTuple):
    """Band edges of each strain state, where in the Brillouin zone and in which layer they lie.

    Energies are in eV on the vacuum scale, k-points reduced and of spin up, as in the monolayer's edges.
    ``share_vbm`` and ``share_cbm`` (m, 2) hold the weights of the edge state on the lower and the upper
    layer; they sum to 1. In the bilayer of one material an edge at K has one state in each layer at equal
    energy, and the shares of one such state mean nothing.
    """

    vbm: Array
    cbm: Array
    gap: Array
    k_vbm: Array
    k_cbm: Array
    share_vbm: Array
    share_cbm: Array

    @property
    def vbm_at(self) -> NDArray[np.str_]:
        """Valley of the valence band maximum: "G", "K" or "Q"."""
        return valley_names(self.k_vbm)

    @property
    def cbm_at(self) -> NDArray[np.str_]:
        """Valley of the conduction band minimum: "G", "K" or "Q"."""
        return valley_names(self.k_cbm)

    @property
    def vbm_layer(self) -> NDArray[np.str_]:
        """Layer that holds most of the valence band maximum: "lower" (also at a half each) or "upper"."""
        return _layer(self.share_vbm)

    @property
    def cbm_layer(self) -> NDArray[np.str_]:
        """Layer that holds most of the conduction band minimum: "lower" (also at a half each) or "upper"."""
        return _layer(self.share_cbm)


class TightBindingBilayer(BandStructure[TightBindingBilayerEdges]):
    """Two strained TMD layers, 2H stacked: a first model of hetero- and homobilayers.

    Each layer keeps the bands of its monolayer (`TightBindingTMD`) on the vacuum scale. One hopping t joins
    the layers: between the state that is the valence top at Gamma in the one, a hybrid of d_z2 and the even
    p_z, and that in the other. At Gamma the two levels mix exactly as
    ``E = (E1 + E2)/2 +- sqrt((E1 - E2)^2 + 4 t^2)/2``, without spin-orbit coupling under any strain. Away
    from Gamma the mixing fades, as that through facing chalcogens does [2]_ [3]_. The hybrid is one local
    orbital, p_z of a chalcogen pair and d_z2 of the three metals around it, and a band takes part by its
    weight in it; and the three nearest facing chalcogens of the 2H stack interfere:
    ``t(k) = t (1 + e^{i k.a1} + e^{i k.(a1 + a2)})/3``, which vanishes at K. This dependence on
    k is an assumption of this package; only t is published.

    What the model leaves out:

    - Only this one hopping couples the layers. Other bands, the odd blocks among them, do not
      interact: DOS well below the valence top is that of the monolayers.
    - The layers share one vacuum level: no dipole at the interface, no screening by the other layer.
    - No moire: the layers are as if commensurate, and each has the same strain tensor against its own
      unstrained lattice. Lattices of one chalcogen differ by less than 0.1 %, those of a sulfide and a
      selenide by 4 %; "per cell" then means one cell of each.
    - Levels are those of the two models. Against the first-principles layers of MoS2 and WS2 conduction bands
      at K lie 0.14 and 0.28 eV too high, the valence band of WS2 0.10 eV; slopes with biaxial strain agree
      within 11 %. So changes with strain hold better than levels at K.
    - Gamma follows strain too fast. Against the calculated bilayer MoS2/WS2 (one lattice, metal planes 6.155
      angstrom apart) the two levels at Gamma are 0.95 instead of 0.67 eV apart without strain; the upper one
      agrees within 0.01 eV, as two errors cancel. Under biaxial tension it rises by 113 instead of 36 meV per
      %, because the layers' own Gamma rises too fast and t stays as it is, while the calculated one falls
      from 0.32 to 0.27 eV at 2 %.
    - t is that of untwisted layers, whatever the strain. In layers turned by 38.2 degrees it is 0.74 to 0.78
      times as large [1]_; ``hopping`` takes other values.

    Parameters
    ----------
    materials : str, default="MoS2/WS2"
        Lower and upper layer of MoS2, MoSe2, WS2 and WSe2; "MoS2/MoS2" is the MoS2 bilayer.
    hopping : float, optional
        t in eV. Default: the value of the bilayer of one material [1]_, for two materials the geometric
        mean. 0: the sum of the layers.
    correction : {"auto", "gamma"} or None, default="auto"
        As in `TightBindingTMD`, for both layers.
    spin_orbit : bool, default=True
        Whether `dos` and `band_edges` include spin-orbit coupling; `bands` goes by ``spin``.

    Attributes
    ----------
    layers : tuple of TightBindingTMD
        The lower and the upper layer. The upper one is turned by 180 degrees: what is at K in the one is at
        K' in the other.
    hopping : float
        t in eV.
    provenance : dict of str to str
        What the model is and where its numbers come from.
    high_symmetry : dict of str to tuple
        Reduced coordinates of Gamma, M, K and K'.

    Raises
    ------
    ValueError
        For a pair without parameters, or a hopping that is negative or above 2 eV.

    References
    ----------
    .. [1] Commun. Mater. (2024), doi 10.1038/s43246-024-00631-z, Table 1.
    .. [2] S. Fang et al., Phys. Rev. B 92, 205108 (2015).
    .. [3] E. Cappelluti, R. Roldan, J. A. Silva-Guillen, P. Ordejon, F. Guinea, arXiv:1304.4831 (2013).

    Examples
    --------
    >>> from strain2dos.simulate import TightBindingBilayer
    >>> bilayer = TightBindingBilayer("MoS2/MoS2")
    >>> bilayer.bands([[0, 0]])[0, 12:14].round(3)  # the two levels, 2 t apart
    array([-6.458, -5.458])
    >>> edges = TightBindingBilayer("MoS2/WSe2").band_edges()
    >>> str(edges.vbm_layer), str(edges.cbm_layer)
    ('upper', 'lower')
    """

    _n_starts = 8  # K, K' and six Q can lie within a few meV

    def __init__(
        self,
        materials: str = "MoS2/WS2",
        *,
        hopping: float | None = None,
        correction: str | None = "auto",
        spin_orbit: bool = True,
    ) -> None:
        lower, upper = split_pair(materials)
        self.materials = materials
        self.hopping = resolve_hopping((lower, upper), hopping)
        self.spin_orbit = bool(spin_orbit)
        self.layers = tuple(
            TightBindingTMD(name, correction=correction, spin_orbit=spin_orbit) for name in (lower, upper)
        )
        self._n_filled = sum(layer._n_filled for layer in self.layers)
        self._blocks = {
            spin: (self.layers[0]._blocks[spin], [_turn(b) for b in self.layers[1]._blocks[spin]])
            for spin in (-1, 0, 1)
        }
        self.provenance = self._tell_provenance(asked=hopping is not None)

    def __repr__(self) -> str:
        options = f"hopping={self.hopping:.3g}, spin_orbit={self.spin_orbit}"
        return f"TightBindingBilayer({self.materials!r}, {options})"

    def _tell_provenance(self, *, asked: bool) -> dict[str, str]:
        source = "as asked for" if asked else f"{HOPPING_SOURCE}; geometric mean of the materials' values"
        layers = {
            f"{place}_layer": f"{layer.material}, correction {layer.correction or 'none'}"
            for place, layer in zip(("lower", "upper"), self.layers, strict=True)
        }
        notes = {layer.provenance["notes"] for layer in self.layers if "notes" in layer.provenance}
        return {
            "method": _MODEL,
            "parameters": self.layers[0].provenance["parameters"],
            **layers,
            "hopping": f"{self.hopping:.4g} eV at Gamma ({source})",
            "alignment": "vacuum levels of the two monolayers, no interface dipole",
            "notes": " ".join(
                [
                    *sorted(notes),
                    "Both layers have one strain tensor, each against its own lattice; no moire.",
                ]
            ),
        }

    def _block_bands(self, k: Array, tensors: Array, spin: int) -> list[Array]:
        """Eigenvalues of the odd blocks of both layers (..., 5) and of the joined even blocks (..., 12)."""

        def solve(k: Array, tensors: Array) -> list[Array]:
            wave, weights = waves(k), strain_weights(tensors)
            odd, even = zip(*self._blocks[spin], strict=True)
            if self.hopping == 0:  # joined, the crossings of free layers would blur in the triangles
                return [eigenvalues(bloch_matrices(b, wave, weights)) for b in (*odd, *even)]
            bands = [eigenvalues(bloch_matrices(block, wave, weights)) for block in odd]
            return [*bands, eigenvalues(self._even_matrices(k, tensors, spin))]

        return in_batches(solve, k, tensors, _BATCH)

    def _even_matrices(self, k: Array, tensors: Array, spin: int) -> NDArray[np.complex128]:
        """Even blocks of both layers with the hopping between their hybrids, (m, n, 12, 12)."""
        wave, weights = waves(k), strain_weights(tensors)
        first, second = (bloch_matrices(blocks[1], wave, weights) for blocks in self._blocks[spin])
        size = first.shape[-1]
        at_gamma = [self._at_gamma(blocks[1], weights) for blocks in self._blocks[0]]
        lower, upper = hybrids_at(k, at_gamma[0], _N_METAL), hybrids_at(-k, at_gamma[1], _N_METAL)
        hop = self.hopping * star_factor(k).conj()[..., None, None]
        joint = hop * lower[..., :, None] * upper[..., None, :].conj()
        matrix = np.empty((*first.shape[:2], 2 * size, 2 * size), dtype=np.complex128)
        matrix[..., :size, :size], matrix[..., size:, size:] = first, second
        matrix[..., :size, size:], matrix[..., size:, :size] = joint, joint.conj().swapaxes(-1, -2)
        return matrix

    @staticmethod
    def _at_gamma(block: Block, weights: Array) -> Array:
        """Orbital amplitudes (m, 6) of a layer's valence top at Gamma, without spin-orbit coupling."""
        at_gamma = bloch_matrices(block, waves(np.zeros((1, 2))), weights)[:, 0].real
        return np.linalg.eigh(at_gamma)[1][..., _TOP_EVEN]

    def _describe(self, tensors: Array, edges: TightBindingEdges) -> TightBindingBilayerEdges:
        shares = [
            self._shares(tensors, k, self._n_filled - 1 + column)
            for column, k in enumerate((edges.k_vbm, edges.k_cbm))
        ]
        return TightBindingBilayerEdges(*edges, *shares)

    def _shares(self, tensors: Array, k: Array, band: int) -> Array:
        """Weights (m, 2) of one band on the layers, at one k-point per tensor."""
        spin, k = self._channel, k[:, None]
        wave, weights = waves(k), strain_weights(tensors)
        odd = [eigenvalues(bloch_matrices(b[0], wave, weights))[:, 0] for b in self._blocks[spin]]
        even, states = np.linalg.eigh(self._even_matrices(k, tensors, spin)[:, 0])
        on_lower = (np.abs(states[:, :6]) ** 2).sum(axis=1).clip(0, 1)  # rounding
        lower = np.concatenate([np.ones_like(odd[0]), np.zeros_like(odd[1]), on_lower], axis=1)
        order = np.argsort(np.concatenate([*odd, even], axis=1), axis=1)[:, band]
        share = lower[np.arange(len(lower)), order]
        return np.column_stack([share, 1 - share])


def _turn(block: Block) -> Block:
    """Turn a layer by 180 degrees: H(-k), with the spin and its coupling as they were."""
    real, imaginary = block
    turned = imaginary.copy()
    turned[:, 1:] *= -1  # hops change sign; on site, only spin-orbit coupling is imaginary
    return real, turned


def _layer(share: Array) -> NDArray[np.str_]:
    # half and half, as at Gamma in the bilayer of one material, must not be decided by rounding
    return np.where(np.asarray(share)[..., 0] >= 0.5 - 1e-9, "lower", "upper")
