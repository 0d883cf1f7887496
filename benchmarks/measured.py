# SPDX-License-Identifier: BSD-3-Clause
"""How right is the fit on spectra that others measured? Wafers, repeats, a monolayer; and how fast.

Run ``python benchmarks/measured.py``. The files may not be redistributed: they are read from the folder that
STRAIN2DOS_REFERENCE names (``../shared/reference`` by default). Limits of the fit were chosen on wafer 4 and
on simulated spectra; wafer 5, the monolayer and the repeats check them. Two further wafers, which nobody had
looked at before, are in ``examples/wafers_NEW.maps`` of SPECTROview: give that file as argument. One thread.

Two lines fitted by ramansep and, where it is installed (see ``fit_speed.py``), by SPECTROview stand beside.
"""

import io
import os
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from fit_speed import optional, with_ramansep, with_spectroview
from scipy.optimize import curve_fit
from threadpoolctl import threadpool_limits

from strain2dos.io import read_raman
from strain2dos.raman import FitStatus, RamanFeaturizer, RamanMode

FOLDER = (
    Path(os.environ.get("STRAIN2DOS_REFERENCE", Path(__file__).parents[2] / "shared" / "reference")) / "raman"
)
SILICON = RamanMode("Si", 520.7, (505.0, 540.0), 4.0, margin=25.0)
SHAPES = ("auto", "lorentzian", "gaussian", "pseudo_voigt", "voigt", "fano")


def wafer(number: int) -> tuple[np.ndarray, np.ndarray, pd.DataFrame]:
    """Axis, counts (49, n_shift) and the owners' four-line fits, on the axis as written."""
    table = pd.read_csv(FOLDER / "real" / f"wafer{number}.csv", sep=";").dropna(axis=1, how="all")
    axis = np.array([float(name) for name in table.columns[2:]])
    return (
        axis,
        table.iloc[:, 2:].to_numpy(float),
        pd.read_csv(FOLDER / "real" / f"wafer{number}_owner_fits.csv"),
    )


def further_wafers(workspace: str) -> Iterator[tuple[str, np.ndarray, np.ndarray, np.ndarray]]:
    """Name, axis, counts and the owners' E' of the wafers in a workspace that the folder lacks."""
    with zipfile.ZipFile(workspace) as file:
        for name in ("wafer6_process3", "wafer7_process2"):
            axis, counts, fits = (
                np.load(io.BytesIO(file.read(f"arrays/store_{name}_{key}.npy")))
                for key in ("x0", "y0", "peak_params")
            )
            inside = (axis > 310) & (axis < 560)  # like the others
            yield name.split("_")[0], axis[inside], counts[:, inside].astype(float), fits[:, 2]


def column(fit, name: str) -> tuple[np.ndarray, np.ndarray]:
    j = fit.names.index(name)
    return fit.params[:, j], fit.sigma[:, j]


def compare_wafer(name: str, axis: np.ndarray, counts: np.ndarray, owner: np.ndarray) -> None:
    """Deviation from the owners' E', both on the axis that the silicon line of each site corrects."""
    fit = RamanFeaturizer(axis, reference="Si", n_jobs=1).fit(counts).fit_spectra(counts)
    silicon = RamanFeaturizer(axis, modes=[SILICON], n_jobs=1).fit(counts).fit_spectra(counts)
    offset = column(silicon, "Si_center")[0] - SILICON.position
    center, sigma = column(fit, "E'_center")
    away = center - (owner - offset)
    ok = fit.status == FitStatus.OK
    pull = away[ok] / np.hypot(sigma[ok], 0.1)  # the owners state no errors; theirs are about 0.1
    failed = [FitStatus(code).name for code in fit.status[~ok]]
    print(f"{name}: {ok.sum()} of {ok.size} OK {failed}; E' - owners' median "
          f"{np.median(away[ok]):+.2f}, largest {np.abs(away[ok]).max():.2f} cm-1; "
          f"pull median {np.median(np.abs(pull)):.2f}, "
          f"rms {np.sqrt(np.mean(pull**2)):.2f}; sigma {np.median(sigma[ok]):.2f}; "
          f"doublets {np.sum(fit.split_probability > 0.5)}")  # fmt: skip


