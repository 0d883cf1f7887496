# SPDX-License-Identifier: BSD-3-Clause
"""From a cube of pixels to a dataset of maps: the model taken apart, its evaluation, blocks."""
