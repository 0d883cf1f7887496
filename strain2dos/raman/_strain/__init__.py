# SPDX-License-Identifier: BSD-3-Clause
"""From line positions to strain and doping."""
