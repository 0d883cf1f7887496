# SPDX-License-Identifier: BSD-3-Clause
"""Simulated Raman spectra."""
