# SPDX-License-Identifier: BSD-3-Clause
"""A long run as a chain of stages: what is finished is reused, what is interrupted leaves no half file."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from strain2dos._files import replacing

RECORD = "run.json"


class Progress:
    """The bar of one stage; `step` moves it."""

    def __init__(self, title: str, total: int, *, quiet: bool) -> None:
        from tqdm import tqdm

        layout = "{desc:<34}{percentage:3.0f}% |{bar:24}| {n_fmt}/{total_fmt} [{elapsed}]"
        self._bar = tqdm(total=total, desc=title, disable=quiet, file=sys.stderr, bar_format=layout)

    def step(self, count: int = 1) -> None:
        """Move the bar on by `count`."""
        self._bar.update(count)

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, *details: object) -> None:
        """Leave the bar on screen, full unless there was an error."""
        if kind is None:
            self._bar.update(self._bar.total - self._bar.n)
        self._bar.close()


@dataclass(frozen=True)
class Stage:
    """One stage of a run.

    Attributes
    ----------
    name : str
        Key in the record.
    title : str
        What the progress bar says.
    files : sequence of str
        Names of the files, inside the run's folder, that exist when the stage is finished.
    work : callable
        ``work(folder, settings, progress)`` writes the files and returns figures as plain values.
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
    """

    folder: Path
    settings: Mapping[str, Any]
    command: str
    finished: dict[str, dict[str, Any]] = field(default_factory=dict)

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
            except json.JSONDecodeError:
                return
            if known.get("key") == self.key:
                self.finished = known["stages"]

    def execute(self, stages: Sequence[Stage], *, quiet: bool, tell: Callable[[str], None]) -> dict[str, Any]:
        """Work through `stages`, each only if it is not finished, and return all figures by stage."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = False  # once a stage ran, what follows it must run too
        for stage in stages:
            if not fresh and self._is_finished(stage):
                tell(f"{stage.title}: kept from the last run with the same settings")
                continue
            if not fresh:
                self._forget(stages[stages.index(stage) :])
            fresh = True
            start = time.perf_counter()
            with Progress(stage.title, stage.steps, quiet=quiet) as bar:
                figures = stage.work(self.folder, self.settings, bar)
            self.finished[stage.name] = {
                "figures": figures,
                "seconds": round(time.perf_counter() - start, 2),
                "files": {name: _size(self.folder / name) for name in stage.files},
            }
            self._save()
        return {name: stage["figures"] for name, stage in self.finished.items()}

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
        for stage in stages:
            self.finished.pop(stage.name, None)
            for name in stage.files:
                (self.folder / name).unlink(missing_ok=True)

    def _is_finished(self, stage: Stage) -> bool:
        known = self.finished.get(stage.name)
        return known is not None and all(
            (self.folder / name).exists() and _size(self.folder / name) == size
            for name, size in known["files"].items()
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


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1
