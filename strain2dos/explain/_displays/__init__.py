# SPDX-License-Identifier: BSD-3-Clause
"""Explanations as figures."""
