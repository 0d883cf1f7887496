# SPDX-License-Identifier: BSD-3-Clause
"""Installations that cannot be written, and commands by a user who may write nowhere."""

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import strain2dos

PACKAGE = Path(strain2dos.__file__).parent
NOBODY = 65534
# Root may write everywhere. The second way is for interpreters in root's own folder, closed to all others.
WAYS_TO_DROP_POWERS = (
    ("setpriv", "--reuid", str(NOBODY), "--regid", str(NOBODY), "--clear-groups"),
    ("setpriv", "--bounding-set", "-all"),
)

Run = Callable[..., subprocess.CompletedProcess]


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """Folder that every user may enter: those of pytest are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="compiled-"))
    folder.chmod(0o755)
    yield folder
    for path in [folder, *folder.rglob("*")]:
        if path.is_dir() and not path.is_symlink():
            path.chmod(0o755)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def run(place) -> Run:
    """Python in a process that finds packages in ``place`` first and may write into ``place/tmp`` only."""
    scratch = place / "tmp"
    scratch.mkdir()
    kept = {
        name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ
    }
    kept |= {"PYTHONPATH": str(place), "HOME": "/dev/null/home", "PYTHONDONTWRITEBYTECODE": "1"}
    kept |= {"TMPDIR": str(scratch), "MPLCONFIGDIR": str(scratch)}
    kept |= {"TQDM_DISABLE": "1", "STRAIN2DOS_QUIET": "1", "OMP_NUM_THREADS": "1"}

    def run_python(*words: object, **environment: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [*powerless, sys.executable, *map(str, words)],
            cwd=place,
            env=kept | environment,
            capture_output=True,
            text=True,
            timeout=900,
        )

    for powerless in WAYS_TO_DROP_POWERS if os.name == "posix" and os.getuid() == 0 else [()]:
        os.chown(scratch, *(NOBODY, NOBODY) if str(NOBODY) in powerless else (-1, -1))
        with contextlib.suppress(OSError):
            if run_python("-c", "import numba").returncode == 0:
                return run_python
    pytest.skip("root cannot drop its powers and still run this interpreter (is setpriv missing?)")


@pytest.fixture(scope="module")
def small(place) -> Path:
    """A package with the room under test and two modules, one of which takes a constant from the other."""
    folder = place / "strain2dos"
    folder.mkdir()
    shutil.copytree(PACKAGE / "_compiled", folder / "_compiled", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "__init__.py").write_text("")
    (folder / "constants.py").write_text("FACTOR = 3.0\n")
    (folder / "use.py").write_text(
        "from strain2dos._compiled import njit\n"
        "from strain2dos.constants import FACTOR\n\n\n"
        "@njit()\n"
        "def multiply(x):\n"
        "    return FACTOR * x\n"
    )
    return folder
