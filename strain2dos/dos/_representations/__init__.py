# SPDX-License-Identifier: BSD-3-Clause
"""Ways to write a curve of the density of states."""
