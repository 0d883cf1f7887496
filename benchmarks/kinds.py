# SPDX-License-Identifier: BSD-3-Clause
"""How right is the fit on each kind of spectrum: bands of defects, foreign lines, doublets, no lines at all?

Run ``python benchmarks/kinds.py``. Simulated with NumPy alone, with other numbers than the tests. For each
kind: share with status OK; bias, pulls and share beyond five standard errors of both centers; share of
doublets; other statuses.
"""

import numpy as np
from scipy.signal import savgol_filter

from strain2dos.raman import FitStatus, RamanFeaturizer

AXIS = np.arange(345.0, 445.0, 0.6)
RNG = np.random.default_rng(11)
N, N_EMPTY = 600, 2000


def line(center, fwhm, height):
    return height / (1 + 4 * ((AXIS - np.asarray(center)[..., None]) / fwhm) ** 2)


def bell(center, fwhm, height):
    return height * np.exp(-4 * np.log(2) * ((AXIS - np.asarray(center)[..., None]) / fwhm) ** 2)


def white(sigma=2.0, n=N):
    return RNG.normal(0, sigma, (n, AXIS.size))


def smoothed(n, points, sigma):
    rows = RNG.normal(0, sigma, (n, AXIS.size + 60))
    return np.array([np.convolve(row, np.ones(points) / points, "same") for row in rows])[
        :, 20 : 20 + AXIS.size
    ]


def colored(power):
    frequency = np.fft.rfftfreq(512)
    amplitude = np.r_[0, frequency[1:] ** -power]
    phases = np.exp(2j * np.pi * RNG.random((N_EMPTY, frequency.size)))
    noise = np.fft.irfft(amplitude * phases, 512)[:, : AXIS.size]
    return 100 + 3 * noise / noise.std()


def report(kind, spectra, e=None, a=None, **options):
    fit = RamanFeaturizer(AXIS, **options).fit(spectra).fit_spectra(spectra)
    ok = fit.status == FitStatus.OK
    words = f"{kind:32s} OK {100 * ok.mean():5.1f} %"
    if e is not None and ok.any():
        for name, truth in (("E'", e), ("A1'", a)):
            j = fit.names.index(f"{name}_center")
            away, sigma = fit.params[:, j] - truth, fit.sigma[:, j]
            beyond = 100 * np.mean(ok & ~(np.abs(away) < 5 * sigma))
            pull = np.std((away / sigma)[ok])
            words += f" | {name} {np.median(away[ok]):+.3f}, pull {pull:.2f}, >5: {beyond:.2f} %"
        words += f" | doublets {100 * np.mean(fit.split_probability > 0.5):.1f} %"
    counts = zip(*np.unique(fit.status[~ok], return_counts=True), strict=True)
    print(words, {FitStatus(code).name: int(n) for code, n in counts}, flush=True)


def counts_on_an_offset(height, background, readout, n=2000):
    """Shot noise, the noise of a readout and the offset of a camera, in whole numbers."""
    rng = np.random.default_rng(3)
    e, a = 384.3 + rng.uniform(-0.8, 0.8, n), 403.2 + rng.uniform(-0.8, 0.8, n)
    clean = line(e, 3, height) + line(a, 5, 1.2 * height) + background
    counts = np.round(rng.poisson(clean) + rng.normal(0, 1, clean.shape) * readout) + 300.0
    report(f"{height} counts over {background}, readout {readout}", counts, e, a)


def broken_backgrounds(n=3000):
    """Steps, of a share of E', and kinks, of a share per cm-1, on the lines and beside them."""
    rng = np.random.default_rng(5)
    for name, shares in (("step", (0.1, 0.2, 0.4)), ("kink", (0.01, 0.03))):
        for share in shares:
            for low, high in ((365, 380), (380, 389), (389, 400), (400, 420)):
                e, a = 384.3 + rng.uniform(-0.8, 0.8, n), 403.2 + rng.uniform(-0.8, 0.8, n)
                beyond = np.maximum(AXIS - rng.uniform(low, high, (n, 1)), 0.0)
                beyond = (beyond > 0) if name == "step" else beyond
                sign = rng.choice([-1, 1], (n, 1))
                clean = line(e, 3.2, 80) + line(a, 5, 100) + 60 + 80 * share * sign * beyond
                report(f"{name} {share}, {low} to {high}", clean + rng.normal(0, 2, clean.shape), e, a)


