# SPDX-License-Identifier: BSD-3-Clause
"""Pages of the documentation hold every public name, and their code fits into the page."""

import importlib
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
ROOMS = (
    "raman", "dos", "dos.metrics", "mapping", "explain",
    "report", "datasets", "simulate", "simulate.dft", "io",
)  # fmt: skip
PAGES = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / "docs/guide").glob("*.md"), ROOT / "README.md"])
EXAMPLES = sorted((ROOT / "examples").glob("*/plot_*.py"))
NOTEBOOKS = sorted((ROOT / "examples/notebooks").glob("*.ipynb"))
# Where the page is 1400 pixels wide or more, so many columns need no scroll bar.
WIDTH = 85


def documented() -> set[str]:
    """Full names that the API page lists."""
    found, module = set(), ""
    for line in (ROOT / "docs/api/index.rst").read_text().splitlines():
        if line.startswith(".. currentmodule:: "):
            module = line.split()[-1]
        elif re.fullmatch(r"   \w+", line):
            found.add(f"{module}.{line.strip()}")
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_every_public_name_has_a_page(room):
    module = importlib.import_module(f"strain2dos.{room}")
    public = {name for name in module.__all__ if not isinstance(getattr(module, name), ModuleType)}
    assert {f"strain2dos.{room}.{name}" for name in public} - documented() == set()


def test_every_listed_name_exists():
    def missing(name):
        module, _, attribute = name.rpartition(".")
        return not hasattr(importlib.import_module(module), attribute)

    assert [name for name in documented() if missing(name)] == []


def code_lines(page: Path) -> list[str]:
    """Lines inside the code blocks of a Markdown page, those of directives' options left out."""
    inside, found = False, []
    for line in page.read_text().splitlines():
        fence = re.match(r"\s*```(\{code-cell\}|\w*)?", line)
        if fence:
            inside = not inside and bool(fence.group(1))
        elif inside and not line.startswith((":", "    alt", "      ")):
            found.append(line)
    return found


def test_there_is_code_to_measure():
    assert sum(len(code_lines(page)) for page in PAGES) > 200


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_code_of_a_page_fits_into_it(page):
    assert [line for line in code_lines(page) if len(line) > WIDTH] == []


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_code_of_an_example_fits_into_the_page(example):
    assert [line for line in example.read_text().splitlines() if len(line) > WIDTH] == []


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_code_of_a_notebook_fits_into_the_page(notebook):
    cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
    lines = "".join("".join(cell["source"]) + "\n" for cell in cells).splitlines()
    assert [line for line in lines if len(line) > WIDTH] == []


def targets(page: Path) -> list[str]:
    """Relative files that a page links to."""
    links = re.findall(r"\]\(([^)\s]+)\)", page.read_text())
    return [link.split("#")[0] for link in links if "://" not in link and not link.startswith("#")]


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_links_between_files_lead_somewhere(page):
    gallery = ROOT / "docs/gallery"

    def exists(link):
        path = (page.parent / link).resolve()
        if path.is_relative_to(gallery):  # made when the docs are built, one page per script
            script = path.relative_to(gallery).with_suffix(".py")
            return script.stem == "index" or (ROOT / "examples" / script).exists()
        return path.exists()

    assert [link for link in targets(page) if not exists(link)] == []
