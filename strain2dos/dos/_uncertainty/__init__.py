# SPDX-License-Identifier: BSD-3-Clause
"""Conformal bands and propagation of noise."""
