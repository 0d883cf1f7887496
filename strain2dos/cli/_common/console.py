# SPDX-License-Identifier: BSD-3-Clause
"""Output of the commands: results on stdout, progress and errors on stderr, exit codes."""

from __future__ import annotations

import contextlib
import functools
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import ParamSpec, TextIO

import typer

from strain2dos._progress import no_bars
from strain2dos.cli._common.wording import in_options, options_of

P = ParamSpec("P")

# Exit codes as shells know them: a failure, and 128 + SIGINT.
FAILED = 1
INTERRUPTED = 130


def guarded(command: Callable[P, None]) -> Callable[P, None]:
    """Turn an exception into one line on stderr and an exit code; ``--debug`` lets it through.

    With ``--quiet`` no bar shows, whoever would draw it.
    """

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        options = options_of(command)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("always", UserWarning)
            # deprecations of other packages, of which some are warnings for users too
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.showwarning = functools.partial(_show_warning, options)
            try:
                with no_bars() if kwargs.get("quiet") else contextlib.nullcontext():
                    command(*args, **kwargs)
            except (typer.Exit, typer.BadParameter):
                raise
            except KeyboardInterrupt:
                say("interrupted; the files written so far are whole")
                raise typer.Exit(INTERRUPTED) from None
            except Exception as error:
                if kwargs.get("debug"):
                    raise
                say(f"error: {in_options(_in_words(error), options)}")
                raise typer.Exit(FAILED) from None

    return run


def _in_words(error: Exception) -> str:
    if isinstance(error, FileNotFoundError) and error.filename is not None:
        return f"{error.filename} does not exist; check the path."
    if isinstance(error, OSError) and error.filename is not None:
        return f"{error.filename}: {error.strerror}."
    if isinstance(error, (ValueError, TypeError, OSError, ImportError)):
        return str(error)
    return f"{type(error).__name__}: {error} (--debug shows where)"


def _show_warning(
    options: Mapping[str, str],
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    # packages that set filters of their own bring other warnings past ours, and some derive from both kinds
    if issubclass(category, UserWarning) and not issubclass(category, DeprecationWarning):
        say(f"warning: {in_options(str(message), options)}")


def examples(*lines: str) -> str:
    """Closing words of a command's help, one example a line."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


def say(text: str) -> None:
    """Write a line to stderr without breaking a progress bar."""
    from tqdm import tqdm

    tqdm.write(text, file=sys.stderr)
    sys.stderr.flush()


def cores(jobs: int | None) -> int:
    """Processes to use: as many as asked for, or one per core that this process may use."""
    from joblib import cpu_count

    return jobs or cpu_count()


def wrote(path: Path) -> None:
    """List a written file on stdout."""
    typer.echo(f"wrote {path}")


def refuse_to_overwrite(paths: Iterable[Path], *, force: bool, inputs: Iterable[Path | None] = ()) -> None:
    """Stop before anything is computed if an output must not be written.

    That is so if it exists and ``--force`` was not given, is one of the inputs, is a folder that this package
    did not make, or an address.
    """
    from strain2dos._files import check_store_target, check_target, local_path, refuse_inputs

    paths = [local_path(path) for path in paths]
    existing = [str(path) for path in paths if path.exists()]
    if existing and not force:
        raise FileExistsError(
            f"{', '.join(existing)} {'exist' if len(existing) > 1 else 'exists'} already; "
            "pass --force to overwrite, or give another place."
        )
    refuse_inputs(paths, inputs)
    for path in paths:
        if path.exists() and path.suffix == ".zarr":
            check_store_target(path, overwrite=True)
        elif path.exists():
            check_target(path)
