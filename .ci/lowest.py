# SPDX-License-Identifier: BSD-3-Clause
"""Print pip constraints that pin each dependency of pyproject.toml to the lowest version it admits."""

import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
# Older wheels of torch for Linux bring gigabytes of CUDA; only this one exists as a small CPU build. So the
# floor of torch is stated, not run.
NOT_RUN = {"torch": "2.13.0"}


def floors(extras: list[str]) -> dict[str, str]:
    """Lowest version of each dependency, of the core and of some extras."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found: dict[str, str] = {}
    for requirement in sum(
        (project["optional-dependencies"][extra] for extra in extras), project["dependencies"]
    ):
        parts = re.fullmatch(r"([\w.-]+)(?:\[[\w,-]+\])?>=([\d.]+)", requirement)
        if parts is None:
            raise ValueError(f"{requirement!r} states no floor; write it as name>=version")
        name, version = parts.groups()
        if found.setdefault(name, version) != version:
            raise ValueError(f"{name} has two floors, {found[name]} and {version}; keep one")
    return found | NOT_RUN


if __name__ == "__main__":
    print("\n".join(f"{name}=={version}" for name, version in floors(sys.argv[1:]).items()))
