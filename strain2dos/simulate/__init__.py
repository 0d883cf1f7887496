# SPDX-License-Identifier: BSD-3-Clause
"""Where training data comes from: tight binding, phonons, strained membranes and Raman spectra."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submodules=["dft"],
    submod_attrs={
        "_bilayer": ["TightBindingBilayer"],
        "_bubble": ["bubble_strain"],
        "_phonon_calibration": ["calibrate_phonons"],
        "_phonons": ["PHONON_PARAMETERS", "PhononParameters", "strained_phonons"],
        "_polarisation": ["polarised_intensities"],
        "_raman": ["simulate_spectra"],
        "_raman_lines": ["lorentzian", "voigt"],
        "_strain_plan": ["strain_plan"],
        "_strain_symmetry": [
            "equivalent_strains",
            "expand_by_symmetry",
            "fundamental_strain",
            "strain_invariants",
        ],
        "_tight_binding": ["TightBindingTMD"],
        "_wrinkle": ["random_strain_field", "wrinkle_strain"],
    },
)
