# SPDX-License-Identifier: BSD-3-Clause
"""The files of a Zarr store: in a folder, or at an address that fsspec can open."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from zarr.abc.store import Store


class StoreFiles(Protocol):
    """What is in a store."""

    def names(self) -> list[str]:
        """Variables and groups at its top, those with hidden names left out."""

    def size(self, key: str) -> int | None:
        """Bytes of a file; None where there is none."""

    def store(self) -> Store | Path:
        """What Zarr opens."""


class FolderFiles:
    """A store in a folder."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        """Folders with names that are not hidden."""
        return sorted(part.name for part in self._path.iterdir() if part.is_dir() and part.name[0] != ".")

    def size(self, key: str) -> int | None:
        """Bytes of a file; None where there is none."""
        try:
            return (self._path / key).stat().st_size
        except OSError:
            return None

    def store(self) -> Path:
        """The folder itself."""
        return self._path


class AddressFiles:
    """A store at an address; its objects are listed once.

    Raises
    ------
    ImportError, ValueError
        When fsspec cannot open the address, or lacks a package for it.
    """

    def __init__(self, address: str, storage_options: Mapping[str, Any] | None = None) -> None:
        import fsspec

        self._address, self._options = address, dict(storage_options or {})
        files, root = fsspec.core.url_to_fs(address, **self._options)
        files.invalidate_cache()
        start = len(root.rstrip("/")) + 1
        self._sizes = {
            path[start:]: int(about["size"]) for path, about in files.find(root, detail=True).items()
        }

    def names(self) -> list[str]:
        """First parts of the paths that are not hidden."""
        tops = {key.split("/")[0] for key in self._sizes if "/" in key}
        return sorted(name for name in tops if name[0] != ".")

    def size(self, key: str) -> int | None:
        """Bytes of an object; None where there is none."""
        return self._sizes.get(key)

    def store(self) -> Store:
        """Store for Zarr to read."""
        from zarr.storage import FsspecStore

        return FsspecStore.from_url(self._address, storage_options=self._options or None, read_only=True)
