# SPDX-License-Identifier: BSD-3-Clause
"""Check the links between pages of the built documentation, that pages load nothing from elsewhere, and that
no output shows an object by its address in memory or a file by its place on the machine that built it.

python docs/check_links.py docs/_build/html
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """What a page links to, what it loads, and the places in it that a link can lead to."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.anchors: set[str] = set()
        self.texts: list[str] = []
        self.feed(path.read_text(errors="replace"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect a tag's references."""
        given = {name: value for name, value in attrs if value}
        self.anchors |= {given[name] for name in ("id", "name") if name in given}
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag in ("script", "img", "iframe") and "src" in given:
            self.loaded.append(given["src"])
        elif tag == "link" and given.get("rel") in ("stylesheet", "preload", "icon"):
            self.loaded.append(given.get("href", ""))

    def handle_data(self, data: str) -> None:
        """Collect what a reader sees."""
        self.texts.append(data)


REPOSITORY = Path(__file__).resolve().parents[1]


def trouble(root: Path) -> list[str]:
    """Links that lead nowhere, things loaded from other hosts and leftovers, each with its page."""
    pages = {
        path.resolve(): Page(path) for path in sorted(root.rglob("*.html")) if "_static" not in path.parts
    }
    found = []
    for path, page in pages.items():
        name = path.relative_to(root.resolve())
        text = " ".join(page.texts)
        leftovers = (" object at 0x", f"{REPOSITORY}/")
        found += [f"{name} shows {leftover!r}" for leftover in leftovers if leftover in text]
        for link in page.links + page.loaded:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                if link in page.loaded and parts.scheme != "data":
                    found.append(f"{name} loads {link}")
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target = target / "index.html"
            if not target.exists():
                found.append(f"{name} links to {link}, which is not there")
            elif parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors:
                found.append(f"{name} links to {link}, whose anchor is not there")
    return found


if __name__ == "__main__":
    lines = trouble(Path(sys.argv[1]))
    print("\n".join(lines) if lines else "all links between pages lead somewhere")
    sys.exit(bool(lines))
