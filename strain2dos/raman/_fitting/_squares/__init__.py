# SPDX-License-Identifier: BSD-3-Clause
"""Least squares of one model: products, damping, profiles of lines; compiled."""
