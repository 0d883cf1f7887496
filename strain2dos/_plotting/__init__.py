# SPDX-License-Identifier: BSD-3-Clause
"""Labels, colors and maps shared by all figures."""
