# SPDX-License-Identifier: BSD-3-Clause
"""From a fit to named columns."""
