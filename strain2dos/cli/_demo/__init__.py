# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos demo`` and its stages."""
