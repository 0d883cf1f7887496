# SPDX-License-Identifier: BSD-3-Clause
"""Addresses apart from local paths: ``pathlib`` takes ``s3://bucket`` for a folder named ``s3:``."""

from __future__ import annotations

import os
import re
from pathlib import Path

#: A scheme of two letters or more, so that a Windows drive is none; `pathlib` makes one slash of two, and
#: fsspec chains schemes with two colons.
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]+:(/|:)")


def is_url(path: str | os.PathLike[str]) -> bool:
    """Whether a path is an address such as ``s3://bucket/map.zarr``, also once `pathlib` had it.

    Parameters
    ----------
    path : str or path-like
        What the user gave.

    Returns
    -------
    bool
        True for ``scheme://...``, ``scheme:/...`` and ``scheme::...``.

    Examples
    --------
    >>> from pathlib import Path
    >>> from strain2dos._files import is_url
    >>> (
    ...     is_url("s3://bucket/map.zarr"),
    ...     is_url(Path("memory://map.zarr")),
    ...     is_url("simplecache::s3://b/m"),
    ... )
    (True, True, True)
    >>> is_url("map.zarr"), is_url("C:/maps/map.zarr"), is_url("maps/12:30/map.zarr")
    (False, False, False)
    """
    return _URL.match(os.fspath(path)) is not None


def address_of(path: str | os.PathLike[str]) -> str:
    """Give an address with both slashes, also once `pathlib` had it.

    Examples
    --------
    >>> from pathlib import Path
    >>> from strain2dos._files import address_of
    >>> address_of(Path("s3://bucket/map.zarr")), address_of("file:///maps/map.zarr")
    ('s3://bucket/map.zarr', 'file:///maps/map.zarr')
    """
    scheme, colon, rest = os.fspath(path).partition(":/")
    if not colon or rest.startswith("/"):
        return os.fspath(path)
    return f"{scheme}:///{rest}" if scheme in ("file", "local") else f"{scheme}://{rest}"


def local_path(path: str | os.PathLike[str]) -> Path:
    """Take a path on this machine, and refuse an address.

    Raises
    ------
    ValueError
        When `path` is an address.

    Examples
    --------
    >>> from strain2dos._files import local_path
    >>> local_path("s3://bucket/map.nc")
    Traceback (most recent call last):
    ValueError: s3://bucket/map.nc is an address, but files are written to this machine only; ...
    """
    if is_url(path):
        raise ValueError(
            f"{os.fspath(path)} is an address, but files are written to this machine only; give a local path "
            "and copy the file to its place afterwards."
        )
    return Path(path)
