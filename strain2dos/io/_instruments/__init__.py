# SPDX-License-Identifier: BSD-3-Clause
"""Readers of instrument files."""
