# SPDX-License-Identifier: BSD-3-Clause
"""Band edges: read from curves, learned, with intervals."""
