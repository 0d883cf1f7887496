# SPDX-License-Identifier: BSD-3-Clause
"""The compiled fit of a spectrum."""
