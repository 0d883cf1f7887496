# SPDX-License-Identifier: BSD-3-Clause
"""Maps in Zarr stores: written block by block, each block recorded with checksums, resumed and verified."""
