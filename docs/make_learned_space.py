# SPDX-License-Identifier: BSD-3-Clause
"""Draw docs/_static/learned_space.png, the figure of the example on what the network has learned.

python docs/make_learned_space.py
"""

import runpy
from pathlib import Path

import matplotlib as mpl

HERE = Path(__file__).parent

if __name__ == "__main__":
    mpl.use("Agg")
    example = runpy.run_path(str(HERE.parent / "examples" / "3_how_it_works" / "plot_3_learned_space.py"))
    example["fig"].savefig(HERE / "_static" / "learned_space.png", dpi=120)
