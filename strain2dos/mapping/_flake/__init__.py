# SPDX-License-Identifier: BSD-3-Clause
"""A flake in one call: from a file of spectra to strain, doping and gaps with their errors."""
