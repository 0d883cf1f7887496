# SPDX-License-Identifier: BSD-3-Clause
"""Finished steps of one state on disk: what a killed run leaves behind is whole, and is used again."""

from __future__ import annotations

import contextlib
import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from strain2dos._files import replacing

if TYPE_CHECKING:
    from strain2dos.simulate.dft._recipe import DFTRecipe
    from strain2dos.simulate.dft._ripple import Ripple

#: What a state's folder holds: the steps, the density, and either aside while it is written.
_OWN = re.compile(
    r"\.?(inputs|relaxed|bands-\d{3,4}|forces-\w+[+-]1|density|positions)(-[0-9a-f]{8})?"
    r"\.(json|npz|npy|gpw)"
)


class Parts:
    """Folder with the finished steps of one state.

    Parameters
    ----------
    folder : Path
        Where the steps lie; made when it is missing.
    recipe : DFTRecipe or Ripple
        Recipe of the run.
    strain : tuple of float
        Strain of the state.

    Raises
    ------
    ValueError
        When the folder holds steps of another strain or another recipe.
    """

    def __init__(self, folder: Path, recipe: DFTRecipe | Ripple, strain: tuple[float, float, float]) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        wanted = {"strain": list(strain), "recipe": recipe.to_dict()}
        found = self.json("inputs", lambda: wanted)
        difference = recipe.difference(found["recipe"])
        if difference is not None:
            key, theirs, ours = difference
            raise ValueError(
                f"{folder} holds steps made with {key} = {theirs}, but this run has {ours}; give another "
                "folder, or remove this one to start afresh."
            )
        if found["strain"] != wanted["strain"]:
            raise ValueError(
                f"{folder} holds steps for the strain {found['strain']}, but the state has "
                f"{wanted['strain']} now; give the state another name, or remove this folder to start afresh."
            )

    def json(self, name: str, compute: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Give a step's result, computed now or read from an earlier run; its time in seconds is kept."""
        path = self.folder / f"{name}.json"
        if not path.exists():
            start = time.perf_counter()
            result = compute()
            with replacing(path) as part:
                part.write_text(json.dumps(result | {"seconds": round(time.perf_counter() - start, 2)}))
        return json.loads(path.read_text(encoding="utf-8"))

    def arrays(self, name: str, compute: Callable[[], dict[str, Any]]) -> dict[str, NDArray[Any]]:
        """Give a step's arrays, computed now or read from an earlier run."""
        path = self.folder / f"{name}.npz"
        if not path.exists():
            start = time.perf_counter()
            result = compute()
            with replacing(path) as part:
                np.savez(part, seconds=time.perf_counter() - start, **result)
        with np.load(path) as stored:
            return {key: stored[key] for key in stored}


def finished_steps(folder: Path) -> int:
    """Count the finished steps in a state's folder; 0 when it does not exist."""
    if not folder.is_dir():
        return 0
    steps = [p for p in folder.iterdir() if p.suffix in (".json", ".npz") and not p.name.startswith(".")]
    return max(len(steps) - 1, 0)  # the inputs are no step


def remove_parts(folder: Path) -> None:
    """Remove the steps of a state; files that are no steps stay, and the folder with them."""
    for path in folder.iterdir():
        if _OWN.fullmatch(path.name) and not path.is_dir():
            path.unlink()
    with contextlib.suppress(OSError):
        folder.rmdir()
