# SPDX-License-Identifier: BSD-3-Clause
"""Print the version of the package, read from the one line that states it."""

import re
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "strain2dos" / "__init__.py"

if __name__ == "__main__":
    print(re.search(r'^__version__ = "(.+)"$', SOURCE.read_text(), re.MULTILINE).group(1))