def monolayer() -> None:
    """An independent weighted fit of four lines gives E' 384.25 +- 0.15 on the axis as written."""
    shift, counts = np.loadtxt(FOLDER / "spectrum1_1ML.txt").T
    modes = ["E'", "A1'", "LO(M)"]
    fit = RamanFeaturizer(shift, modes=modes).fit(counts[None]).fit_spectra(counts[None])
    words = [f"{name} {column(fit, name)[0][0]:.2f} +- {column(fit, name)[1][0]:.2f}" for name in
             ("E'_center", "E'_fwhm", "A1'_center", "LO(M)_center", "LO(M)_fwhm")]  # fmt: skip
    print("monolayer:", FitStatus(fit.status[0]).name, "; ".join(words))


def repeats() -> None:
    """The same silicon spectrum 50 times: stated error over the scatter of the center."""
    cube = read_raman(FOLDER / "real" / "si_static_repeatability.wdf")
    shift, spectra = cube["shift"].values, cube.values.reshape(-1, cube.sizes["shift"])
    for noise in ("auto", "gaussian", "poisson"):
        ratios = []
        for lineshape in SHAPES:
            featurizer = RamanFeaturizer(shift, modes=[SILICON], lineshape=lineshape, noise=noise)
            fit = featurizer.fit(spectra).fit_spectra(spectra)
            center, sigma = column(fit, "Si_center")
            ratios.append(f"{lineshape} {sigma.mean() / center.std(ddof=1):.2f}")
        print(f"repeats, noise={noise!r}: stated error over scatter:", ", ".join(ratios))


def two_lines(x, c1, c2, w1, w2, h1, h2, level, slope):
    first, second = h1 / (1 + ((x - c1) / w1) ** 2), h2 / (1 + ((x - c2) / w2) ** 2)
    return first + second + level + slope * (x - 403)


def speed(number: int) -> None:
    """Spectra per second with defaults, and over SciPy's two-line fit of the same spectra in the same run."""
    axis, counts, _ = wafer(number)
    many = np.tile(counts, (20, 1))
    featurizer = RamanFeaturizer(axis, n_jobs=1).fit(counts)
    featurizer.transform(counts)
    begin = time.perf_counter()
    featurizer.transform(many)
    ours = (time.perf_counter() - begin) / len(many)
    inside = (axis > 370) & (axis < 437)
    begin = time.perf_counter()
    for row in counts[:, inside]:
        start = [392.6, 414.8, 2.5, 3.0, np.ptp(row) / 3, np.ptp(row), row.min(), 0.0]
        curve_fit(two_lines, axis[inside], row, start, maxfev=5000)
    theirs = (time.perf_counter() - begin) / len(counts)
    print(
        f"speed on wafer {number}: {1 / ours:.0f} spectra/s, {theirs / ours:.0f} x SciPy's two-line curve_fit"
    )


def peers(number: int) -> None:
    """E' of the peers' two lines against the owners' four, all on the axis as written, and their speed."""
    axis, counts, owner = wafer(number)
    inside = (axis > 370) & (axis < 437)
    x, many = axis[inside], np.tile(counts[:, inside], (20, 1))
    with threadpool_limits(1):
        for name, fit in optional({"ramansep": with_ramansep, "SPECTROview": with_spectroview}).items():
            begin = time.perf_counter()
            found = fit(x, many, (392.6, 414.8))[: len(counts), 0]
            speed = len(many) / (time.perf_counter() - begin)
            away = found - owner["E_center"].to_numpy()
            print(
                f"wafer{number}, two lines of {name}: E' - owners' median {np.nanmedian(away):+.2f}, largest "
                f"{np.nanmax(np.abs(away)):.2f} cm-1; {np.isfinite(away).sum()} fitted; {speed:.0f} spectra/s"
            )


def main() -> None:
    for number in (4, 5):
        axis, counts, owner = wafer(number)
        compare_wafer(f"wafer{number}", axis, counts, owner["E_center"].to_numpy())
    for further in further_wafers(sys.argv[1]) if len(sys.argv) > 1 else ():
        compare_wafer(*further)
    monolayer()
    repeats()
    for number in (4, 5):
        speed(number)
        peers(number)


if __name__ == "__main__":
    main()
