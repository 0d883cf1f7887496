# SPDX-License-Identifier: BSD-3-Clause
"""Lines of monolayer MoS2, those that defects bring included."""

from strain2dos.raman._materials.mode import RamanMode
from strain2dos.raman._materials.sources import (
    BIAXIAL,
    BLISTER,
    CHAKRABORTY,
    CONLEY,
    DERIVED,
    DORATOTAJ,
    GATED,
    LEE_2010,
    LLOYD,
    MAHIM,
    MICHAIL_2016,
    MICHAIL_2024,
    MIGNUZZI,
    MONOLAYER,
    POLYMER,
    RICE,
    SAHOO,
    TYPICAL,
    WAFERS,
    YAN,
    calculated,
    derived,
    measured,
    width,
    widths,
)

_ORIGIN = "exfoliated monolayer; origin of the map"
_SITES = "98 sites of disordered monolayers, axis corrected by silicon"
_POLYMER_UNIAXIAL = f"{POLYMER}, uniaxial"

# Natural monolayers are reported at 384 to 386 and 402.5 to 405 cm-1: spread evenly over such ranges,
# positions have standard deviations of 0.6 and 0.7. The spreads of rates are half the distance between
# published values; those of doping are chosen (15 %; the abstract calls E' inert).
_E = RamanMode(
    "E'", 384.6, (335.0, 410.0), 3.0, splits=True, biaxial_rate=-4.31, gruneisen=0.56, doping_rate=-0.33,
    shear_potential=0.78, uniaxial_rates=(-4.5, -1.0), temperature_rate=-0.0132, fwhm_range=(1.5, 9.0),
    sources=(
        measured("position", 384.6, MICHAIL_2016, "quoted", _ORIGIN, 0.5),
        measured("position", 385.0, LEE_2010, "no", "middle of 384 to 386, as reported for monolayers"),
        calculated("position", 384.0, DORATOTAJ, "abstract"),
        width(3.0),
        widths((1.5, 9.0), f"2 to 3 exfoliated; 4.4 to 8.6: {_SITES}", WAFERS),
        derived("biaxial_rate", -4.31, MICHAIL_2024, "quoted", f"{DERIVED} with w = 385", 0.45),
        measured("biaxial_rate", -5.2, LLOYD, "no", BLISTER),
        measured("gruneisen", 0.56, MICHAIL_2024, "quoted", BIAXIAL, 0.06),
        measured("gruneisen", 0.68, LLOYD, "no", BLISTER),
        measured("gruneisen", 1.06, CONLEY, "abstract", _POLYMER_UNIAXIAL),
        measured("shear_potential", 0.78, CONLEY, "no", _POLYMER_UNIAXIAL, 0.2),
        measured("uniaxial_rates", (-4.5, -1.0), CONLEY, "no", f"{POLYMER}; errors 0.3 and 1", (0.3, 1.0)),
        measured("uniaxial_rates", (-2.1,), RICE, "quoted", "in polymer; not split there"),
        measured("doping_rate", -0.33, CHAKRABORTY, "quoted", f"{GATED}; abstract: inert", 0.2),
        measured("temperature_rate", -0.0132, SAHOO, "abstract", "few layers", 0.0011),
        measured("temperature_rate", -0.011, YAN, "no", "suspended monolayer"),
    ),
)  # fmt: skip

