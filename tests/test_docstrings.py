# SPDX-License-Identifier: BSD-3-Clause
"""Every public docstring passes numpydoc's validation: parameters, returns and their descriptions."""

import enum
import importlib
import inspect

import pytest

validate = pytest.importorskip("numpydoc.validate", reason="numpydoc comes with the docs extra").validate

PACKAGES = ("", ".raman", ".dos", ".io", ".simulate", ".simulate.dft", ".mapping", ".explain", ".datasets",
            ".report")  # fmt: skip
# What is not asked for: links to other pages, an extended summary, the line on which a docstring starts (ruff
# checks it), and rules that take "transform gives" for the third person and "cm-1" for a word to capitalize.
NOT_ASKED = {"SA01", "ES01", "SS05", "PR08", "RT04", "GL01"}
# First-principles runs take hours; records and errors are made by functions whose examples show them.
WITHOUT_EXAMPLE = {
    "run_plan", "run_ripple", "run_state", "StatesFailedError", "CalibratedRates", "ConsistencyTest",
    "LineJudgment", "SpectraFit", "PhononParameters", "RamanDOS", "in_wavenumbers",
}  # fmt: skip


def public_names():
    """Names of the public classes, their own public members, and functions."""
    seen = set()
    for package in PACKAGES:
        module = importlib.import_module(f"strain2dos{package}")
        for name in module.__all__:
            found = getattr(module, name)
            if id(found) in seen or not (inspect.isclass(found) or inspect.isfunction(found)):
                continue
            seen.add(id(found))
            place = f"{module.__name__}.{name}"
            yield place
            for member, value in vars(found).items() if inspect.isclass(found) else ():
                own = inspect.isfunction(value) or isinstance(value, property | classmethod | staticmethod)
                if own and not member.startswith("_") and not _routes(value):
                    yield f"{place}.{member}"


def _routes(value):
    """Whether scikit-learn wrote the method, for the routing of metadata."""
    return getattr(value, "__module__", "").startswith("sklearn.")


def faults(name):
    result = validate(name)
    parts = name.split(".")
    is_member = parts[-2][:1].isupper()
    held = None if is_member else getattr(importlib.import_module(".".join(parts[:-1])), parts[-1])
    left_out = set(NOT_ASKED)
    if is_member or parts[-1] in WITHOUT_EXAMPLE:
        left_out.add("EX01")
    if inspect.isclass(held) and (issubclass(held, enum.Enum) or "Attributes\n" in result["docstring"]):
        left_out.add(
            "PR01"
        )  # the fields of a record, the members of an enumeration, stand among the attributes
    return [f"{code}: {words}" for code, words in result["errors"] if code not in left_out]


@pytest.mark.parametrize("name", list(public_names()))
def test_a_public_docstring_is_whole(name):
    assert faults(name) == []
