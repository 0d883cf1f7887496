# SPDX-License-Identifier: BSD-3-Clause
"""Lines that the substrate brings: silicon, by which an axis is corrected, and sapphire, which overlaps."""

from strain2dos.raman._materials.mode import RamanMode
from strain2dos.raman._materials.sources import PARKER, PORTO, TYPICAL, measured, width, widths

# Lines with a well known position, by which the axis of each spectrum can be corrected. 520.7 is what most
# instruments are set to; published values for stress-free silicon at room temperature lie within 0.5.
REFERENCES: dict[str, RamanMode] = {
    "Si": RamanMode(
        "Si", 520.7, (505.0, 540.0), 4.0, margin=25.0, temperature_rate=-0.022, fwhm_range=(2.5, 8.0),
        source="first-order line of crystalline silicon: Parker, Feldman, Ashkin, Phys. Rev. 155, 712 (1967)",
        sources=(
            measured("position", 520.7, TYPICAL, "no", "what instruments are set to", 0.2),
            measured("position", 520.2, PARKER, "no", "crystalline silicon"),
            width(4.0),
            widths((2.5, 8.0), "2.7 natural, the rest is the instrument"),
            measured("temperature_rate", -0.022, TYPICAL, "no", "crystalline silicon around 300 K"),
        ),
    ),
}  # fmt: skip

# Lines of substrates that stand beside those of a monolayer; fitted only where asked for by name. The second
# sapphire line is never seen without the first.
SUBSTRATES: dict[str, RamanMode] = {
    "Al2O3": RamanMode(
        "Al2O3", 418.0, (411.0, 425.0), 4.0, optional=True, fwhm_range=(2.0, 7.0),
        source="strongest line (A1g) of sapphire: Porto, Krishnan, J. Chem. Phys. 47, 1009 (1967)",
        sources=(
            measured("position", 418.0, PORTO, "no", "A1g of sapphire", 0.5),
            width(4.0),
            widths((2.0, 7.0), "the instrument included"),
        ),
    ),
    "Al2O3(378)": RamanMode(
        "Al2O3(378)", 378.0, (374.0, 382.0), 5.0, optional=True, fwhm_range=(2.0, 9.0),
        anchor=("Al2O3", -41.0, -39.0), height_range=(0.1, 0.2),
        sources=(
            measured("position", 378.0, PORTO, "no", "Eg of sapphire", 0.7),
            width(5.0),
            widths((2.0, 9.0), "the instrument included"),
            measured("anchor", ("Al2O3", -41.0, -39.0), PORTO, "no", "sapphire"),
            measured("height_range", (0.1, 0.2), TYPICAL, "no", "c-cut sapphire; turns with polarization"),
        ),
    ),
}  # fmt: skip
