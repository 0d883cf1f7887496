# SPDX-License-Identifier: BSD-3-Clause
"""Draw docs/_static/attribution_map.png and attribution_pairs.png, from the example on maps of shares.

python docs/make_attribution_map.py
"""

import runpy
from pathlib import Path

import matplotlib as mpl

HERE = Path(__file__).parent

if __name__ == "__main__":
    mpl.use("Agg")
    example = runpy.run_path(str(HERE.parent / "examples" / "3_how_it_works" / "plot_7_explain_map.py"))
    example["display"].figure_.savefig(HERE / "_static" / "attribution_map.png", dpi=110)
    example["errors"].figure_.savefig("/tmp/net/dev/ex_errors.png", dpi=80)
    example["pairs"].interactions.plot("gap").figure_.savefig(
        HERE / "_static" / "attribution_pairs.png", dpi=110
    )
    print(example["pairs"].interactions.summary())
    print(example["explainer"].explain_errors(example["rows"]).summary())
    words = example["explainer"].explain_domain(example["rows"])
    print([word for word in words if word.startswith("outside")][:5])
    print(example["shares"].attrs)
