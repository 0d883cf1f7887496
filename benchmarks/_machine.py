# SPDX-License-Identifier: BSD-3-Clause
"""What a benchmark ran on."""

import os
import platform
from importlib.metadata import version
from pathlib import Path


def machine(*packages: str) -> dict[str, str | int | None]:
    """Name processor, cores, interpreter and versions of ``packages`` and of this one."""
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        lines = info.read_text().splitlines()
        cpu = next((line.split(":")[1].strip() for line in lines if "model name" in line), cpu)
    names = {name: version(name) for name in ("strain2dos", *packages)}
    return {"cpu": cpu, "cores": os.cpu_count(), "python": platform.python_version()} | names
