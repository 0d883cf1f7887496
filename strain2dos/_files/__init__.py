# SPDX-License-Identifier: BSD-3-Clause
"""The one place that writes, replaces and removes: whole or not at all, and never what is not ours.

For files use `replacing`, for Zarr stores `replacing_store`; before a command computes anything it calls
`refuse_inputs`. No other module renames or removes, and none opens a final name for writing.
"""

from strain2dos._files.batches import remove_partials, sync_paths, write_batch
from strain2dos._files.inputs import refuse_inputs
from strain2dos._files.locks import locked
from strain2dos._files.marks import MARK, check_metadata, is_own_store, mark_store
from strain2dos._files.replacing import check_target, replacing
from strain2dos._files.stores import (
    check_store_target,
    remove_leftovers,
    remove_own_store,
    replacing_store,
)
from strain2dos._files.syncing import sync_file, sync_folder, sync_tree
from strain2dos._files.together import check_together, checksum, replacing_together
from strain2dos._files.urls import address_of, is_url, local_path

__all__ = [
    "MARK",
    "address_of",
    "check_metadata",
    "check_store_target",
    "check_target",
    "check_together",
    "checksum",
    "is_own_store",
    "is_url",
    "local_path",
    "locked",
    "mark_store",
    "refuse_inputs",
    "remove_leftovers",
    "remove_own_store",
    "remove_partials",
    "replacing",
    "replacing_store",
    "replacing_together",
    "sync_file",
    "sync_folder",
    "sync_paths",
    "sync_tree",
    "write_batch",
]
