# SPDX-License-Identifier: BSD-3-Clause
"""Draw docs/_static/measured_fits.png: fits of spectra that other groups measured.

python docs/make_measured.py, with the folder of their files in STRAIN2DOS_REFERENCE. The files belong to
others and are not part of the package.
"""

import sys
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from strain2dos.raman import RamanFeaturizer, SpectrumFitDisplay

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "benchmarks"))


def draw(axes: Axes, title: str, featurizer: RamanFeaturizer, spectrum: np.ndarray) -> None:
    """One spectrum with its lines; the centers of E' and A1' in the legend."""
    SpectrumFitDisplay.from_estimator(featurizer, spectrum, ax=axes)
    axes.set_title(title, fontsize="medium", loc="left")
    axes.set_xlabel("Raman shift as written (cm$^{-1}$)")


def main() -> Figure:
    """Two sites of wafers, where the band of defects is high, and a monolayer on silicon."""
    import measured
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(14.0, 4.4), layout="constrained")
    for ax, number, site in zip(axes, (4, 5), (24, 24), strict=False):
        shift, counts, _ = measured.wafer(number)
        featurizer = RamanFeaturizer(shift, reference="Si").fit(counts)
        draw(ax, f"Wafer {number}, site {site + 1}", featurizer, counts[site])
    shift, counts = np.loadtxt(measured.FOLDER / "spectrum1_1ML.txt").T
    modes = ["E'", "A1'", "LO(M)"]
    draw(axes[2], "Monolayer", RamanFeaturizer(shift, modes=modes).fit(counts[None]), counts)
    return figure


if __name__ == "__main__":
    mpl.use("Agg")
    main().savefig(HERE / "_static" / "measured_fits.png", dpi=110)
