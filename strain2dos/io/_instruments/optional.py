# SPDX-License-Identifier: BSD-3-Clause
"""Packages of the extras, and their voices."""

from __future__ import annotations

import contextlib
import importlib
import logging
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType


def import_optional(name: str, path: Path, extra: str = "io") -> ModuleType:
    """Import an optional package, or name the extra that brings it.

    Raises
    ------
    ImportError
        When it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(
            f"{path} needs the optional package {name.partition('.')[0]}: pip install "
            f'"strain2dos[{extra}]". Or export the spectra as text.'
        ) from error


def lazy_dask(path: Path) -> ModuleType:
    """Import dask.array, for spectra that stay on disk.

    Raises
    ------
    ImportError
        When it is not installed.
    """
    try:
        return importlib.import_module("dask.array")
    except ImportError as error:
        raise ImportError(
            f"{path} decodes to more than memory_limit allows, so it has to be read piece by piece, "
            f"which needs "
            f'dask: pip install "strain2dos[dask]". Or pass a larger memory_limit.'
        ) from error


@contextlib.contextmanager
def silenced() -> Iterator[None]:
    """Silence hints about plotting packages; text that NumPy could only parse in part is an error."""
    loggers = [logging.getLogger(name) for name in ("rsciio", "spc_io")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.filterwarnings("error", "string or file could not be read", DeprecationWarning)
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def naming_file(path: Path, reader: str) -> Iterator[None]:
    """Whatever a reader raises on a damaged file becomes one error that names the file."""
    try:
        yield
    except Exception as error:
        raise ValueError(
            f"{path}: the {reader} reader stops with {type(error).__name__}: {error}; the file may be cut "
            f"off or of another version. Copy it again or export the spectra as text."
        ) from error
