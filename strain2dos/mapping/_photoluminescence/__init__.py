# SPDX-License-Identifier: BSD-3-Clause
"""Photoluminescence: exciton energies from spectra, maps on other grids, comparison with the gap."""
