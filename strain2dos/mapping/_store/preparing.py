# SPDX-License-Identifier: BSD-3-Clause
"""The store before its first block: made, or found to be this run's and whole."""

from __future__ import annotations

from collections.abc import Iterator

from strain2dos.mapping._store.identity import differences, rows_in_words
from strain2dos.mapping._store.layout import checksums, chunk_templates
from strain2dos.mapping._store.manifest import HEADER, Header
from strain2dos.mapping._store.records import intact
from strain2dos.mapping._store.run import Run


def prepare(run: Run, *, resume: bool) -> Header:
    """Lay out the store if there is none, else check that it belongs to ``run``.

    Raises
    ------
    FileExistsError
        When something else stands there, or a store and ``resume`` is False.
    ValueError
        When the store belongs to another run.
    """
    found = Header.from_bytes(run.place.read(HEADER))
    if found is None:
        return _lay_out(run)
    if not resume:
        raise FileExistsError(f"{run.place.name} exists; pass resume=True to go on with it, or remove it.")
    run.refuse([*differences(found.identity, run.identity), *_changed_rows(found, run)])
    return found


def mend_layout(run: Run, header: Header) -> None:
    """Write metadata and coordinates again that were lost or changed.

    Raises
    ------
    ValueError
        When this run would write them otherwise.
    """
    wrong = [name for name, digest in header.layout.items() if not intact(run.place.read(name), digest)]
    if not wrong:
        return
    files = run.files()
    if not all(intact(files.get(name), header.layout[name]) for name in wrong):
        raise ValueError(
            f"{', '.join(wrong)} in {run.place.name}: lost or changed, and the versions of xarray and zarr "
            "that are installed now would write it otherwise. Choose another path."
        )
    run.place.sync(run.place.write({name: files[name] for name in wrong}))


def _lay_out(run: Run) -> Header:
    files = run.files()
    header = Header(
        identity=run.identity,
        sources=None if run.sources is None else b"".join(run.sources).hex(),
        layout=checksums(files),
        templates=chunk_templates(files, [*run.evaluator.quantities, "status"]),
        rows=run.step,
        n_rows=run.cube.sizes["y"],
    )
    files = {**files, HEADER: header.to_bytes()}
    if not (run.place.is_vacant() or run.place.is_begun(files)):
        raise FileExistsError(
            f"{run.place.name} exists, but is no map that could be resumed; choose another path."
        )
    run.place.lay_out(files)
    return header


def _changed_rows(header: Header, run: Run) -> Iterator[str]:
    """Find which rows of a cube in memory are not those that the store was begun with."""
    begun = header.known_sources
    if begun is not None and run.sources is not None and len(begun) == len(run.sources):
        changed = [header.slice(k) for k, source in enumerate(run.sources) if source != begun[k]]
        if changed:
            yield f"the cube differs in {rows_in_words(changed)}"
