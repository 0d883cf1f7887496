# SPDX-License-Identifier: BSD-3-Clause
"""A file for the HDF5 library that never fails: its own errors would end the process."""

from __future__ import annotations

import io

#: Bytes of one piece above which it is spectra, which HDF5 does not read again while it writes.
_LARGE = 2**20


class SteadyFile(io.RawIOBase):
    """A binary file that keeps the first error of writing and goes on as if nothing had happened.

    When the disk is full, HDF5 can neither write what it holds nor close the file, and crashes at the end of
    the process. Here it never learns of it: after the first error small pieces are kept in memory, so that
    the library reads back what it wrote, and large ones are dropped. Whoever writes asks `check` after each
    block.

    Parameters
    ----------
    raw : io.RawIOBase
        File open for reading and writing, without a buffer.
    """

    def __init__(self, raw: io.RawIOBase) -> None:
        super().__init__()
        self._raw, self._place, self._end = raw, 0, 0
        self._kept: list[tuple[int, bytes]] = []
        self.error: OSError | None = None

    def check(self) -> None:
        """Raise the first error that writing met.

        Raises
        ------
        OSError
            The error as the system gave it.
        """
        if self.error is not None:
            raise self.error

    def write(self, data: object) -> int:
        """Write at the current place, or remember the error; the answer is always that all was written."""
        content = memoryview(data).cast("B")  # type: ignore[arg-type]
        if self.error is None:
            try:
                self._raw.seek(self._place)
                done = 0
                while done < len(content):
                    done += self._raw.write(content[done:]) or 0
            except OSError as error:
                self.error = error
        if self.error is not None and len(content) <= _LARGE:
            self._kept.append((self._place, bytes(content)))
        self._place += len(content)
        self._end = max(self._end, self._place)
        return len(content)

    def readinto(self, buffer: object) -> int:
        """Read what was written, whether it reached the disk or not; zeros where it was dropped."""
        view = memoryview(buffer).cast("B")  # type: ignore[arg-type]
        size = max(min(len(view), self._end - self._place), 0)
        self._raw.seek(self._place)
        found = self._raw.read(size) or b""
        view[:size] = found + bytes(size - len(found))
        for start, content in self._kept:
            low, high = max(start, self._place), min(start + len(content), self._place + size)
            if low < high:
                view[low - self._place : high - self._place] = content[low - start : high - start]
        self._place += size
        return size

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a place."""
        self._place = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._end}[whence]
        return self._place

    def tell(self) -> int:
        """Return the current place."""
        return self._place

    def truncate(self, size: int | None = None) -> int:
        """Set the length of the file, or remember the error."""
        self._end = self._place if size is None else size
        try:
            if self.error is None:
                self._raw.truncate(self._end)
        except OSError as error:
            self.error = error
        return self._end

    def flush(self) -> None:
        """Do nothing: the file has no buffer."""

    def readable(self) -> bool:
        """It can be read."""
        return True

    def writable(self) -> bool:
        """It can be written."""
        return True

    def seekable(self) -> bool:
        """It has positions."""
        return True
