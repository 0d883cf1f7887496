# SPDX-License-Identifier: BSD-3-Clause
"""The dask cluster that computes by default here, if there is one."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from distributed import Client


def current_client() -> Client | None:
    """Client of the dask cluster that computes by default here, or None."""
    # Who has a client has imported it.
    if "distributed" not in sys.modules:
        return None
    from dask.base import get_scheduler
    from distributed import Client

    client = getattr(get_scheduler(), "__self__", None)
    return client if isinstance(client, Client) else None
