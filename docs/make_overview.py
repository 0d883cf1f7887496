# SPDX-License-Identifier: BSD-3-Clause
"""Draw the picture of the README and of the first page: `python docs/make_overview.py`."""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from strain2dos import SpatialMapper, raman_pipeline
from strain2dos.datasets import make_raman_dos, make_raman_map
from strain2dos.dos import DOSCurveDisplay
from strain2dos.mapping import MapDisplay
from strain2dos.raman import SpectrumFitDisplay


def main() -> None:
    data = make_raman_dos(640, random_state=0)
    names = np.array(data.name)
    model = raman_pipeline(data.shift, data.energies, noise="poisson", random_state=0)

    def fit(rows):
        return model.fit(
            data.spectra[rows],
            data.dos[rows],
            dosregressor__groups=data.groups[rows],
            dosregressor__edges=data.edge_targets.iloc[rows],
        )

    figure, axes = plt.subplots(1, 3, figsize=(13.5, 4), layout="constrained", dpi=110)
    shown = int(np.flatnonzero(names == "zz+2")[0])
    fitted = fit(names != "zz+2")
    SpectrumFitDisplay.from_estimator(fitted[0], data.spectra[shown], ax=axes[0])
    curve = fitted.predict(data.spectra[[shown]])[0]
    DOSCurveDisplay.from_predictions(data.energies, curve, dos_true=data.dos[shown], ax=axes[1])
    axes[1].set(xlim=(-8, -3), title="DOS of a strain state not trained on")
    axes[0].set_title("Raman spectrum, 2 % uniaxial")
    flake = make_raman_map((64, 64), step=0.25, random_state=1)
    result = SpatialMapper(fit(slice(None)), quantities=("gap",)).predict_map(flake.intensity)
    MapDisplay.from_dataset(result, "gap", ax=axes[2])
    axes[2].set_title("", loc="left")
    axes[2].set_title("Band gap of a wrinkled flake (hatched: no flake, dead pixels)", fontsize="medium")
    figure.savefig(Path(__file__).parent / "_static" / "overview.png")


if __name__ == "__main__":
    main()
