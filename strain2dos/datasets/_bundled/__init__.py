# SPDX-License-Identifier: BSD-3-Clause
"""The first-principles sets that come with the package."""
