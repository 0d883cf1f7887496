# SPDX-License-Identifier: BSD-3-Clause
"""Readers of NetCDF and Zarr."""
