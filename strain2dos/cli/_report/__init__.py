# SPDX-License-Identifier: BSD-3-Clause
"""``strain2dos report``: the pages of a map run and of a demo."""
