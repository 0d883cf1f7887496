# SPDX-License-Identifier: BSD-3-Clause
"""Before the fit: points that count, where lines seem to be, the range; compiled."""
