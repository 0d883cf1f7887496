# SPDX-License-Identifier: BSD-3-Clause
"""One container for DOS curves of a strained material, whatever they come from."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from strain2dos._grids import check_ascending, energy_coordinate

STRAIN_COMPONENTS = ("exx", "eyy", "exy")
PHONON_MODES = ("E'-", "E'+", "A1'")
_PER_STATE = ("strain", "phonons", "dos", "vbm", "cbm", "gap")
_NEAR = 0.1  # eV


@dataclass(frozen=True, eq=False, repr=False)
class StrainedDOS:
    """Density of states of one material in many strain states: one row is one whole curve.

    Parameters
    ----------
    strain : ndarray of shape (n, 3) or (n, 1)
        Strain tensor [exx, eyy, exy] as fractions (x zigzag, y armchair, tensor shear), or one scalar label.
    energies : ndarray of shape (m,)
        Strictly increasing energies in eV; ``provenance["energy_reference"]`` states their zero.
    dos : ndarray of shape (n, m)
        Density of states, >= 0, in states/eV/cell unless ``provenance["dos_unit"]`` names another unit.
    phonons : ndarray of shape (n, 3), optional
        Raman-active modes [E'-, E'+, A1'] in cm-1, the lower E' branch first.
    vbm, cbm, gap : ndarray of shape (n,), optional
        Valence band maximum, conduction band minimum and gap in eV, from eigenvalues.
    name : list of str, optional
        One name per strain state; "0", "1", ... when left out.
    extra : dict of str to ndarray of shape (n,), optional
        Further quantities per strain state, such as the direct gap.
    provenance : dict, optional
        Where the curves come from: recipe, code versions, units, notes.

    Raises
    ------
    ValueError
        When shapes disagree, energies do not increase, or a value is not finite or a DOS is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.datasets import StrainedDOS
    >>> data = StrainedDOS(
    ...     strain=[[0.0], [0.01]], energies=[-1.0, 0.0, 1.0], dos=np.ones((2, 3))
    ... )
    >>> data
    StrainedDOS(2 states, strain (2, 1), 3 energies -1..1 eV)
    >>> data.subset([1]).strain
    array([[0.01]])
    """

    strain: NDArray[np.float64]
    energies: NDArray[np.float64]
    dos: NDArray[np.float64]
    phonons: NDArray[np.float64] | None = None
    vbm: NDArray[np.float64] | None = None
    cbm: NDArray[np.float64] | None = None
    gap: NDArray[np.float64] | None = None
    name: list[str] = field(default_factory=list)
    extra: dict[str, NDArray[Any]] = field(default_factory=dict)
    provenance: dict[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key in ("energies", *_PER_STATE):
            value = getattr(self, key)
            if value is not None:
                object.__setattr__(self, key, np.asarray(value, dtype=np.float64))
        if self.strain.ndim != 2 or self.strain.shape[1] not in (1, 3):
            raise ValueError(
                f"strain must have shape (n, 3) for tensors [exx, eyy, exy] or (n, 1) for scalars, but has "
                f"{self.strain.shape}; reshape a list of scalars with strain[:, None]."
            )
        names = list(self.name) or [str(i) for i in range(len(self))]
        object.__setattr__(self, "name", names)
        object.__setattr__(self, "extra", {key: np.asarray(value) for key, value in self.extra.items()})
        self._check_shapes()
        self._check_values()

    def _check_shapes(self) -> None:
        n, m = len(self), self.energies.size
        wanted = {"energies": (m,), "dos": (n, m), "phonons": (n, 3), "vbm": (n,), "cbm": (n,), "gap": (n,)}
        for key, shape in wanted.items():
            value = getattr(self, key)
            if value is not None and value.shape != shape:
                raise ValueError(
                    f"{key} must have shape {shape} to go with {n} strain states and {m} energies, but has "
                    f"{value.shape}."
                )
        lengths = {"name": len(self.name)} | {key: len(column) for key, column in self.extra.items()}
        for key, length in lengths.items():
            if length != n:
                raise ValueError(f"{key} must have one entry per strain state ({n}), but has {length}.")

    def _check_values(self) -> None:
        for key in ("strain", "energies", "dos", "phonons"):
            value = getattr(self, key)
            if value is not None and not np.isfinite(value).all():
                where = tuple(int(i) for i in np.argwhere(~np.isfinite(value))[0])
                raise ValueError(
                    f"{key} must be finite, but {key}[{_index(where)}] = {value[where]}; drop that state."
                )
        check_ascending(self.energies, "energies", beside="dos")
        if (self.dos < 0).any():
            where = tuple(int(i) for i in np.argwhere(self.dos < 0)[0])
            raise ValueError(
                f"a density of states cannot be negative, but dos[{_index(where)}] = {self.dos[where]:g} "
                f"(state {self.name[where[0]]!r}); check the column or clip rounding noise before."
            )

    def __len__(self) -> int:
        return len(self.strain)

    def __repr__(self) -> str:
        parts = [f"{len(self)} states", f"strain {self.strain.shape}"]
        if self.energies.size:
            parts.append(f"{self.energies.size} energies {self.energies[0]:g}..{self.energies[-1]:g} eV")
        if self.phonons is not None:
            parts.append("phonons")
        if self.gap is not None and len(self):
            parts.append(f"gap {np.nanmin(self.gap):.3f}..{np.nanmax(self.gap):.3f} eV")
        return f"StrainedDOS({', '.join(parts)})"

    @property
    def groups(self) -> NDArray[np.intp]:
        """One integer per row, equal where the strain is: cross-validation by group never splits a state."""
        _, inverse = np.unique(np.round(self.strain, 9), axis=0, return_inverse=True)
        return inverse.reshape(-1)

    @property
    def edges(self) -> NDArray[np.float64] | None:
        """Valence and conduction band edges, shape (n, 2) in eV, or None when the source gives none."""
        return None if self.vbm is None or self.cbm is None else np.column_stack([self.vbm, self.cbm])

    @property
    def valleys(self) -> pd.DataFrame | None:
        """Energies of the valleys that are band edges in some state of the set, or come close to it.

        Columns ``vbm_K``, ``vbm_G``, ..., ``cbm_Q`` in eV, the form in which `DOSRegressor.fit` takes edges
        with kinks. Valleys farther than 0.1 eV from the edge in every state are left out. None where the
        source gives no valleys.
        """
        found: dict[str, NDArray[np.float64]] = {}
        for prefix, name, edge in (("VB_", "vbm", self.vbm), ("CB_", "cbm", self.cbm)):
            for key, energy in self.extra.items():
                if key.startswith(prefix) and edge is not None and np.abs(energy - edge).min() < _NEAR:
                    found[f"{name}_{key.removeprefix(prefix)}"] = energy
        return pd.DataFrame(found, index=pd.Index(self.name, name="state")) if found else None

    @property
    def edge_targets(self) -> pd.DataFrame | None:
        """What `DOSRegressor.fit` takes best as ``edges``: `valleys` where known, else `edges`.

        A table in eV with one row per strain state, whose columns begin with ``vbm`` and ``cbm``; pick
        training rows with ``.iloc``, which keeps its columns. None where the source gives no edges.

        Examples
        --------
        >>> from strain2dos.datasets import load_mos2_dft
        >>> data = load_mos2_dft()
        >>> list(data.edge_targets)
        ['vbm_K', 'vbm_G', 'vbm_Q', 'cbm_K', 'cbm_Q']
        >>> bool(
        ...     (data.edge_targets.filter(like="vbm").max(axis=1) - data.vbm).abs().max() < 1e-4
        ... )
        True
        """
        return edge_table(self.valleys, self.edges, self.name)

    def subset(self, index: ArrayLike | slice) -> StrainedDOS:
        """Keep the strain states picked by integers, a slice or a boolean mask.

        Parameters
        ----------
        index : array-like of int, array-like of bool or slice
            The rows to keep, in this order.

        Returns
        -------
        StrainedDOS
            A new set with copies of these rows.
        """
        rows = np.arange(len(self))[index if isinstance(index, slice) else np.atleast_1d(np.asarray(index))]
        changed: dict[str, Any] = {}
        for key in _PER_STATE:
            value = getattr(self, key)
            changed[key] = None if value is None else value[rows]
        changed["name"] = [self.name[i] for i in rows]
        changed["extra"] = {key: value[rows] for key, value in self.extra.items()}
        kept = {f.name: getattr(self, f.name) for f in fields(self) if f.name not in changed}
        return StrainedDOS(**changed, **kept)

    def to_xarray(self) -> xr.Dataset:
        """Give the set as a labeled dataset with dimensions (state, energy) and units on every variable.

        Returns
        -------
        xarray.Dataset
            Variables ``strain``, ``dos`` and, where known, ``phonons``, ``vbm``, ``cbm``, ``gap`` and extras.
        """
        components = list(STRAIN_COMPONENTS) if self.strain.shape[1] == 3 else ["strain"]
        unit = str(self.provenance.get("strain_unit", "fraction"))
        dos_unit = str(self.provenance.get("dos_unit", "states/eV/cell"))
        variables: dict[str, tuple[Any, ...]] = {
            "strain": (("state", "component"), self.strain, {"units": unit, "long_name": "strain"}),
            "dos": (("state", "energy"), self.dos, {"units": dos_unit, "long_name": "density of states"}),
        }
        if self.phonons is not None:
            attrs = {"units": "cm-1", "long_name": "phonon wavenumber"}
            variables["phonons"] = (("state", "mode"), self.phonons, attrs)
        long_names = {"vbm": "valence band maximum", "cbm": "conduction band minimum", "gap": "band gap"}
        for key, long_name in long_names.items():
            if getattr(self, key) is not None:
                variables[key] = ("state", getattr(self, key), {"units": "eV", "long_name": long_name})
        variables |= {key: ("state", value) for key, value in self.extra.items()}
        coords: dict[str, Any] = {"state": self.name, "component": components}
        coords["energy"] = energy_coordinate(self.energies, len(self.energies))
        if self.phonons is not None:
            coords["mode"] = list(PHONON_MODES)
        return xr.Dataset(
            variables, coords, attrs={k: v for k, v in self.provenance.items() if isinstance(v, str)}
        )

    def to_dataframe(self) -> pd.DataFrame:
        """Tabulate everything but the curves: one row per strain state, indexed by its name.

        Returns
        -------
        pandas.DataFrame
            Columns exx, eyy, exy (or strain), the phonons, vbm, cbm, gap and the extras, where known.
        """
        components = STRAIN_COMPONENTS if self.strain.shape[1] == 3 else ("strain",)
        columns: dict[str, Any] = dict(zip(components, self.strain.T, strict=True))
        if self.phonons is not None:
            columns |= dict(zip(PHONON_MODES, self.phonons.T, strict=True))
        columns |= {
            key: getattr(self, key) for key in ("vbm", "cbm", "gap") if getattr(self, key) is not None
        }
        return pd.DataFrame(columns | self.extra, index=pd.Index(self.name, name="state"))


def edge_table(
    valleys: pd.DataFrame | None, edges: NDArray[np.float64] | None, names: list[str]
) -> pd.DataFrame | None:
    """Return the valleys where there are any, else the edges in a table of the same form."""
    if valleys is not None or edges is None:
        return valleys
    return pd.DataFrame(edges, columns=["vbm", "cbm"], index=pd.Index(names, name="state"))


def _index(where: tuple[int, ...]) -> str:
    return ", ".join(str(i) for i in where)
