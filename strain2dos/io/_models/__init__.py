# SPDX-License-Identifier: BSD-3-Clause
"""Model files."""
