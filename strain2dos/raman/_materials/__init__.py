# SPDX-License-Identifier: BSD-3-Clause
"""What is known of a Raman line."""
