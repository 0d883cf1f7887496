# SPDX-License-Identifier: BSD-3-Clause
"""The question mark in an estimator's picture leads to its page of the documentation."""

from __future__ import annotations

import os
from pathlib import Path

_BUILT = Path(__file__).resolve().parents[2] / "docs" / "_build" / "html"


class DocLinks:
    """Mark an estimator of this package, so that scikit-learn's HTML repr links to its page.

    The documentation is where the environment variable STRAIN2DOS_DOCS points, an address or a folder, else
    what ``make docs`` built in the checkout. Where there is neither, there is no link.
    """

    _doc_link_module = "strain2dos"

    @property
    def _doc_link_template(self) -> str:
        place = os.environ.get("STRAIN2DOS_DOCS") or (str(_BUILT) if _BUILT.is_dir() else "")
        if not place:
            return ""
        root = place.rstrip("/") if "://" in place else Path(place).resolve().as_uri()
        return f"{root}/api/generated/{{estimator_module}}.{{estimator_name}}.html"
