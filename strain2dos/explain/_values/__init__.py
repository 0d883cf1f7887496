# SPDX-License-Identifier: BSD-3-Clause
"""How shares are computed, and of what."""
