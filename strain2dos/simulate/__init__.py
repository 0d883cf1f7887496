# SPDX-License-Identifier: BSD-3-Clause
"""Where training data comes from: tight binding, phonons, strained membranes and Raman spectra."""

import lazy_loader as _lazy

__getattr__, __dir__, __all__ = _lazy.attach(
    __name__,
    submodules=["dft"],
    submod_attrs={
        "_tight_binding.bilayer": ["TightBindingBilayer"],
        "_films.bubble": ["bubble_strain"],
        "_raman.phonon_calibration": ["calibrate_phonons"],
        "_raman.phonons": ["PHONON_PARAMETERS", "PhononParameters", "strained_phonons"],
        "_raman.polarisation": ["polarised_intensities"],
        "_raman.effects": ["SpectrumEffects"],
        "_raman.spectra": ["simulate_spectra"],
        "_raman.lines": ["lorentzian", "voigt"],
        "_strain_plan": ["strain_plan"],
        "_strain_symmetry": [
            "equivalent_strains",
            "expand_by_symmetry",
            "fundamental_strain",
            "strain_invariants",
        ],
        "_tight_binding.model": ["TightBindingTMD"],
        "_films.wrinkle": ["random_strain_field", "wrinkle_strain"],
    },
)
