# SPDX-License-Identifier: BSD-3-Clause
"""Meta-estimators: what is inside of them, the columns they were fitted on, the metadata they pass on."""
