# SPDX-License-Identifier: BSD-3-Clause
"""A Zarr store that compares each file with its checksum as it is read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Mapping

from zarr.abc.store import ByteRequest, Store
from zarr.core.buffer import Buffer, BufferPrototype, default_buffer_prototype
from zarr.storage import WrapperStore

from strain2dos.mapping._store.learned import checksum


class CheckedStore(WrapperStore[Store]):
    """Read a store, and refuse what was lost or changed.

    Parameters
    ----------
    store : Store
        The store itself.
    name : str
        Its place, for errors.
    expected : mapping of str to bytes
        Checksum of each file that has to be there.
    unfinished : iterable of str
        Files that count as absent even if they are there: no record states what they should hold.
    instead : mapping of str to bytes
        What to give in place of some files, which were checked before.
    """

    def __init__(
        self,
        store: Store,
        name: str = "",
        expected: Mapping[str, bytes] = {},
        unfinished: Iterable[str] = (),
        instead: Mapping[str, bytes] = {},
    ) -> None:
        super().__init__(store)
        self._name, self._expected, self._unfinished = name, dict(expected), frozenset(unfinished)
        self._instead = dict(instead)

    def _with_store(self, store: Store) -> CheckedStore:
        return CheckedStore(store, self._name, self._expected, self._unfinished, self._instead)

    async def get(
        self, key: str, prototype: BufferPrototype | None = None, byte_range: ByteRequest | None = None
    ) -> Buffer | None:
        """Read a file, whole or in part, after its checksum was compared."""
        if key in self._unfinished:
            return None
        prototype = prototype or default_buffer_prototype()
        if key in self._instead and byte_range is None:
            return prototype.buffer.from_bytes(self._instead[key])
        if key not in self._expected:
            return await self._store.get(key, prototype, byte_range)
        whole = await self._store.get(key, prototype)
        if whole is None or checksum(whole.to_bytes()) != self._expected[key]:
            raise ValueError(lost_or_changed(self._name, key, there=whole is not None))
        return whole if byte_range is None else await self._store.get(key, prototype, byte_range)

    async def get_partial_values(
        self, prototype: BufferPrototype, key_ranges: Iterable[tuple[str, ByteRequest | None]]
    ) -> list[Buffer | None]:
        """Read parts of several files."""
        return [await self.get(key, prototype, part) for key, part in key_ranges]

    async def _get_many(
        self, requests: Iterable[tuple[str, BufferPrototype, ByteRequest | None]]
    ) -> AsyncGenerator[tuple[str, Buffer | None], None]:
        for key, prototype, part in requests:
            yield key, await self.get(key, prototype, part)


def lost_or_changed(name: str, key: str, *, there: bool) -> str:
    """Words for a file that does not hold what was recorded."""
    what = "does not hold what was written" if there else "is lost"
    return (
        f"{key} in {name} {what}; call SpatialMapper.to_zarr again with the same model and cube, which "
        "computes these pixels again."
    )