def without_lines(e, a):
    """Report which of spectra without lines get a result."""
    other = np.arange(340.0, 450.0, 0.95)
    stretched = [np.interp(AXIS, other, row) for row in RNG.normal(0, 3, (N_EMPTY, other.size))]
    phase, period = RNG.uniform(0, 6.3, (N_EMPTY, 1)), RNG.uniform(8, 40, (N_EMPTY, 1))
    walk = np.cumsum(white(0.9, N_EMPTY), axis=1)
    empty = {
        "white": 100 + white(3.0, N_EMPTY),
        "interpolated": 100 + np.array(stretched),
        "Savitzky-Golay 9, 2": 100 + savgol_filter(white(3.0, N_EMPTY), 9, 2),
        "Savitzky-Golay 15, 3": 100 + savgol_filter(white(3.0, N_EMPTY), 15, 3),
        "running mean 5": 100 + smoothed(N_EMPTY, 5, 3.0),
        "running mean 9": 100 + smoothed(N_EMPTY, 9, 3.0),
        "1/f": colored(0.5),
        "1/f2": colored(1.0),
        "drift": 100 + walk + white(1.0, N_EMPTY),
        "sine": 100 + 5 * np.sin(2 * np.pi * AXIS / period + phase) + white(1.0, N_EMPTY),
        "humps": line(e, 15, 100) + line(a, 15, 120) + 50 + white(),
    }
    for kind, spectra in empty.items():
        report(f"no lines: {kind}", spectra)


def main() -> None:
    e, a = 384.3 + RNG.uniform(-0.8, 0.8, N), 403.2 + RNG.uniform(-0.8, 0.8, N)
    plain = line(e, 3, 80) + line(a, 5, 100) + 60
    report("plain", plain + white(), e, a)
    report("counts", RNG.poisson(5 * plain).astype(float), e, a)
    report("counts, noise=poisson", RNG.poisson(5 * plain).astype(float), e, a, noise="poisson")
    signal = plain - 60
    for name, variance in (
        ("shot noise over readout", 0.5 + 0.1 * signal),
        ("flicker of 5 %", 0.5 + (0.05 * signal) ** 2),
    ):
        report(name, signal + white(1.0) * np.sqrt(variance), e, a)
    for height in (15, 30, 60):
        report(f"LO(M) {height}", plain + line(e - 8.4, 15, height) + white(), e, a)
    report("LO(M) 40, ZO(M) 15", plain + line(e - 8.4, 15, 40) + line(a + 8, 8, 15) + white(), e, a)
    broad = line(e, 5.5, 80) + line(a + 2.8, 6, 220) + 60
    report("Gaussian LO(M), 60 %", broad + bell(e - 8.4, 17, 48) + white(3.0), e, a + 2.8)
    for place in (366, 371, 377, 380, 389, 391, 394, 397, 412, 420):
        report(f"plasma line at {place}", plain + line(np.full(N, place), 2.0, 27) + white(), e, a)
    for height in (20, 80, 300):
        sapphire = line(np.full(N, 418.2), 4, height) + line(np.full(N, 378.1), 5, 0.15 * height)
        report(f"sapphire {height}", plain + sapphire + white(), e, a)
    for band in (0, 40):
        for split in (1.5, 2, 3, 5):
            two = line(e - split / 2, 3, 40) + line(e + split / 2, 3, 40) + line(a, 5, 100) + 60
            report(f"doublet {split}, LO(M) {band}", two + line(e - 8.4, 15, band) + white(), e, a)
    two = line(e - 2, 3, 20) + line(e + 2, 3, 60) + line(a, 5, 100) + 60
    report("doublet 4, a quarter below", two + white(), e + 1, a)
    report("Gaussian lines", bell(e, 5, 80) + bell(a, 6, 100) + 60 + white(), e, a, lineshape="auto")
    report("running mean of 3", plain + smoothed(N, 3, 6.0), e, a)
    report("Savitzky-Golay", savgol_filter(plain + white(4.0), 7, 2, axis=1), e, a)
    for points, order in ((11, 3), (15, 3)):
        smoother = savgol_filter(plain + white(6.0), points, order, axis=1)
        report(f"Savitzky-Golay {points}, {order}", smoother, e, a)
    report("Gaussian A1', fitted as Lorentzian", line(e, 3, 80) + bell(a, 5, 100) + 60 + white(), e, a)
    dead = plain + white()
    dead[np.arange(N), np.argmin(np.abs(AXIS - e[:, None]), axis=1) + 2] = 0.0
    report("dead pixel on the flank of E'", dead, e, a)
    report("curved background", plain + 40 * ((AXIS - 395) / 50) ** 2 + white(), e, a)
    report("fringes", plain + 3 * np.sin(2 * np.pi * AXIS / 30 + RNG.uniform(0, 6, (N, 1))) + white(), e, a)
    without_lines(e, a)
    for height in (9, 12, 16):
        report(f"weak lines {height}", (plain - 60) * height / 80 + 100 + white(), e, a)
    for height, background, readout in ((30, 3, 0), (80, 3, 2), (300, 10, 3), (1000, 100, 3), (5000, 500, 3)):
        counts_on_an_offset(height, background, readout)
    broken_backgrounds()


if __name__ == "__main__":
    main()
