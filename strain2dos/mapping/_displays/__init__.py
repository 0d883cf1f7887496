# SPDX-License-Identifier: BSD-3-Clause
"""Maps, line scans and sites as figures."""
