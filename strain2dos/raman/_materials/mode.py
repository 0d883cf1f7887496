# SPDX-License-Identifier: BSD-3-Clause
"""One Raman line with its coefficients, and where each coefficient comes from."""

from dataclasses import dataclass, fields
from typing import Literal

from strain2dos._renamed import RenamedAttribute

Kind = Literal["measured", "calculated", "derived", "chosen"]
Checked = Literal["data", "abstract", "quoted", "no"]


@dataclass(frozen=True)
class ModeSource:
    """Where one number of a line comes from.

    A line may hold several sources for one quantity: the first is the one in use, the others show how far
    published values differ.

    Parameters
    ----------
    quantity : str
        Field of `RamanMode`, for example ``"biaxial_rate"``.
    value : float or tuple
        What this source gives, in the unit of the field.
    citation : str
        Authors, journal, year.
    kind : {"measured", "calculated", "derived", "chosen"}
        "derived": computed from other quantities of the same line. "chosen": a setting of the fit.
    checked : {"data", "abstract", "quoted", "no"}
        How far the value was verified. "data": fitted to public spectra. "abstract": stands in the paper's
        abstract. "quoted": read in another work that quotes the paper, not in the paper. "no": known from
        the literature but not checked; check before relying on it.
    sample : str
        What was measured, on what.
    spread : float or tuple of float or None
        One standard deviation of the value: as the source states it, or as published values scatter.

    Examples
    --------
    >>> from strain2dos.raman import material_modes
    >>> source = material_modes("MoS2")[0].source_of("shear_potential")
    >>> source.citation, source.checked
    ('Conley et al., Nano Lett. 13, 3626 (2013)', 'no')
    """

    quantity: str
    value: float | tuple[str | float, ...]
    citation: str
    kind: Kind = "measured"
    checked: Checked = "no"
    sample: str = ""
    spread: float | tuple[float, ...] | None = None
    figure = RenamedAttribute("quantity")


@dataclass(frozen=True)
class RamanMode:
    """One Raman line of a material.

    Parameters
    ----------
    name : str
        Label used in column names, for example ``"E'"``.
    position : float
        Unstrained, neutral, room temperature, in cm-1.
    window : tuple of float
        (low, high) in cm-1: where the center is sought.
    fwhm : float
        Typical full width at half maximum in cm-1 (start of the fit and width of the smoothing that finds
        it).
    splits : bool, default=False
        Whether uniaxial strain splits the line into a doublet.
    margin : float, default=22.0
        The fit uses the points up to this far outside the outermost line, in cm-1; further ones only where
        another strong line stands there.
    biaxial_rate : float or None
        Shift in cm-1 per percent of biaxial strain.
    gruneisen : float or None
        Biaxial Grueneisen parameter, -(1 / 2 w) dw/d(strain).
    doping_rate : float or None
        Shift in cm-1 per 1e13 electrons/cm2.
    source : str
        Where the values come from, in words; by default the citations of ``sources``.
    shear_potential : float or None
        Shear deformation potential beta: the branches lie beta w sqrt((exx - eyy)^2 + 4 exy^2) apart.
    uniaxial_rates : tuple of float or None
        Shift in cm-1 per percent of uniaxial strain; for a line that splits, lower branch first.
    temperature_rate : float or None
        Shift in cm-1 per K around room temperature.
    optional : bool, default=False
        Fitted only where asked for by name.
    sources : tuple of ModeSource
        The source of each value.
    fwhm_range : tuple of float or None
        Full widths in cm-1 that the line has been seen with, the instrument included.
    anchor : tuple of (str, float, float) or None
        Line beside which this one stands, and the lowest and highest distance from it in cm-1:
        ``("E'", -12.0, -7.0)`` lies 7 to 12 below E', wherever strain has moved that.
    height_range : tuple of float or None
        Smallest and largest height over that of the anchor.

    Examples
    --------
    >>> from strain2dos.raman import RamanMode
    >>> RamanMode("E'", 384.6, (335.0, 404.0), 3.0, biaxial_rate=-4.31).source_of(
    ...     "biaxial_rate"
    ... ) is None
    True
    """

    name: str
    position: float
    window: tuple[float, float]
    fwhm: float
    splits: bool = False
    margin: float = 22.0
    biaxial_rate: float | None = None
    gruneisen: float | None = None
    doping_rate: float | None = None
    source: str = ""
    shear_potential: float | None = None
    uniaxial_rates: tuple[float, ...] | None = None
    temperature_rate: float | None = None
    optional: bool = False
    sources: tuple[ModeSource, ...] = ()
    fwhm_range: tuple[float, float] | None = None
    anchor: tuple[str, float, float] | None = None
    height_range: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        """Refuse sources of quantities that do not exist; put their citations into ``source``."""
        known = {field.name for field in fields(self)}
        unknown = [source.quantity for source in self.sources if source.quantity not in known]
        if unknown:
            raise ValueError(
                f"sources of {self.name} name {unknown}, but the quantities are {sorted(known)}."
            )
        if not self.source and self.sources:
            cited = [f"{source.quantity}: {source.citation}" for source in self.in_use()]
            object.__setattr__(self, "source", "; ".join(cited))

    def source_of(self, quantity: str) -> ModeSource | None:
        """Source of the value in use; None where none is known.

        Parameters
        ----------
        quantity : str
            Name of a field.

        Returns
        -------
        ModeSource or None
            With the reference and how far it was checked.
        """
        return next((source for source in self.in_use() if source.quantity == quantity), None)

    def spread_of(self, quantity: str) -> float | tuple[float, ...] | None:
        """One standard deviation of the value in use; None where none is known.

        Parameters
        ----------
        quantity : str
            Name of a field.

        Returns
        -------
        float or tuple of float or None
            In the unit of the field.

        Examples
        --------
        >>> from strain2dos.raman import material_modes
        >>> [mode.spread_of("position") for mode in material_modes("MoS2")]
        [0.5, 0.7]
        """
        source = self.source_of(quantity)
        return None if source is None else source.spread

    def in_use(self) -> tuple[ModeSource, ...]:
        """Sources whose value is the one in use, one per quantity.

        Returns
        -------
        tuple of ModeSource
            In the order of the fields.
        """
        found: dict[str, ModeSource] = {}
        for source in self.sources:
            if source.value == getattr(self, source.quantity):
                found.setdefault(source.quantity, source)
        return tuple(found.values())
