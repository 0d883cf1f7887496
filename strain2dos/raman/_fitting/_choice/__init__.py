# SPDX-License-Identifier: BSD-3-Clause
"""Which models a spectrum asks for, and their average; compiled."""
