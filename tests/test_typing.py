# SPDX-License-Identifier: BSD-3-Clause
"""What a user's type checker makes of the public names, which are imported lazily."""

import importlib
import inspect
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGES = ("", ".raman", ".dos", ".io", ".simulate", ".simulate.dft", ".mapping", ".explain", ".datasets")
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def revealed(tmp_path_factory) -> dict[str, str]:
    """Type of every public name by mypy; other libraries are left out, which is 20 times faster."""
    folder = tmp_path_factory.mktemp("typing")
    names = []
    for package in PACKAGES:
        module = importlib.import_module(f"strain2dos{package}")
        names += [f"{module.__name__}.{name}" for name in module.__all__]
    imports = "".join(f"import strain2dos{package}\n" for package in PACKAGES)
    (folder / "user.py").write_text(imports + "".join(f"reveal_type({name})\n" for name in names))
    options = [
        "--no-site-packages",
        "--ignore-missing-imports",
        "--follow-imports=silent",
        "--no-error-summary",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *options, "--cache-dir", folder / "cache", folder / "user.py"],
        env=os.environ | {"MYPYPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    found = re.findall(r'note: Revealed type is "(.*)"', done.stdout)
    assert len(found) == len(names), done.stdout + done.stderr
    return dict(zip(names, found, strict=True))


def test_no_public_name_is_any(revealed):
    assert [name for name, kind in revealed.items() if kind == "Any"] == []


def test_classes_are_seen_with_their_parameters(revealed):
    for name, kind in revealed.items():
        package, _, attribute = name.rpartition(".")
        found = getattr(importlib.import_module(package), attribute)
        if inspect.isclass(found):
            assert f"{found.__module__}.{found.__qualname__}" in kind, name
    assert "n_members: int" in revealed["strain2dos.DOSRegressor"].replace("builtins.", "")
