# SPDX-License-Identifier: BSD-3-Clause
"""First-principles records of strained monolayers with GPAW (extra ``dft``)."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submod_attrs={
        "_plan": ["State", "read_plan"],
        "_recipe": ["DFTRecipe"],
        "_ripple": ["Ripple"],
        "_ripple_run": ["run_ripple"],
        "_run": ["StatesFailedError", "run_plan", "run_state"],
    },
)
