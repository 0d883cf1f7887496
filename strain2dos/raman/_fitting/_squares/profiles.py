# SPDX-License-Identifier: BSD-3-Clause
"""Line profiles and their derivatives, compiled.

A profile of height 1 depends on the axis through ``z = (x - center) / half_width`` alone (half width at half
maximum), so that its derivative by the half width is z times that by the center. Each function writes three
rows: the weighted profile, its weighted derivative by the center and, where it has a fourth parameter, that
by the mixing (a Lorentzian, the common case, writes all rows in one pass):

- Lorentzian, Gaussian: no mixing.
- pseudo-Voigt: mixing = share of the Lorentzian (0...1); G. K. Wertheim et al., Rev. Sci. Instrum. 45, 1369
  (1974).
- Voigt: mixing = half width of the Lorentzian part over the total half width (0...1).
- Fano: mixing = 1 / q (-1...1); U. Fano, Phys. Rev. 124, 1866 (1961), less its constant far from the line,
  which the baseline holds.
"""

import numpy as np

from strain2dos._compiled import njit
from strain2dos.raman._fitting._squares.normal_equations import ENTRY, OPTIONS

LORENTZIAN, GAUSSIAN, PSEUDO_VOIGT, VOIGT, FANO = range(5)
SHAPES = {
    "lorentzian": LORENTZIAN,
    "gaussian": GAUSSIAN,
    "pseudo_voigt": PSEUDO_VOIGT,
    "voigt": VOIGT,
    "fano": FANO,
}
#: "auto": Lorentzians, and pseudo-Voigt lines where the residual shows that they are not.
AUTO_SHAPE = "auto"
LINESHAPES = (AUTO_SHAPE, *SHAPES)
LN2 = np.log(2.0)


def shape_codes(lineshape: str) -> tuple[int, int]:
    """Profile that is fitted first, and that which is fitted where the first leaves too much."""
    if lineshape == AUTO_SHAPE:
        return LORENTZIAN, PSEUDO_VOIGT
    return SHAPES[lineshape], SHAPES[lineshape]


# Faddeeva function as a sum over eight poles: K. Roennmark, Kiruna Geophysical Institute Report 179 (1982);
# coefficients of H. Xie, Y. Xiao, Plasma Sci. Technol. 18, 97 (2016). Here w(z) = sum residue / (z - pole);
# its real part is off by at most 2.1e-6 of its value at the center (against scipy.special.wofz).
_B = np.array(
    [
        -0.01734012457471826 - 0.04630639291680322j,
        -0.7399169923225014 + 0.8395179978099844j,
        5.840628642184073 + 0.9536009057643667j,
        -5.583371525286853 - 11.20854319126599j,
    ]
)
_C = np.array(
    [
        2.237687789201900 - 1.625940856173727j,
        1.465234126106004 - 1.789620129162444j,
        0.8392539817232638 - 1.891995045765206j,
        0.2739362226285564 - 1.941786875844713j,
    ]
)
RESIDUES = np.concatenate([_B, _B.conj()]) / (1j * np.sqrt(np.pi))
POLES = np.concatenate([_C, -_C.conj()])
# Total half width w = 0.5346 l + sqrt(0.2166 l^2 + g^2) of half widths l and g, to 0.02 %: J. J. Olivero,
# R. L. Longbothum, J. Quant. Spectrosc. Radiat. Transf. 17, 233 (1977); 0.2166 = (1 - 0.5346)^2 rounded.
OLIVERO = 0.5346


@njit(inline="always")
def has_mixing(shape: int) -> bool:
    """Whether lines of this shape have a fourth parameter."""
    return shape >= PSEUDO_VOIGT


@njit(inline="always")
def mixing_range(shape: int) -> tuple[float, float, float]:
    """Lowest, highest and first value of the mixing."""
    return (-1.0, 1.0, 0.0) if shape == FANO else (0.0, 1.0, 0.7)


@njit(**OPTIONS)
def _lorentzian(x, sw, m, c, h, g, J, line, by_center, by_width, residual):
    """Rows of a Lorentzian, and the line subtracted from the residual, all in one pass."""
    inv = 1.0 / g
    s = 2.0 * h * inv
    for k in range(m):
        z = (x[k] - c) * inv
        q = 1.0 / (1.0 + z * z)
        qs = q * sw[k]
        t = s * q * qs * z
        J[line, k] = qs
        J[by_center, k] = t
        J[by_width, k] = t * z
        J[residual, k] -= h * qs


@njit(inline="always")
def half_maximum_gaussian(z: float) -> float:
    """Gaussian of height 1 and half width 1, exp(-ln(2) z^2), without a call, so that loops become vectors.

    exp(t) = exp(t / 256)^256 with seven terms of the series; off by at most 3e-9, and below 1e-17 where it is
    0.
    """
    t = max(-LN2 * z * z, -40.0) * 0.00390625
    e = 1.0 + t * (1.0 / 7.0)
    e = 1.0 + t * (1.0 / 6.0) * e
    e = 1.0 + t * 0.2 * e
    e = 1.0 + t * 0.25 * e
    e = 1.0 + t * (1.0 / 3.0) * e
    e = 1.0 + t * 0.5 * e
    e = 1.0 + t * e
    e *= e
    e *= e
    e *= e
    e *= e
    e *= e
    e *= e
    e *= e
    return e * e


