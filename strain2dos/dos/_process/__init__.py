# SPDX-License-Identifier: BSD-3-Clause
"""The Gaussian process whose kernel sees through a network."""
