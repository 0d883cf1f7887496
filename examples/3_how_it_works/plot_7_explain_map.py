# SPDX-License-Identifier: BSD-3-Clause
"""
What sets the gap of each pixel?
================================

Shares of strain, shear and doping in the gap of every pixel of a flake, which pairs
of them act together, and whose error makes the gap uncertain.
"""

# %%
import warnings

import matplotlib.pyplot as plt

from strain2dos import DOSExplainer, load_pretrained
from strain2dos.datasets import make_raman_dos, make_raman_map
from strain2dos.explain import AttributionMapDisplay
from strain2dos.mapping import recalibrate

flake = make_raman_map(shape=(17, 17), random_state=0)
cube = flake["intensity"]
pipeline = recalibrate(load_pretrained("MoS2"), cube["shift"].values)
training = make_raman_dos(122, shift=cube["shift"].values, random_state=0)

# %%
# Lines move together, under strain as under doping, so their own shares
# describe neither. ``coordinates="strain"`` gives shares to strain, shear and
# doping. Pixels beside the flake have no lines and stay empty; a warning counts
# them.

warnings.filterwarnings("ignore", ".* features that are not finite")
explainer = DOSExplainer.from_pipeline(
    pipeline,
    training.spectra,
    coordinates="strain",
    max_background=50,
    n_jobs=-1,
    random_state=0,
)
shares = explainer.explain_map(cube).drop_sel(feature="E'_center rest")
display = AttributionMapDisplay(shares).plot()

# %%
# The same in numbers. In the data behind the model doping moves the lines and
# nothing else, so its share is what the model takes for strain by mistake.

sizes = 1e3 * abs(shares["gap_values"]).mean(("y", "x"))
print(sizes.to_series().round(1).rename("mean |share in the gap| (meV)"))

# %%
# Pairs: on the diagonal stands what a feature does alone, beside it what two do
# together.

rows = cube.values.reshape(-1, cube.sizes["shift"])
pairs = explainer.explain(rows[100:140], curves=False, interactions=True)
display = pairs.interactions.plot("gap")

# %%
# Whose error makes the gap uncertain?

errors = AttributionMapDisplay(explainer.explain_map(cube), what="error").plot()
plt.show()
