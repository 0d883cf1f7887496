# SPDX-License-Identifier: BSD-3-Clause
"""A long run as a chain of stages: what is finished is reused, what is interrupted leaves no half file."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from strain2dos._files import checksum, local_path, locked, replacing, replacing_together
from strain2dos.cli._common.progress import Progress

RECORD = "run.json"


@dataclass(frozen=True)
class Stage:
    """One stage of a run.

    Attributes
    ----------
    name : str
        Key in the record.
    title : str
        Label of the progress bar.
    files : sequence of str
        Names of the files, inside the run's folder, that exist when the stage is finished.
    work : callable
        ``work(folder, settings, progress)`` writes the files and returns figures as plain values. The files
        of the stages before it lie in the same folder.
    steps : int
        Length of the progress bar.
    """

    name: str
    title: str
    files: Sequence[str]
    work: Callable[[Path, Mapping[str, Any], Progress], dict[str, Any]]
    steps: int = 1


@dataclass
class Run:
    """A folder, the settings that its files were made with, and the stages finished so far.

    Parameters
    ----------
    folder : Path
        Where the files go; made if absent.
    settings : mapping
        Plain values that decide the result. A stage is reused only under equal settings.
    command : str
        What made the run, kept in the record.
    force : bool
        Whether to run every stage again, over files that no run made.
    """

    folder: Path
    settings: Mapping[str, Any]
    command: str
    force: bool = False
    finished: dict[str, dict[str, Any]] = field(default_factory=dict)
    #: Checksums of the files of the last run, whatever its settings.
    known: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        from strain2dos.io._models.model_file import versions

        self.versions = versions()
        self.key = hashlib.sha256(
            json.dumps([self.command, dict(self.settings), self.versions], sort_keys=True).encode()
        ).hexdigest()
        record = self.folder / RECORD
        if record.exists():
            try:
                known = json.loads(record.read_text())
                stages = known["stages"]
                self.known = {
                    name: sum_ for stage in stages.values() for name, sum_ in stage["files"].items()
                }
            except (ValueError, TypeError, KeyError, AttributeError):
                return
            if known.get("key") == self.key and not self.force:
                self.finished = stages

    def execute(self, stages: Sequence[Stage], *, quiet: bool, tell: Callable[[str], None]) -> dict[str, Any]:
        """Work through `stages`, each only if it is not finished, and return all figures by stage."""
        local_path(self.folder).mkdir(parents=True, exist_ok=True)
        with locked(self.folder / RECORD):
            kept = 0
            while kept < len(stages) and self._is_finished(stages[kept]):
                tell(f"{stages[kept].title}: kept from the last run with the same settings")
                kept += 1
            # once a stage runs, what follows it must run too
            self._forget(stages[kept:])
            for stage in stages[kept:]:
                self._work(stage, quiet=quiet)
        return {name: stage["figures"] for name, stage in self.finished.items()}

    def _work(self, stage: Stage, *, quiet: bool) -> None:
        """Run one stage in a folder aside that holds the files of the stages before it."""
        start = time.perf_counter()
        with replacing_together(self.folder, stage.files) as part:
            for name in self.files:
                _lend(self.folder / name, part / name)
            with Progress(stage.title, stage.steps, quiet=quiet) as bar:
                figures = stage.work(part, self.settings, bar)
            self.finished[stage.name] = {
                "figures": figures,
                "seconds": round(time.perf_counter() - start, 2),
                "files": {name: checksum(part / name) for name in stage.files},
            }
            # before the files are in place: what lies there after a kill is then known as made by this run
            self._save()

    @property
    def files(self) -> list[str]:
        """Files of all finished stages, in the order of the stages."""
        return [name for stage in self.finished.values() for name in stage["files"]]

    @property
    def seconds(self) -> dict[str, float]:
        """Wall time of each finished stage, from the run that did it."""
        return {name: stage["seconds"] for name, stage in self.finished.items()}

    def _forget(self, stages: Sequence[Stage]) -> None:
        """Remove what an older run left of `stages`, so that no file of other settings stays behind."""
        names = [name for stage in stages for name in stage.files if (self.folder / name).exists()]
        ours = [name for name in names if checksum(self.folder / name) == self.known.get(name)]
        if len(ours) < len(names) and not self.force:
            raise FileExistsError(
                f"{', '.join(sorted(set(names) - set(ours)))} in {self.folder} is not what a demo run wrote; "
                "move it away, pass --force to overwrite it, or give another folder with -o."
            )
        for stage in stages:
            self.finished.pop(stage.name, None)
        for name in ours:
            (self.folder / name).unlink()

    def _is_finished(self, stage: Stage) -> bool:
        known = self.finished.get(stage.name)
        return known is not None and all(
            (self.folder / name).is_file() and checksum(self.folder / name) == sum_
            for name, sum_ in known["files"].items()
        )

    def _save(self) -> None:
        content = {
            "command": self.command,
            "key": self.key,
            "settings": dict(self.settings),
            "versions": self.versions,
            "stages": self.finished,
        }
        with replacing(self.folder / RECORD) as part:
            part.write_text(json.dumps(content, indent=1))


def _lend(path: Path, place: Path) -> None:
    """Let a file have a second name; a copy where the file system has no such names."""
    try:
        os.link(path, place)
    except OSError:
        shutil.copyfile(path, place)
