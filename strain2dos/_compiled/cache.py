# SPDX-License-Identifier: BSD-3-Clause
"""A cache for compiled functions that takes over numba's, but for its faults.

numba raises where no folder can be written, where a file is cut short and where the disk is full; it does not
notice a change in another file. Here each of these means compiling again, with one warning at most.
"""

import hashlib
import pickle
import warnings
from collections.abc import Callable
from typing import Any, ClassVar

from numba.core.caching import CompileResultCacheImpl, FunctionCache, IndexDataCacheFile
from numba.core.serialize import dumps

from strain2dos._compiled.places import PrivateFolder
from strain2dos._compiled.sources import stamp

ADVICE = "Set NUMBA_CACHE_DIR to a folder of your own with room for it."


class _Implementation(CompileResultCacheImpl):
    """numba's choice of a folder, and a private temporary one where it finds none."""

    _locator_classes: ClassVar = [*CompileResultCacheImpl._locator_classes, PrivateFolder]


class _Files(IndexDataCacheFile):
    """Cache files that carry what they were made from, and a checksum.

    numba writes the index before the data and looks at nothing else: a process that ends in between leaves a
    new index over old data, two processes at once may swap theirs.
    """

    def save(self, key: Any, data: Any) -> None:
        blob = dumps(data)
        super().save(key, (self._source_stamp, key, hashlib.sha256(blob).hexdigest(), blob))

    def load(self, key: Any) -> Any:
        found = super().load(key)
        if found is None:
            return None
        made_from, for_key, checksum, blob = found
        if (made_from, for_key) != (self._source_stamp, key):
            return None
        if hashlib.sha256(blob).hexdigest() != checksum:
            raise ValueError("checksum does not fit")
        return pickle.loads(blob)


class _Folder(FunctionCache):
    _impl_class = _Implementation

    def __init__(self, function: Callable, made_from: str) -> None:
        super().__init__(function)
        self._cache_file = _Files(self._cache_path, self._impl.filename_base, made_from)
        self.temporary = isinstance(self._impl.locator, PrivateFolder)


class Cache:
    """What a numba dispatcher asks for: load and save; neither ever raises.

    Parameters
    ----------
    function : callable
        The Python function; its sources are read now, folders are looked for when it is first called.
    """

    def __init__(self, function: Callable) -> None:
        self._function = function
        self._folder: _Folder | None = None
        self._looked = False
        try:
            self._made_from = stamp(function.__module__)
        except (OSError, KeyError, UnicodeDecodeError):
            self._looked = True  # no sources: nothing shows that a cache is stale

    @property
    def cache_path(self) -> str | None:
        """Folder of the cache; None where there is none."""
        folder = self._open()
        return None if folder is None else folder.cache_path

    def enable(self) -> None:
        """Do nothing: part of numba's interface."""

    def disable(self) -> None:
        """Compile without a cache from now on."""
        self._looked, self._folder = True, None

    def flush(self) -> None:
        """Forget what is cached of this function."""
        folder = self._open()
        if folder is not None:
            self._attempt(folder.flush)

    def load_overload(self, signature: Any, target: Any) -> Any:
        """Return the function as compiled for this signature before; None where it has to be compiled."""
        folder = self._open()
        if folder is None:
            return None
        try:
            return folder.load_overload(signature, target)
        except Exception as error:  # whatever a damaged pickle may raise
            _warn_once(
                f"The cache of compiled functions in {folder.cache_path} cannot be read "
                f"({type(error).__name__}: {error}); what is missing is compiled again. {ADVICE}"
            )
            self._attempt(folder.flush)
            return None

    def save_overload(self, signature: Any, result: Any) -> None:
        """Keep a compiled function; where that fails, the next process compiles it again."""
        folder = self._open()
        if folder is not None:
            self._attempt(lambda: folder.save_overload(signature, result))

    def _open(self) -> _Folder | None:
        if not self._looked:
            self._looked = True
            try:
                self._folder = _Folder(self._function, self._made_from)
            except (RuntimeError, OSError):
                _warn_once(f"No folder can be written; every process compiles for about a minute. {ADVICE}")
            if self._folder is not None and self._folder.temporary:
                _warn_once(
                    "Neither the folder of the package nor the user's cache folder can be written; compiled "
                    f"functions are kept in {self._folder.cache_path}. {ADVICE}"
                )
        return self._folder

    def _attempt(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:
            where = None if self._folder is None else self._folder.cache_path
            _warn_once(
                f"Compiled functions cannot be kept in {where} ({type(error).__name__}: {error}); every "
                f"process compiles them again. {ADVICE}"
            )
            self.disable()


_warned = False


def _warn_once(text: str) -> None:
    global _warned
    if not _warned:
        _warned = True
        warnings.warn(text, RuntimeWarning, stacklevel=2)
