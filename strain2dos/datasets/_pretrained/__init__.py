# SPDX-License-Identifier: BSD-3-Clause
"""Models that come with the package, and how they are trained."""
