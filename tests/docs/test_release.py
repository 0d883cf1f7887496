# SPDX-License-Identifier: BSD-3-Clause
"""The version is stated once; files that repeat it agree."""

import re
import tomllib
from pathlib import Path

import strain2dos

ROOT = Path(__file__).parents[2]


def test_the_build_reads_the_version_from_the_package():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" in settings["project"]["dynamic"]
    source = (ROOT / settings["tool"]["hatch"]["version"]["path"]).read_text()
    assert f'__version__ = "{strain2dos.__version__}"' in source


def test_the_citation_names_this_version():
    found = re.search(r"^version: (\S+)$", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)
    assert found is not None
    assert found.group(1) == strain2dos.__version__


def test_docs_dependencies_hold_what_its_settings_load():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    docs = " ".join(extras["docs"])
    for package in (
        "myst-nb",
        "numpydoc",
        "sphinx-gallery",
        "sphinx-copybutton",
        "sphinx-design",
        "latex2mathml",
    ):
        assert package in docs
