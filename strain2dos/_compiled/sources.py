# SPDX-License-Identifier: BSD-3-Clause
"""What a compiled function was made from: its own file and the files of the package that this one imports."""

import functools
import hashlib
import os
import re
import sys

PACKAGE = __name__.partition(".")[0]
# "from package.module import one, other" and "import package.module"; parsing whole files took 0.2 s
_IMPORT = re.compile(rf"^\s*(?:from|import)\s+({PACKAGE}[\w.]*)(?:\s+import\s+(\([^)]*\)|.*))?", re.MULTILINE)


def stamp(name: str) -> str:
    """Hash over the sources of a module and of all modules of the package that it imports, directly or not.

    A compiled function takes over the code of the functions it calls and the values of the constants it
    reads, so a change in any of these files makes it another function. numba looks at the function's own file
    only.

    Parameters
    ----------
    name : str
        Name of an imported module.

    Raises
    ------
    OSError
        If a source cannot be read (such as a package in an archive).
    """
    digest = hashlib.sha256()
    for module in sorted(_closure(name)):
        digest.update(f"{module}\0".encode() + _read(*_identity(module))[0])
    return digest.hexdigest()


def _closure(name: str) -> set[str]:
    found, waiting = set(), [name]
    while waiting:
        module = waiting.pop()
        if module not in found:
            found.add(module)
            waiting += [other for other in _read(*_identity(module))[1] if _is_module(other)]
    return found


def _is_module(name: str) -> bool:
    # "from package.module import thing" may name a module or a thing in one
    return name in sys.modules and getattr(sys.modules[name], "__file__", None) is not None


def _identity(module: str) -> tuple[str, int, int]:
    path = sys.modules[module].__file__
    if path is None:
        raise OSError(f"module {module} has no file")
    found = os.stat(path)
    return path, found.st_mtime_ns, found.st_size


@functools.cache
def _read(path: str, mtime: int, size: int) -> tuple[bytes, tuple[str, ...]]:
    """Hash of a source file, and the names it imports from the package; read once unless it changes."""
    with open(path, "rb") as file:
        text = file.read()
    names: list[str] = []
    for module, things in _IMPORT.findall(text.decode()):
        names += [module, *(f"{module}.{thing}" for thing in re.findall(r"\w+", things))]
    return hashlib.sha256(text).digest(), tuple(names)
