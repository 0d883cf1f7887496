# SPDX-License-Identifier: BSD-3-Clause
"""Users' files: tables of curves, maps of strain, first-principles records."""
