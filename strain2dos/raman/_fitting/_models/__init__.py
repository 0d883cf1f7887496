# SPDX-License-Identifier: BSD-3-Clause
"""Models of lines: parameters, bounds, what was fitted to a spectrum; compiled."""
