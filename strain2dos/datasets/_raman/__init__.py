# SPDX-License-Identifier: BSD-3-Clause
"""Simulated Raman spectra and maps of the bundled first-principles states."""
