# SPDX-License-Identifier: BSD-3-Clause
"""Equations as MathML, which browsers draw themselves: no script, no network."""

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx


def inline(self, node: nodes.math) -> None:
    """Write an equation within a sentence."""
    self.body.append(convert(node.astext(), display="inline"))
    raise nodes.SkipNode


def block(self, node: nodes.math_block) -> None:
    """Write an equation on a line of its own."""
    self.body.append(self.starttag(node, "div", CLASS="math"))
    latex = node.astext().replace("{aligned}", "{split}")  # the same, by the name that the converter takes
    self.body.append(convert(latex, display="block"))
    self.body.append("</div>")
    raise nodes.SkipNode


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the renderer to Sphinx."""
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
