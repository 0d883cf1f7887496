# SPDX-License-Identifier: BSD-3-Clause
"""Where a store lies: a folder of this machine, or an address that fsspec can open."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from zarr.abc.store import Store

from strain2dos._files import (
    is_url,
    locked,
    remove_leftovers,
    remove_partials,
    replacing_store,
    sync_paths,
    write_batch,
)


class Place(Protocol):
    """A place for one store."""

    name: str

    def store(self) -> Store:
        """Store for Zarr to read."""

    def read(self, key: str) -> bytes | None:
        """Content of a file; None where there is none."""

    def write(self, files: Mapping[str, bytes]) -> list[Path]:
        """Write files in their order, each whole or not at all; give what `sync` is to wait for."""

    def sync(self, written: list[Path]) -> None:
        """Wait until what was written is safe."""

    def is_vacant(self) -> bool:
        """Whether there is nothing, so that a store may be laid out."""

    def is_begun(self, files: Mapping[str, bytes]) -> bool:
        """Whether there is nothing but some of ``files``, left by a run that was killed."""

    def lay_out(self, files: Mapping[str, bytes]) -> None:
        """Make the store with its first files."""

    def writing(self) -> AbstractContextManager[None]:
        """Keep other writers off, and remove what a killed run left."""


def place_of(path: str | os.PathLike[str], storage_options: Mapping[str, Any] | None = None) -> Place:
    """Take a path or an address; ``file://`` and ``local://`` are paths."""
    text = os.fspath(path)
    if not is_url(text):
        if storage_options:
            raise ValueError(f"storage_options belong to an address such as s3://..., but path is {text}.")
        return Folder(Path(path))
    if isinstance(path, Path):
        raise ValueError(
            f"path is the address {text} in a pathlib.Path, which makes one slash of two; pass it as a str."
        )
    scheme, _, rest = text.partition("://")
    if scheme in ("file", "local"):
        return Folder(Path(rest))
    return Remote(text, dict(storage_options or {}))


class Folder:
    """A folder: laid out aside and renamed into place, files replaced whole, one writer at a time."""

    def __init__(self, path: Path) -> None:
        self.name = str(path)
        self._path = Path(os.path.realpath(path))

    def store(self) -> Store:
        """Store for Zarr to read."""
        from zarr.storage import LocalStore

        return LocalStore(self._path, read_only=True)

    def read(self, key: str) -> bytes | None:
        """Content of a file; None where there is none."""
        try:
            return (self._path / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            return None

    def write(self, files: Mapping[str, bytes]) -> list[Path]:
        """Write files in their order."""
        return write_batch(self._path, files)

    def sync(self, written: list[Path]) -> None:
        """Wait for the disk."""
        sync_paths(written)

    def is_vacant(self) -> bool:
        """Whether nothing stands there but perhaps an empty folder."""
        if self._path.is_dir():
            return not any(self._path.iterdir())
        return not os.path.lexists(self._path)

    def is_begun(self, files: Mapping[str, bytes]) -> bool:
        """Never: a store is renamed into place with all its first files."""
        return False

    def lay_out(self, files: Mapping[str, bytes]) -> None:
        """Make the store aside and rename it."""
        with replacing_store(self._path) as part:
            part.mkdir()
            write_batch(part, files)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Lock the store; nothing that a killed process left is in it afterwards."""
        with locked(self._path) as alone:
            if alone:
                remove_leftovers(self._path)
                remove_partials(self._path)
            yield
            if alone:
                # of workers of a cluster that were killed in this run
                remove_partials(self._path)


class Remote:
    """An address: files appear whole where the service writes objects whole, as S3, GCS and Azure do.

    There is no rename and no lock. The root's metadata and the header come last, so a store that is not laid
    out completely is no store to any reader; two runs that write to one address at once are not noticed.
    """

    def __init__(self, url: str, storage_options: dict[str, Any]) -> None:
        import fsspec

        self.name, self._options = url, storage_options
        try:
            self._files, self._root = fsspec.core.url_to_fs(url, **storage_options)
        except (ImportError, ValueError) as error:
            raise ValueError(
                f"fsspec cannot open the address {url}: {error}. Install what it names, or give a local path."
            ) from error

    def store(self) -> Store:
        """Store for Zarr to read."""
        from zarr.storage import FsspecStore

        return FsspecStore.from_url(self.name, storage_options=self._options or None, read_only=True)

    def read(self, key: str) -> bytes | None:
        """Content of a file; None where there is none."""
        try:
            return self._files.cat_file(f"{self._root}/{key}")
        except FileNotFoundError:
            return None

    def write(self, files: Mapping[str, bytes]) -> list[Path]:
        """Write files in their order."""
        for key, content in files.items():
            self._files.pipe_file(f"{self._root}/{key}", content)
        return []

    def sync(self, written: list[Path]) -> None:
        """Do nothing: an object that was accepted is safe."""

    def is_vacant(self) -> bool:
        """Whether no object lies there."""
        self._files.invalidate_cache()
        return not self._files.find(self._root)

    def is_begun(self, files: Mapping[str, bytes]) -> bool:
        """Whether each object there is one of ``files`` to the last byte."""
        start = len(self._root.rstrip("/")) + 1
        found = [path[start:] for path in self._files.find(self._root)]
        return all(name in files and self.read(name) == files[name] for name in found)

    def lay_out(self, files: Mapping[str, bytes]) -> None:
        """Write the layout; `files` end with the root and the header."""
        self.write(files)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Do nothing: there is no lock."""
        yield
