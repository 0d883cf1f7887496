# SPDX-License-Identifier: BSD-3-Clause
"""The networks and their training."""
