# SPDX-License-Identifier: BSD-3-Clause
"""Cosmic rays in maps, found by the neighboring spectra."""
