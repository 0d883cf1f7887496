# SPDX-License-Identifier: BSD-3-Clause
"""Metrics and scorers."""
