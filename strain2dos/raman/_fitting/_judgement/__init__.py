# SPDX-License-Identifier: BSD-3-Clause
"""What a fit leaves: noise, and whether there is a line; compiled."""
