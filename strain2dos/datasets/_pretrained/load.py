# SPDX-License-Identifier: BSD-3-Clause
"""The models that come with the package, as pipelines that take spectra."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from strain2dos._raman_pipeline import RamanPipeline, raman_pipeline
from strain2dos.datasets._bundled.dft import bundled_materials
from strain2dos.datasets._bundled.resources import data_path
from strain2dos.datasets._raman.dos import default_shift
from strain2dos.io import load_model
from strain2dos.raman._materials.lookup import material_modes

#: Layers with a bundled model.
MATERIALS = ("MoS2", "WS2", "MoSe2")
FOLDER = "pretrained"


def load_pretrained(material: str = "MoS2", *, modes: str = "auto") -> RamanPipeline:
    """Load the trained model of a material that comes with the package.

    It was trained on the positions that the lines of the bundled first-principles strain states have
    (`load_dft`), doping included, and learned curves, valleys and band edges. Its gaps are those of PBE.
    Featurizers learn nothing but their axis, so `strain2dos.mapping.recalibrate` sets it to that of any
    spectra; `strain2dos.map_flake` does so by itself.

    Lines of MoS2 move with strain and doping as measured. Of the others not all rates are measured: their
    lines move with strain as calculated, doping moves A1' by what it does in MoS2 at most, and E' is taken to
    stay.

    Parameters
    ----------
    material : {"MoS2", "WS2", "MoSe2"}, default="MoS2"
        The layer.
    modes : {"auto", "all"}, default="auto"
        "auto": fit the lines that the model takes, E' and A1'; "all": the optional ones too, as the 2LA band
        of WS2 under 514 and 532 nm, beside E', makes necessary.

    Returns
    -------
    RamanPipeline
        Steps "ramanfeaturizer" and "dosregressor" as `raman_pipeline` makes them, fitted.

    Raises
    ------
    ValueError
        For a material without a bundled model; the message names the ways out.

    See Also
    --------
    strain2dos.map_flake : Map a flake with it in one call.
    pretrained_merit : Its figures of merit.

    Examples
    --------
    >>> from strain2dos import load_pretrained
    >>> model = load_pretrained("MoS2")
    >>> positions = [
    ...     [384.6, 384.6, 384.6, 402.7],
    ...     [380.29, 380.29, 380.29, 400.2],
    ... ]  # 0 and 1 % of strain
    >>> model[1].predict_edges(positions).gap.round(2)
    array([1.58, 1.4 ])
    """
    return load_with_merit(material, modes)[0]


def load_with_merit(material: str, modes: str = "auto") -> tuple[RamanPipeline, dict[str, Any]]:
    """Load the bundled model of a material together with its figures of merit."""
    if modes not in ("auto", "all"):
        raise ValueError(f'modes must be "auto" or "all", but is {modes!r}.')
    merit = pretrained_merit(material)
    if "E'" not in {mode.name for mode in material_modes(material)}:
        # it is an optional line of MoSe2, weak, and the only one
        modes = "all"
    with warnings.catch_warnings():
        # a regressor consists of plain arrays, and checks the form of them itself
        warnings.filterwarnings("ignore", ".*was saved with", UserWarning)
        regressor = load_model(_path(material))
    shift = default_shift(material)
    pipeline = raman_pipeline(shift, regressor.energies_, material=material, modes=modes)
    featurizer = pipeline[0].fit(np.ones((1, shift.size)))
    names = [str(name) for name in featurizer.get_feature_names_out()]
    if names != merit["features"]:
        raise ValueError(
            f"the bundled model takes the features {merit['features']}, but the featurizer of this version "
            f"gives {names}; rebuild it by `python data/build_pretrained.py`."
        )
    steps = [(pipeline.steps[0][0], featurizer), (pipeline.steps[1][0], regressor)]
    return RamanPipeline(steps), merit


def pretrained_merit(material: str = "MoS2") -> dict[str, Any]:
    """Figures of merit and origin of a model that comes with the package.

    Parameters
    ----------
    material : str, default="MoS2"
        The layer.

    Returns
    -------
    dict
        "held_out", errors for strain states that were left out; "features", "functional", "sha256" of the
        file, and checksums of the records that it was trained on.

    Examples
    --------
    >>> from strain2dos.datasets import pretrained_merit
    >>> pretrained_merit("MoS2")["functional"]
    'PBE'
    """
    try:
        path = _path(material, "json")
    except FileNotFoundError:
        raise ValueError(_words(material)) from None
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if found["material"] != material:
        raise ValueError(f"material must be {found['material']!r}, but is {material!r}.")
    return found


def _words(material: str) -> str:
    """Ways out where there is no bundled model."""
    there = f"no model for {material!r} comes with the package"
    if material in bundled_materials():
        there += ", though its first-principles records do (load_dft)"
    return (
        f"{there}; {', '.join(MATERIALS)} have one. Train one on records of the material (raman_pipeline; "
        '`strain2dos dft run` makes records) as the page "My own DFT, or my own material" of the guide does, '
        "and give it as model=. Strain and doping alone need no model: from Python, StrainDopingSeparator "
        "gives them, with rates of your own where the table has none."
    )


def _path(material: str, suffix: str = "skops") -> Path:
    return data_path(FOLDER, f"{material.lower()}.{suffix}")
