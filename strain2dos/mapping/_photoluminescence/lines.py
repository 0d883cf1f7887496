# SPDX-License-Identifier: BSD-3-Clause
"""The exciton lines of a monolayer and the model of a spectrum: pseudo-Voigt lines, straight background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

# Per line: center against that of A in eV, with its limits. The trion lies 18 to 40 meV below A (Mak et al.,
# Nat. Mater. 12, 207 (2013): 18 meV in MoS2; larger where doping is high), B 0.13 to 0.17 eV above in MoS2
# (the spin-orbit splitting at K, 145 meV: Miwa et al., Phys. Rev. Lett. 114, 046802 (2015)).
OFFSETS = {"A": (0.0, 0.0, 0.0), "trion": (-0.032, -0.060, -0.012), "B": (0.148, 0.100, 0.200)}
# Widths (FWHM) in eV that an exciton line has between helium and room temperature on usual substrates.
MIN_WIDTH, MAX_WIDTH = 0.004, 0.200
_LN2 = np.log(2.0)
_GAUSS = np.sqrt(4.0 * _LN2 / np.pi)  # height of a Gaussian of unit area and full width


@dataclass(frozen=True)
class LineModel:
    """Positions of the parameters: slope and offset, mixing, then center, FWHM and area of each line.

    Centers of the lines other than A are held as offsets from that of A.
    """

    lines: tuple[str, ...]
    middle: float
    span: float

    @property
    def n_parameters(self) -> int:
        """Number of parameters."""
        return 3 + 3 * len(self.lines)

    def centers(self, p: NDArray[np.float64]) -> NDArray[np.float64]:
        """Center of each line in eV, (..., n_lines)."""
        center = p[..., 3::3].copy()
        center[..., 1:] += center[..., :1]
        return center

    def values_and_jacobian(
        self, x: NDArray[np.float64], p: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Model (..., n) and its derivatives (..., n, n_parameters) for parameters (..., n_parameters)."""
        column = p[..., np.newaxis]
        slope, offset, mix = column[..., 0, :], column[..., 1, :], column[..., 2, :]
        t = (x - self.middle) / self.span
        value = offset + slope * t
        jac = np.zeros((*p.shape, x.shape[-1]))
        jac[..., 0, :], jac[..., 1, :] = t, 1.0
        centers = self.centers(p)[..., np.newaxis]
        for k in range(len(self.lines)):
            at = 3 + 3 * k
            width, area = column[..., at + 1, :], column[..., at + 2, :]
            u = (x - centers[..., k, :]) / width
            square = 4.0 * u * u
            below = 1.0 / (1.0 + square)
            lorentz = 2.0 / (np.pi * width) * below
            gauss = _GAUSS / width * np.exp(-_LN2 * square)
            shape = mix * lorentz + (1.0 - mix) * gauss
            by_u = -8.0 * u * (mix * lorentz * below + (1.0 - mix) * _LN2 * gauss)
            value = value + area * shape
            jac[..., 2, :] += area * (lorentz - gauss)
            jac[..., at, :] = -area / width * by_u
            if k:
                jac[..., 3, :] += jac[..., at, :]
            jac[..., at + 1, :] = -area / width * (shape + by_u * u)
            jac[..., at + 2, :] = shape
        return value, np.swapaxes(jac, -1, -2)

    def start_and_bounds(
        self, x: NDArray[np.float64], y: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Starting values and limits from the highest point of the smoothed spectrum."""
        n_smooth = max(3, round(0.02 / np.median(np.diff(x))) | 1)
        padded = np.pad(y, n_smooth // 2, mode="edge")
        smooth = np.convolve(padded, np.full(n_smooth, 1 / n_smooth), mode="valid")
        floor = float(np.quantile(smooth, 0.1))
        top = int(np.argmax(smooth))
        height = max(float(smooth[top]) - floor, 1e-12)
        above = smooth - floor > height / 2
        left = top - int(np.argmin(above[top::-1])) if not above[: top + 1].all() else 0
        right = top + int(np.argmin(above[top:])) if not above[top:].all() else len(x) - 1
        width = float(np.clip(x[right] - x[left], 2 * MIN_WIDTH, MAX_WIDTH / 2))
        scale = float(np.abs(y).max()) + 1e-12
        p = [0.0, floor, 0.5]
        low, high = [-10 * scale, -10 * scale, 0.0], [10 * scale, 10 * scale, 1.0]
        for line in self.lines:
            offset, least, most = OFFSETS[line]
            share = 1.0 if line == "A" else 0.2
            p += [x[top] if line == "A" else offset, width, share * height * width * 1.2]
            low += [x[0] if line == "A" else least, MIN_WIDTH / 2, 0.0]
            high += [x[-1] if line == "A" else most, 2 * MAX_WIDTH, 20 * scale * np.ptp(x)]
        return np.array(p), np.array(low), np.array(high)
