# SPDX-License-Identifier: BSD-3-Clause
"""Tight-binding bands and densities of states."""
