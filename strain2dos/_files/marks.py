# SPDX-License-Identifier: BSD-3-Clause
"""The mark of this package in Zarr stores that it wrote, with a checksum of their metadata."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

from strain2dos._files.replacing import replacing

#: Group inside a store that marks it as written by this package, with the checksum of all other metadata:
#: Zarr keeps none. It is no attribute of the root, since xarray copies those into stores that users write.
MARK = ".strain2dos"
_NODE = "zarr.json"
#: What Zarr 3 writes: metadata, chunks under c/ with one folder for each dimension, and either of them aside.
_PARTS = re.compile(
    r"(.*/)?(zarr\.json|zarr\.[0-9a-f]{32}\.partial|c(/\d+)*(\.[0-9a-f]{32}\.partial)?)|\.strain2dos/.*"
)


def is_own_store(path: str | os.PathLike[str]) -> bool:
    """Whether a folder is a Zarr store that this package wrote."""
    path = Path(path)
    if path.is_symlink() or not path.is_dir():
        return False
    return _stated(path) is not None


def mark_store(path: str | os.PathLike[str]) -> None:
    """Write the mark into a store of Zarr format 3, with a checksum of all its metadata.

    Call it again after any change of attributes, shapes or variables; chunks are not part of it.

    Raises
    ------
    ValueError
        When the folder holds no metadata of Zarr 3.
    """
    path = Path(path)
    if not (path / _NODE).is_file():
        raise ValueError(f"{path} holds no {_NODE}, so it is no store of Zarr format 3.")
    attributes = {"written_by": "strain2dos", "metadata_sha256": _digest(path)}
    (path / MARK).mkdir(exist_ok=True)
    with replacing(path / MARK / _NODE) as part:
        part.write_text(json.dumps({"zarr_format": 3, "node_type": "group", "attributes": attributes}))


def check_metadata(path: str | os.PathLike[str]) -> None:
    """Refuse a store of this package whose attributes, shapes or variables are not what was written.

    A store without the mark passes: others wrote it.

    Raises
    ------
    ValueError
        When the metadata do not have the checksum that the mark states.
    """
    path = Path(path)
    if (path / MARK).exists() and _stated(path) != _digest(path):
        raise ValueError(
            f"the metadata of {path} do not have the checksum that strain2dos wrote: it is damaged, or was "
            "changed by other means. Copy it again, or make it again"
        )


def refuse_strangers(path: Path) -> None:
    found = strangers(path)
    if found:
        raise FileExistsError(
            f"{path} holds {found[0]}, which belongs to no Zarr store, so it is not replaced; move that "
            "away, or give another path."
        )
    if _stated(path) != _digest(path):
        raise FileExistsError(
            f"{path} was changed after strain2dos wrote it, so it is not replaced; give another path, or "
            "remove it yourself."
        )


def strangers(path: Path) -> list[str]:
    """Files and links in a folder that belong to no Zarr store, as paths inside it."""
    found = []
    for folder, folders, names in os.walk(path):
        here = Path(folder)
        for name in [*names, *folders]:
            inside = (here / name).relative_to(path).as_posix()
            if (here / name).is_symlink() or (name in names and not _PARTS.fullmatch(inside)):
                found.append(inside)
    return found


def _stated(path: Path) -> str | None:
    """Checksum that the mark of a store states; None without a mark."""
    try:
        return str(json.loads((path / MARK / _NODE).read_bytes())["attributes"]["metadata_sha256"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _digest(path: Path) -> str:
    """SHA-256 of the metadata of every group and array, the mark left out."""
    digest = hashlib.sha256()
    for file in sorted(path.rglob(_NODE)):
        name = file.relative_to(path).as_posix()
        if not name.startswith(f"{MARK}/"):
            content = file.read_bytes()
            digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()
