# SPDX-License-Identifier: BSD-3-Clause
"""Variables of a map whose numbers stand for words, such as the valleys of the band edges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos.mapping._places import Places
from strain2dos.report._thin import packed

_LABELS = {"edge_valleys": "band edges"}
_LEFT_OUT = ("status", "domain_reason")


@dataclass(frozen=True)
class Flag:
    """Words of each pixel.

    Attributes
    ----------
    label : str
    words : tuple of str
    codes : (n,) ndarray of int
        Which of the words; 255 for none.
    """

    label: str
    words: tuple[str, ...]
    codes: NDArray[np.uint8]

    def packed(self) -> dict[str, Any]:
        """As the script of a page reads it."""
        return {"label": self.label, "words": list(self.words), "codes": packed(self.codes, "<u1")}

    def counts(self) -> dict[str, int]:
        """Pixels by word."""
        found = {word: int((self.codes == code).sum()) for code, word in enumerate(self.words)}
        return {word: count for word, count in found.items() if count}


def flags_of(dataset: xr.Dataset, places: Places) -> list[Flag]:
    """Find the variables over the pixels that have ``flag_values`` and ``flag_meanings`` (CF conventions)."""
    found = []
    for name, values in dataset.data_vars.items():
        meanings = str(values.attrs.get("flag_meanings", "")).split()
        numbers = np.atleast_1d(values.attrs.get("flag_values", []))
        if name in _LEFT_OUT or len(meanings) != len(numbers) or not meanings:
            continue
        if set(values.dims) != set(places.dims):
            continue
        flat = values.transpose(*places.dims).values.ravel()
        codes = np.full(flat.size, 255, dtype=np.uint8)
        for code, number in enumerate(numbers):
            codes[flat == number] = code
        words = tuple(_valleys(meaning) if name == "edge_valleys" else meaning for meaning in meanings)
        label = _LABELS.get(str(name), str(values.attrs.get("long_name", name)))
        found.append(Flag(label, words, codes))
    return found


def _valleys(meaning: str) -> str:
    """Valleys of valence and conduction band in words: "K_Q" becomes "K to Q, indirect"."""
    valence, _, conduction = meaning.partition("_")
    kind = "direct" if valence == conduction else "indirect"
    greek = {"G": "\u0393"}
    return f"{greek.get(valence, valence)} to {greek.get(conduction, conduction)}, {kind}"
