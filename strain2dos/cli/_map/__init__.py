# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos map``: with a model of your own, with the bundled one, and into a store."""
