# SPDX-License-Identifier: BSD-3-Clause
"""Set a run of `test_times.py` beside the stored one, both in units of work that NumPy does alone.

Run ``python benchmarks/watch/compare.py RUN.json [BASELINE.json] [--slower 1.5]``; it ends with 1
where a step takes more than ``--slower`` times as long as stored.
"""

import argparse
import json
from pathlib import Path

UNIT = "test_unit_of_time"
BASELINE = Path(__file__).parent / "baseline.json"


def in_units(path: Path) -> dict[str, float]:
    """Time of the fastest round of each step, which other work disturbed least, over that of the unit."""
    fastest = {one["name"]: one["stats"]["min"] for one in json.loads(path.read_text())["benchmarks"]}
    unit = fastest.pop(UNIT)
    return {name: seconds / unit for name, seconds in fastest.items()}


def main() -> int:
    """Print a table and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run", type=Path)
    parser.add_argument("baseline", type=Path, nargs="?", default=BASELINE)
    parser.add_argument("--slower", type=float, default=1.5, help="factor that counts as slower")
    options = parser.parse_args()
    now, stored = in_units(options.run), in_units(options.baseline)
    print(f"{'step':34} {'stored':>9} {'now':>9} {'ratio':>7}")
    late = []
    for name in sorted(now.keys() | stored.keys()):
        if name not in now or name not in stored:
            print(f"{name:34} in one of the two runs only")
            continue
        ratio = now[name] / stored[name]
        print(f"{name:34} {stored[name]:9.3f} {now[name]:9.3f} {ratio:7.2f}")
        late += [name] if ratio > options.slower else []
    if late:
        print(f"slower than {options.slower:g} times the stored run: {', '.join(late)}")
    return int(bool(late))


if __name__ == "__main__":
    raise SystemExit(main())
