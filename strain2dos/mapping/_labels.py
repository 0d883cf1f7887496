# SPDX-License-Identifier: BSD-3-Clause
"""Column names as a reader of a figure wants them: those of Raman features, kept with the features."""

from strain2dos._plotting.labels import feature_label, mode_label

__all__ = ["feature_label", "mode_label"]
