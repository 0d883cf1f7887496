# SPDX-License-Identifier: BSD-3-Clause
"""What a user takes out of a map: profiles, points, regions, tables."""
