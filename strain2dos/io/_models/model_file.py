# SPDX-License-Identifier: BSD-3-Clause
"""The archive behind a saved model: skops' parts, and one part of plain JSON about them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from strain2dos._versions import installed_versions
from strain2dos.io._models.archive import SCHEMA, check_arrays, check_content, unpack

FORMAT = "strain2dos-model"
#: Format 1 had no checksum.
FORMAT_VERSION = 2
_PACKAGES = ("strain2dos", "scikit-learn", "torch", "numpy")

# Files name a class by its public place, so private modules may move without breaking saved models.
OWN_TYPES = (
    "strain2dos.RamanPipeline",
    "strain2dos.raman.ModeSource",
    "strain2dos.raman.RamanFeaturizer",
    "strain2dos.raman.RamanMode",
    "strain2dos.raman.StrainDopingSeparator",
    "strain2dos.dos.BandEdges",
    "strain2dos.dos.ConformalDOSRegressor",
    "strain2dos.dos.DOSRegressor",
    "strain2dos.dos.StrainInvariants",
    "strain2dos.dos.metrics.DOSScorer",
    "strain2dos.mapping.SpatialMapper",
)

# What searches and imputers of scikit-learn hold: made of plain values, but not on the list of skops.
_SAFE_TYPES = (
    "numpy.dtype",
    "sklearn.metrics._scorer._PassthroughScorer",
    "sklearn.metrics._scorer._Scorer",
    *(
        f"sklearn.model_selection._split.{name}"
        for name in (
            "GroupKFold", "GroupShuffleSplit", "KFold", "LeaveOneGroupOut", "LeaveOneOut", "LeavePGroupsOut",
            "LeavePOut", "PredefinedSplit", "RepeatedKFold", "ShuffleSplit", "TimeSeriesSplit",
        )
    ),
)  # fmt: skip
TRUSTED_TYPES = (*OWN_TYPES, *_SAFE_TYPES)


def versions() -> dict[str, str]:
    """Versions of the packages that a model depends on, as installed here."""
    return installed_versions(*_PACKAGES)


def parts_of(blob: bytes) -> dict[str, bytes]:
    """Parts of an archive of skops, own classes named by their public place."""
    with zipfile.ZipFile(io.BytesIO(blob)) as source:
        parts = {name: source.read(name) for name in source.namelist()}
    schema = json.loads(parts[SCHEMA])
    _use_public_names(schema)
    return {**parts, SCHEMA: json.dumps(schema).encode()}


def _use_public_names(node: object) -> None:
    if isinstance(node, list):
        for child in node:
            _use_public_names(child)
    elif isinstance(node, dict):
        module, name = node.get("__module__"), node.get("__class__")
        if isinstance(module, str) and isinstance(name, str):
            for own in OWN_TYPES:
                package, _, public = own.rpartition(".")
                # strain2dos.dos._metrics.scorers belongs to strain2dos.dos.metrics
                room = "._".join(package.rsplit(".", 1)) + "."
                if name == public and module.startswith((package + "._", room)):
                    node["__module__"] = package
        for child in node.values():
            _use_public_names(child)


def read(path: Path) -> tuple[bytes, dict[str, Any]]:
    """Bytes for skops, read once so that what was checked is what is loaded, and the metadata."""
    parts, header = unpack(path)
    if header is not None:
        _check_header(path, header)
        check_content(path, parts, header)
    check_arrays(path, parts)
    blob = io.BytesIO()
    with zipfile.ZipFile(blob, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return blob.getvalue(), header or {}


def _check_header(path: Path, header: Any) -> None:
    found = header.get("format_version") if isinstance(header, dict) else None
    if not isinstance(found, int) or isinstance(found, bool):
        raise ValueError(f"{path} is damaged: its format_version reads {found!r}. Train the model again.")
    saved = header.get("versions")
    if not isinstance(saved, dict) or not all(isinstance(number, str) for number in saved.values()):
        raise ValueError(
            f"{path} is damaged: its versions read {saved!r} instead of one number for each package. Train "
            "the model again."
        )
    by, here = saved.get("strain2dos", "an unknown version"), versions()["strain2dos"]
    if found > FORMAT_VERSION:
        raise ValueError(
            f"{path} is written in model format {found}, but strain2dos {here} reads format "
            f"{FORMAT_VERSION}; update strain2dos (the file was saved by {by})."
        )
    if found < FORMAT_VERSION:
        raise ValueError(
            f"{path} is written in model format {found} by strain2dos {by}, which kept no checksum of the "
            f"model; strain2dos {here} reads format {FORMAT_VERSION}. Train the model again."
        )


def untrusted(blob: bytes, trusted: Sequence[str], path: Path | None = None) -> list[str]:
    """Names of the types in an archive that neither strain2dos, skops nor the caller trusts."""
    import skops.io

    try:
        found = skops.io.get_untrusted_types(data=blob)
    except Exception as error:
        raise ValueError(
            f"{path} is damaged or made by other means: its schema cannot be read "
            f"({type(error).__name__}: {error}). Train the model again."
        ) from error
    return sorted(set(found) - set(TRUSTED_TYPES) - set(trusted))
