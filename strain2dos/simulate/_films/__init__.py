# SPDX-License-Identifier: BSD-3-Clause
"""Shapes of strained films."""
