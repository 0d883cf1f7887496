# SPDX-License-Identifier: BSD-3-Clause
"""Sphinx settings; `make docs` builds with warnings as errors."""

import os
import sys
from importlib.metadata import version as _version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))
os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("STRAIN2DOS_QUIET", "1")  # pages do not show that something was compiled

project = "strain2dos"
author = "the strain2dos developers"
copyright = "2026, the strain2dos developers"
release = version = _version("strain2dos")

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.viewcode",
    "numpydoc",
    "myst_nb",
    "sphinx_gallery.gen_gallery",
    "sphinx_copybutton",
    "sphinx_design",
    "mathml",
]
html_math_renderer = "mathml"
exclude_patterns = ["_build", *(f"gallery/**.{ending}" for ending in ("ipynb", "py", "md5", "json", "zip"))]
suppress_warnings = ["config.cache"]  # the gallery's sort key is a class, which Sphinx cannot cache

html_theme = "pydata_sphinx_theme"
html_title = "strain2dos"
html_static_path = ["_static"]
html_css_files = ["strain2dos.css"]
html_theme_options = {
    "show_toc_level": 2,
    "navigation_with_keys": False,
    "navbar_end": ["theme-switcher"],
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["theme-version"],
}
html_show_sourcelink = False

autosummary_generate = True
templates_path = ["_templates"]
# Methods that classes inherit from these are documented by their own projects.
_FOREIGN = [
    "BaseEstimator", "RegressorMixin", "TransformerMixin", "OneToOneFeatureMixin", "MetaEstimatorMixin",
    "Pipeline", "_BaseComposition", "CallbackSupportMixin",
    "Enum", "IntEnum", "int", "dict", "tuple", "object",
]  # fmt: skip
_ROUTING = [f"set_{method}_request" for method in ("fit", "partial_fit", "predict", "transform", "score")]
autosummary_context = {
    "foreign_bases": ", ".join(_FOREIGN),
    "left_out": ", ".join([*_ROUTING, "set_output", "get_metadata_routing", "__init__"]),
}
toc_object_entries_show_parents = "hide"
autodoc_typehints = "none"  # the numpydoc sections state types with shapes and units
numpydoc_show_class_members = False
numpydoc_xref_param_type = False
numpydoc_class_members_toctree = False

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3

sphinx_gallery_conf = {
    "examples_dirs": "../examples",
    "gallery_dirs": "gallery",
    "backreferences_dir": "gallery/used",
    "doc_module": ("strain2dos",),
    "filename_pattern": r"/plot_",
    "ignore_pattern": r"notebooks/|__init__",
    "download_all_examples": False,
    "show_signature": False,
    "abort_on_example_error": True,
    "matplotlib_animations": False,
    "image_scrapers": ("matplotlib",),
    "within_subsection_order": "FileNameSortKey",
    "remove_config_comments": True,
    "write_computation_times": False,
}

nb_execution_mode = "force"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_output_stderr = "remove"  # progress bars and notes on missing notebook widgets


def setup(app):
    """Put the notebooks where Sphinx sees them; they are executed from there."""
    import shutil
    from pathlib import Path

    here = Path(__file__).parent
    target = here / "notebooks"
    target.mkdir(exist_ok=True)
    for notebook in (here.parent / "examples" / "notebooks").glob("*.ipynb"):
        shutil.copy2(notebook, target / notebook.name)
