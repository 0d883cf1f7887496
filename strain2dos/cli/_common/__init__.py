# SPDX-License-Identifier: BSD-3-Clause
"""What the commands share: console, options, inputs, figures, training."""
