# SPDX-License-Identifier: BSD-3-Clause
"""A last place for cache files: a folder among the temporary ones that nobody else can write."""

import contextlib
import os
import stat
import tempfile
from collections.abc import Callable

from numba.core.caching import _CacheLocator, _SourceFileBackedLocatorMixin


class PrivateFolder(_SourceFileBackedLocatorMixin, _CacheLocator):
    """Locator of a cache in the system's temporary folder, for processes that may write nowhere else."""

    def __init__(self, py_func: Callable, py_file: str) -> None:
        self._py_file = py_file
        self._lineno = py_func.__code__.co_firstlineno
        self._cache_path = os.path.join(private_folder(), self.get_suitable_cache_subpath(py_file))

    def get_cache_path(self) -> str:
        """Return the folder."""
        return self._cache_path

    @classmethod
    def from_function(cls, py_func: Callable, py_file: str) -> "PrivateFolder | None":
        """Return the locator, or None where there is no safe folder."""
        try:
            return super().from_function(py_func, py_file)
        except OSError:
            return None


def private_folder() -> str:
    """Folder of this user in the temporary folder, made where it is missing.

    Loading a cache runs what stands in it, and everybody can write in ``/tmp``: a folder that belongs to
    someone else, or that others may write, is not used.

    Raises
    ------
    PermissionError
        If the folder is not this user's own.
    """
    user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    path = os.path.join(tempfile.gettempdir(), f"strain2dos-{user}")
    with contextlib.suppress(FileExistsError):
        os.mkdir(path, 0o700)
    found = os.lstat(path)
    own = not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not found.st_mode & 0o022)
    if not stat.S_ISDIR(found.st_mode) or not own:
        raise PermissionError(f"{path} is not a folder that only this user can write")
    return path
