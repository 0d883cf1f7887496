# SPDX-License-Identifier: BSD-3-Clause
"""The archive behind a saved model: skops' parts, and one part of plain JSON about them."""

from __future__ import annotations

import io
import json
import struct
import zipfile
import zlib
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

_MEMBER = "strain2dos.json"
FORMAT = "strain2dos-model"
FORMAT_VERSION = 1
_PACKAGES = ("strain2dos", "scikit-learn", "torch", "numpy")

# Files name a class by its public place, so private modules may move without breaking saved models.
OWN_TYPES = (
    "strain2dos.raman.ModeSource",
    "strain2dos.raman.RamanFeaturizer",
    "strain2dos.raman.RamanMode",
    "strain2dos.raman.StrainDopingSeparator",
    "strain2dos.dos.BandEdges",
    "strain2dos.dos.ConformalDOSRegressor",
    "strain2dos.dos.DOSRegressor",
    "strain2dos.mapping.SpatialMapper",
)


def versions() -> dict[str, str]:
    """Versions of the packages that a model depends on, as installed here."""
    return {name: version(name) for name in _PACKAGES}


def pack(blob: bytes, header: str) -> bytes:
    """Add the header to a skops archive, compress it, and name own classes by their public place."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(blob)) as source,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as out,
    ):
        out.writestr(_MEMBER, header)
        for name in source.namelist():
            content = source.read(name)
            if name == "schema.json":
                schema = json.loads(content)
                _use_public_names(schema)
                content = json.dumps(schema).encode()
            out.writestr(name, content)
    return packed.getvalue()


def _use_public_names(node: Any) -> None:
    if isinstance(node, list):
        for child in node:
            _use_public_names(child)
    elif isinstance(node, dict):
        module, name = node.get("__module__"), node.get("__class__")
        if isinstance(module, str) and isinstance(name, str):
            for own in OWN_TYPES:
                package, _, public = own.rpartition(".")
                if name == public and module.startswith(package + "._"):
                    node["__module__"] = package
        for child in node.values():
            _use_public_names(child)


# what zipfile raises for bytes that are not a whole archive: zlib.error for a broken stream,
# NotImplementedError and RuntimeError for methods and flags that no model uses, the others for lengths that
# lead nowhere
_UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ValueError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
)


def read(path: Path) -> tuple[bytes, dict[str, Any]]:
    """Bytes of the file, read once so that what was checked is what is loaded, and its metadata."""
    blob = path.read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(blob)) as archive:
            names = archive.namelist()
            broken = archive.testzip()
            metadata = json.loads(archive.read(_MEMBER)) if _MEMBER in names else {}
    except _UNREADABLE as error:
        raise ValueError(
            f"{path} is no strain2dos model, or it is cut short ({error}); its {len(blob)} bytes are not a "
            "whole skops archive. Copy or train it again."
        ) from error
    if broken is not None:
        raise ValueError(
            f"{path} is damaged: its part {broken!r} fails the checksum. Copy or train it again."
        )
    if "schema.json" not in names:
        raise ValueError(
            f"{path} is a zip archive but no strain2dos model: it has no schema.json. Give a file written by "
            "save_model or `strain2dos train`."
        )
    found = metadata.get("format_version", FORMAT_VERSION) if isinstance(metadata, dict) else None
    if not isinstance(found, int):
        raise ValueError(f"{path} is damaged: its format_version reads {found!r}. Train the model again.")
    if found > FORMAT_VERSION:
        raise ValueError(
            f"{path} is written in model format {found}, but strain2dos {versions()['strain2dos']} reads "
            f"formats up to {FORMAT_VERSION}; update strain2dos "
            f"(the file was saved by {metadata.get('versions', {}).get('strain2dos', 'an unknown version')})."
        )
    return blob, metadata


def untrusted(blob: bytes, trusted: Sequence[str], path: Path | None = None) -> list[str]:
    """Names of the types in an archive that neither strain2dos, skops nor the caller vouches for."""
    import skops.io

    try:
        found = skops.io.get_untrusted_types(data=blob)
    except Exception as error:
        raise ValueError(
            f"{path} is damaged or made by other means: its schema cannot be read "
            f"({type(error).__name__}: {error}). Train the model again."
        ) from error
    return sorted(set(found) - set(OWN_TYPES) - set(trusted))
