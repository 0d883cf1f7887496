# SPDX-License-Identifier: BSD-3-Clause
"""Draw the picture of the README and of the first page: `python docs/make_overview.py`."""

from pathlib import Path

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np

from strain2dos import map_flake, raman_pipeline
from strain2dos.datasets import make_raman_dos, make_raman_map
from strain2dos.dos import DOSCurveDisplay
from strain2dos.mapping import MapDisplay
from strain2dos.raman import SpectrumFitDisplay

LEFT_OUT = "zz+2"


def train(data):
    """Train the recommended pipeline on all strain states but one."""
    model = raman_pipeline(data.shift, data.energies, noise="poisson", random_state=0)
    fitted = np.isfinite(model[0].fit_transform(data.spectra)).all(axis=1)
    rows = fitted & (np.array(data.name) != LEFT_OUT)
    return model.fit(
        data.spectra[rows],
        data.dos[rows],
        dosregressor__groups=data.groups[rows],
        dosregressor__edges=data.edge_targets.iloc[rows],
    )


def main() -> None:
    mpl.rcParams["font.size"] = 11
    data = make_raman_dos(244, random_state=0)
    shown = data.name.index(LEFT_OUT)
    model = train(data)
    flake = map_flake(make_raman_map((64, 64), step=0.25, random_state=1).intensity)

    figure = plt.figure(figsize=(11.5, 7.0), layout="constrained", dpi=120)
    axes = figure.subplot_mosaic(
        [["spectrum"] * 3 + ["dos"] * 3, ["strain"] * 2 + ["gap"] * 2 + ["error"] * 2]
    )
    SpectrumFitDisplay.from_estimator(model[0], data.spectra[shown], ax=axes["spectrum"])
    axes["spectrum"].set_title("A (simulated) Raman spectrum, 2 % uniaxial strain")
    curve = model.predict(data.spectra[[shown]])[0]
    DOSCurveDisplay.from_predictions(data.energies, curve, dos_true=data.dos[shown], ax=axes["dos"])
    axes["dos"].set(xlim=(-8, -3), title="Its density of states, not trained on")
    MapDisplay.from_dataset(flake, "strain", ax=axes["strain"])
    MapDisplay.beside_error(flake, "gap", axes=[axes["gap"], axes["error"]])
    titles = {"strain": "Strain of a simulated flake", "gap": "Its band gap", "error": "Error of the gap"}
    for name, title in titles.items():
        axes[name].set_title("", loc="left")
        axes[name].set_title(title)
        legend = axes[name].get_legend()  # counts of masked pixels, too small to read here
        if legend is not None:
            legend.remove()
    figure.savefig(Path(__file__).parent / "_static" / "overview.png")


if __name__ == "__main__":
    main()