_A = RamanMode(
    "A1'", 402.7, (382.0, 424.0), 5.0, biaxial_rate=-2.50, gruneisen=0.31, doping_rate=-2.2,
    uniaxial_rates=(0.0,), temperature_rate=-0.0123, fwhm_range=(2.5, 10.0),
    sources=(
        measured("position", 402.7, MICHAIL_2016, "quoted", _ORIGIN, 0.7),
        measured("position", 404.0, LEE_2010, "no", "middle of 403 to 405, as reported for monolayers"),
        calculated("position", 403.0, DORATOTAJ, "abstract"),
        width(5.0),
        widths((2.5, 10.0), f"4 to 5.5 exfoliated; 5.1 to 8.2: {_SITES}", WAFERS),
        derived("biaxial_rate", -2.50, MICHAIL_2024, "quoted", f"{DERIVED} with w = 403", 0.4),
        measured("biaxial_rate", -1.7, LLOYD, "no", BLISTER),
        calculated("biaxial_rate", -5.1, MAHIM, "quoted"),
        measured("gruneisen", 0.31, MICHAIL_2024, "quoted", BIAXIAL, 0.05),
        measured("gruneisen", 0.21, LLOYD, "no", BLISTER),
        measured("uniaxial_rates", (0.0,), CONLEY, "no", f"{POLYMER}; no shift resolved", (0.2,)),
        measured("uniaxial_rates", (-0.4,), RICE, "no", "in polymer"),
        measured("doping_rate", -2.2, CHAKRABORTY, "quoted", f"{GATED}; abstract: softens", 0.33),
        measured("temperature_rate", -0.0123, SAHOO, "abstract", "few layers", 0.0004),
        measured("temperature_rate", -0.013, YAN, "no", "suspended monolayer"),
    ),
)  # fmt: skip

# Defects let phonons of the zone edge scatter: their bands stand beside the lines and move with them.
_LO = RamanMode(
    "LO(M)", 376.0, (362.0, 382.0), 16.0, optional=True, fwhm_range=(10.0, 22.0), anchor=("E'", -12.0, -7.0),
    height_range=(0.0, 2.0),
    sources=(
        measured("position", 376.0, WAFERS, "data", f"376.2 in the median of {_SITES}", 1.0),
        measured("position", 377.0, MIGNUZZI, "no", "bombarded monolayer"),
        measured("position", 376.7, MONOLAYER, "data", "12 wide"),
        measured("fwhm", 16.0, WAFERS, "data", f"half of {_SITES} between 16 and 18", 2.5),
        widths((10.0, 22.0), f"11.8 to 21.9: {_SITES}", WAFERS),
        measured("anchor", ("E'", -12.0, -7.0), WAFERS, "data", f"8.6 in the median of {_SITES}"),
        measured("height_range", (0.0, 2.0), WAFERS, "data", f"0.5 in the median of {_SITES}"),
    ),
)  # fmt: skip

_ZO = RamanMode(
    "ZO(M)", 411.0, (405.0, 418.0), 8.0, optional=True, fwhm_range=(4.0, 12.0), anchor=("A1'", 5.0, 11.0),
    height_range=(0.0, 0.6),
    sources=(
        measured("position", 411.0, TYPICAL, "no", "disordered monolayers, 409 to 412", 1.0),
        measured("position", 409.0, MIGNUZZI, "no", "bombarded monolayer"),
        width(8.0),
        widths((4.0, 12.0), "disordered monolayers"),
        measured("anchor", ("A1'", 5.0, 11.0), TYPICAL, "no", "disordered monolayers"),
        measured("height_range", (0.0, 0.6), TYPICAL, "no", "disordered monolayers"),
    ),
)  # fmt: skip

_2LA = RamanMode(
    "2LA", 454.0, (424.0, 485.0), 22.0, margin=30.0, optional=True, fwhm_range=(12.0, 45.0),
    anchor=("E'", 60.0, 85.0),
    sources=(
        measured("position", 454.0, TYPICAL, "no", "450 to 465, moves with the laser", 5.0),
        measured("position", 455.4, WAFERS, "data", f"median of {_SITES}"),
        width(22.0),
        measured("fwhm", 28.0, WAFERS, "data", f"median of {_SITES}"),
        widths((12.0, 45.0), f"half of {_SITES} between 24 and 32", WAFERS),
        measured("anchor", ("E'", 60.0, 85.0), TYPICAL, "no", "450 to 465, moves with the laser"),
        calculated("biaxial_rate", -20.9, MAHIM, "quoted", "likely too large according to the quoting work"),
    ),
)  # fmt: skip

MOS2 = (_LO, _E, _A, _ZO, _2LA)
