# SPDX-License-Identifier: BSD-3-Clause
"""How far a map can be trusted, in words: pixels without a result or outside, and what is likely wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos.mapping._pixels.status import FIT_CODES, PixelStatus
from strain2dos.raman._fitting.status import FitStatus
from strain2dos.raman._strain.plausibility import LineReason

# From this share of the pixels on, the map as a whole is doubted rather than some of its pixels.
NEARLY_ALL = 0.8
# Fewer results than this share: nothing was measured that resembles the training set.
_HARDLY_ANY = 0.01

_CAUSES = {
    LineReason.LAYERS: (
        "Is it more than one layer? The lines stand as far apart as those of several. Where it is one, "
        "calibrate them by unstrained positions (unstrained)."
    ),
    LineReason.MATERIAL: (
        "Is this {material}? Is the axis right (reference, unstrained)? The lines stand where one "
        "layer of it never has them."
    ),
    LineReason.CALIBRATION: (
        "Is the axis right, and in cm-1 rather than nm? Both lines are moved alike; calibrate it by "
        "silicon (reference) or by unstrained positions (unstrained)."
    ),
    LineReason.DOPING: (
        "Is the axis right (reference, unstrained), is this {material}? The lines read as more doping "
        "than is known."
    ),
    LineReason.STRAIN: (
        "Is the axis right (reference, unstrained), is this {material}? The lines read as more strain "
        "than is known."
    ),
    LineReason.TRAINING: "Is this {material}, one layer, on an axis in cm-1? No training state is like it.",
}
_NO_LINES = (
    "Is this {material}? Is the axis in cm-1 rather than nm, and does it cover the lines? Was the exposure "
    "long enough?"
)
_FIT_CAUSES = {
    FitStatus.TOO_FEW_POINTS: (
        "Hardly any point of the axis lies on the lines: is this photoluminescence (pl) rather than "
        "Raman spectra of {material}, or an axis in nm?"
    ),
    FitStatus.AT_EDGE: "Does the axis cover the lines of {material}, and is it in cm-1 rather than nm?",
    FitStatus.UNEXPLAINED_LINE: "Is this {material}? A strong line is not among those of it.",
    FitStatus.SATURATED: "Measure with less laser power or a shorter exposure.",
    FitStatus.NO_REFERENCE: (
        "Does the axis cover the reference line, and is there silicon below the flake? Leave reference out "
        "to take the axis as it is."
    ),
    FitStatus.NOT_COUNTS: "Values below zero are no counts: was a background subtracted?",
}


@dataclass(frozen=True)
class PixelCounts:
    """Pixels of a map by what they are worth.

    Attributes
    ----------
    total : int
    without : mapping of str to int
        Pixels without a result, by reason in words, the most frequent first.
    outside : mapping of str to int
        Pixels with a result outside the training domain, likewise.
    noun : str
        "pixels" of a map, "spectra" of a line scan or of sites.
    """

    total: int
    without: Mapping[str, int]
    outside: Mapping[str, int]
    noun: str = "pixels"

    @property
    def n_without(self) -> int:
        """Pixels without a result."""
        return sum(self.without.values())

    @property
    def n_outside(self) -> int:
        """Pixels with a result, outside the training domain."""
        return sum(self.outside.values())

    def without_words(self, *, brief: bool = False) -> str:
        """For example "504 of 900 pixels without a result: 500 a line is lost in the noise, 4 ..."."""
        return self._words(self.without, "no result" if brief else "without a result", brief=brief)

    def outside_words(self, *, brief: bool = False) -> str:
        """For example "36 of 900 pixels outside the training domain: 30 more than one layer?, 6 ..."."""
        return self._words(self.outside, "outside" if brief else "outside the training domain", brief=brief)

    def _words(self, counts: Mapping[str, int], what: str, *, brief: bool) -> str:
        if not counts:
            return ""
        reasons = ", ".join(f"{count} {words}" for words, count in counts.items() if words)
        of = "" if brief else f"of {self.total} {self.noun} "
        head = f"{sum(counts.values())} {of}{what}"
        return f"{head}: {reasons}" if reasons else head


def outside_pixels(dataset: xr.Dataset) -> xr.DataArray | None:
    """Whether each pixel with a result lies outside the training domain; None if unknown.

    A pixel with a good status and without a score counts as outside: it may lie anywhere.
    """
    if "domain_score" not in dataset:
        return None
    score = dataset["domain_score"]
    return ~(score <= 1) & (dataset["status"] == 0) if "status" in dataset else score > 1


def count_pixels(dataset: xr.Dataset, name: str = "gap") -> PixelCounts:
    """Count the pixels without a result and those outside the training domain, by reason.

    Parameters
    ----------
    dataset : Dataset
        A map, line scan or sites, with `status` or the variable `name`.
    name : str, default="gap"
        The quantity whose NaN count as pixels without a result where their status is good.

    Examples
    --------
    >>> import xarray as xr
    >>> from strain2dos.mapping._quality import count_pixels
    >>> flake = xr.Dataset({"status": (("y", "x"), [[107, 107, 0], [105, 0, 0]])})
    >>> count_pixels(flake).without_words()
    '3 of 6 pixels without a result: 2 a line is lost in the noise, 1 the detector clipped a line'
    """
    known = "status" in dataset
    reference = dataset["status"] if known else dataset[name]
    codes = np.asarray(dataset["status"].values).ravel() if known else np.zeros(reference.size, int)
    without: dict[str, int] = {}
    for code in np.unique(codes[codes != 0]):
        words = _status_words(int(code))
        without[words] = without.get(words, 0) + int((codes == code).sum())
    if name in dataset and dataset[name].dims == reference.dims:
        empty = int((np.isnan(dataset[name].values.ravel()) & (codes == 0)).sum())
        if empty:
            without[f"no {name}" if known else ""] = empty
    noun = "pixels" if min(reference.sizes.values(), default=1) > 1 and reference.ndim > 1 else "spectra"
    return PixelCounts(reference.size, _sorted(without), _sorted(_outside_counts(dataset)), noun)


def refusal(dataset: xr.Dataset, name: str = "gap") -> str | None:
    """Reason not to use a map as a whole, with the likely cause; None where it can be used.

    Parameters
    ----------
    dataset : Dataset
        As for `count_pixels`.
    name : str, default="gap"

    Returns
    -------
    str or None
        A sentence where hardly any pixel has a result, or nearly all of those lie outside.

    Examples
    --------
    >>> import xarray as xr
    >>> from strain2dos.mapping._quality import refusal
    >>> score = xr.DataArray([[1.4, 1.5], [1.6, 1.2]], dims=("y", "x"))
    >>> layers = xr.DataArray([[1.0, 1.0], [1.0, 1.0]], dims=("y", "x"))
    >>> print(
    ...     refusal(
    ...         xr.Dataset({"gap": score, "domain_score": score, "domain_reason": layers})
    ...     )
    ... )
    All 4 pixels with a result lie outside the training domain: do not use these gaps. Is it more than one
    layer? The lines stand as far apart as those of several. Where it is one, calibrate them by unstrained
    positions (unstrained).
    """
    counts = count_pixels(dataset, name)
    material = str(dataset.attrs.get("material", "MoS2"))
    results = counts.total - counts.n_without
    if counts.total and results <= _HARDLY_ANY * counts.total:
        some = f"Only {results}" if results else "None"
        head = f"{some} of the {counts.total} {counts.noun} has a result"
        words = ", ".join(f"{n} {reason}" for reason, n in counts.without.items() if reason)
        return f"{head}{f': {words}' if words else ''}. {_cause_without(dataset).format(material=material)}"
    if not results or counts.n_outside < NEARLY_ALL * results:
        return None
    many = f"All {results}" if counts.n_outside == results else f"{counts.n_outside} of the {results}"
    where = "outside the training domain: do not use"
    if counts.total == 1:
        return f"The spectrum lies {where} its gap. {_cause_outside(dataset).format(material=material)}"
    return f"{many} {counts.noun} with a result lie {where} these gaps. " + _cause_outside(dataset).format(
        material=material
    )


def reason_words(dataset: xr.Dataset) -> NDArray[np.str_]:
    """Words for each pixel: why it has no result, or why it lies outside; empty where all is well."""
    reference = dataset["status"] if "status" in dataset else dataset["domain_score"]
    words = np.full(reference.size, "", dtype=object)
    if "status" in dataset:
        codes = np.asarray(dataset["status"].values).ravel()
        for code in np.unique(codes[codes != 0]):
            words[codes == code] = _status_words(int(code))
    outside = outside_pixels(dataset)
    if outside is not None:
        pixels = np.flatnonzero(outside.transpose(*reference.dims).values)
        codes = _reasons_outside(dataset.transpose(*reference.dims, ...))
        for code in np.unique(codes):
            words[pixels[codes == code]] = f"outside: {LineReason(int(code)).words}"
    return words.astype(str).reshape(reference.shape)


def _status_words(code: int) -> str:
    try:
        return PixelStatus(code).words
    except ValueError:
        return f"status {code}"


def _reasons_outside(dataset: xr.Dataset) -> NDArray[np.int64]:
    """Code of the reason of each pixel outside the domain; the training set where the map names none."""
    outside = outside_pixels(dataset)
    if outside is None:
        return np.empty(0, dtype=np.int64)
    if "domain_reason" not in dataset:
        return np.full(int(outside.sum()), int(LineReason.TRAINING))
    reasons = dataset["domain_reason"].transpose(*outside.dims).values[outside.values]
    codes = np.nan_to_num(reasons).astype(np.int64)
    return np.where(codes > 0, codes, int(LineReason.TRAINING))


def _outside_counts(dataset: xr.Dataset) -> dict[str, int]:
    codes, counts = np.unique(_reasons_outside(dataset), return_counts=True)
    return {LineReason(int(code)).words: int(n) for code, n in zip(codes, counts, strict=True)}


def _cause_outside(dataset: xr.Dataset) -> str:
    codes, counts = np.unique(_reasons_outside(dataset), return_counts=True)
    return _CAUSES.get(LineReason(int(codes[counts.argmax()])), _CAUSES[LineReason.TRAINING])


def _cause_without(dataset: xr.Dataset) -> str:
    """What the most frequent status suggests."""
    if "status" not in dataset:
        return _NO_LINES
    codes = np.asarray(dataset["status"].values).ravel()
    found, counts = np.unique(codes[codes != 0], return_counts=True)
    code = int(found[counts.argmax()]) if found.size else 0
    if FIT_CODES < code < PixelStatus.NOT_COMPUTED:
        return _FIT_CAUSES.get(FitStatus(code - FIT_CODES), _NO_LINES)
    return _NO_LINES


def _sorted(counts: dict[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])))