@njit(**OPTIONS)
def _pseudo_voigt(x, sw, m, c, h, g, eta, J, line, by_center, by_mixing):
    """Sum of a Lorentzian with share ``eta`` and a Gaussian; ``eta`` = 0 is the Gaussian itself."""
    inv = 1.0 / g
    s = 2.0 * h * inv
    for k in range(m):
        z = (x[k] - c) * inv
        q = 1.0 / (1.0 + z * z)
        e = half_maximum_gaussian(z)
        J[line, k] = (eta * q + (1.0 - eta) * e) * sw[k]
        J[by_center, k] = s * z * (eta * q * q + (1.0 - eta) * LN2 * e) * sw[k]
        J[by_mixing, k] = h * (q - e) * sw[k]


@njit(**OPTIONS)
def _fano(x, sw, m, c, h, g, b, J, line, by_center, by_mixing):
    inv = 1.0 / g
    flat = 1.0 - b * b
    for k in range(m):
        z = (x[k] - c) * inv
        q = 1.0 / (1.0 + z * z)
        f = flat + 2.0 * b * z
        J[line, k] = f * q * sw[k]
        J[by_center, k] = 2.0 * h * inv * q * (z * f * q - b) * sw[k]
        J[by_mixing, k] = 2.0 * h * (z - b) * q * sw[k]


@njit(inline="always")
def gaussian_width(g: float, share: float) -> tuple[float, float]:
    """Scale ``a`` of the Gaussian part of a Voigt line, exp(-((x - c) / a)^2), and d(a^2) / d(share)."""
    slope = 1.0 - 2.0 * OLIVERO
    square = max((1.0 - share) * (1.0 + slope * share), 1e-10)
    return g * np.sqrt(square / LN2), g * g / LN2 * (slope * (1.0 - share) - (1.0 + slope * share))


@njit(inline="always")
def faddeeva_on_axis(y: float) -> tuple[float, float, float]:
    """Values w(iy), Im w'(iy) and Re w''(iy) of the Faddeeva function; w(iy) is real."""
    w, w1, w2 = 0.0, 0.0, 0.0
    for j in range(POLES.size):
        r = 1.0 / (1j * y - POLES[j])
        w += (RESIDUES[j] * r).real
        w1 -= (RESIDUES[j] * r * r).imag
        w2 += 2.0 * (RESIDUES[j] * r * r * r).real
    return w, w1, w2


@njit(**OPTIONS)
def _voigt(x, sw, m, c, h, g, share, J, line, by_center, by_mixing):
    """Re w((x - c + i l) / a), scaled to height 1.

    By the heat equation the derivative by a^2 of the profile is a quarter of its second one by the axis.
    """
    a, a2_by_share = gaussian_width(g, share)
    y = share * g / a
    u0, v0, t0 = faddeeva_on_axis(y)
    to_v, to_t = -g / a, 0.25 * a2_by_share / (a * a)
    for k in range(m):
        J[line, k] = J[by_center, k] = J[by_mixing, k] = 0.0
    for j in range(POLES.size):
        br, bi = RESIDUES[j].real, RESIDUES[j].imag
        cr, dy = POLES[j].real, y - POLES[j].imag
        for k in range(m):
            dx = (x[k] - c) / a - cr
            inv = 1.0 / (dx * dx + dy * dy)
            r, i = dx * inv, -dy * inv
            b1r, b1i = br * r - bi * i, br * i + bi * r
            b2r, b2i = b1r * r - b1i * i, b1r * i + b1i * r
            J[line, k] += b1r
            J[by_center, k] += b2r
            J[by_mixing, k] += 2.0 * to_t * (b2r * r - b2i * i) - to_v * b2i
    by_share0 = to_v * v0 + to_t * t0
    for k in range(m):
        u = J[line, k] / u0
        J[by_mixing, k] = h / u0 * (J[by_mixing, k] - u * by_share0) * sw[k]
        J[by_center, k] *= h / (a * u0) * sw[k]
        J[line, k] = u * sw[k]


@njit(**ENTRY)
def profile(shape, x, sw, m, c, h, g, mixing, J, line, by_center, by_width, by_mixing, residual):
    """Write the weighted profile of height 1 and, for height ``h``, its weighted derivatives into rows of J.

    The line is subtracted from the row of the weighted residual. Rows go by number: handing over a view of an
    array costs two atomic operations, which is a tenth of a row.
    """
    if shape == LORENTZIAN:
        _lorentzian(x, sw, m, c, h, g, J, line, by_center, by_width, residual)
        return
    if shape == FANO:
        _fano(x, sw, m, c, h, g, mixing, J, line, by_center, by_mixing)
    elif shape == VOIGT:
        _voigt(x, sw, m, c, h, g, mixing, J, line, by_center, by_mixing)
    else:
        _pseudo_voigt(x, sw, m, c, h, g, mixing, J, line, by_center, by_mixing)
    inv = 1.0 / g
    for k in range(m):
        J[by_width, k] = (x[k] - c) * inv * J[by_center, k]
        J[residual, k] -= h * J[line, k]
