# SPDX-License-Identifier: BSD-3-Clause
"""Messages of the package in the words of a command: its options in place of arguments of Python."""

from __future__ import annotations

import inspect
import re
import typing
from collections.abc import Callable, Mapping
from typing import Any

from typer.models import ArgumentInfo, ParameterInfo

# Options whose argument in the package has another name.
_ARGUMENT_OF = {
    "laser": "laser_nm",
    "unstrained_region": "region",
    "pl_unit": "unit",
    "scaled_copies": "drop_scaled_copies",
    "seed": "random_state",
    "members": "n_members",
    "epochs": "max_epochs",
}
# Words in parentheses that name one of these are meant for Python.
_FUNCTIONS = (
    r"cube(?=\W)|fit_pl|load_dft|map_flake|raman_pipeline|read_dos_table|read_strain_map|region_mean|"
    "StrainDopingSeparator"
)
_VALUE = r"""'[^']*'|"[^"]*"|\{[^}]*\}|[\w+-]+(?:\.\d+)?"""
_SAYS = r"(?=(?: \([^)]*\))? (?:must|is|has|holds|names|needs|lies)\b)"


def options_of(command: Callable[..., Any]) -> dict[str, str]:
    """Spell the options and arguments of a command, by the names that the package has for them.

    Parameters
    ----------
    command : callable
        A function that typer runs.

    Returns
    -------
    dict
        Such as ``{"laser_nm": "--laser", "csv": "--csv/--no-csv", "source": "SOURCE"}``.
    """
    spelled: dict[str, str] = {}
    hints = typing.get_type_hints(command, include_extras=True)
    for name in inspect.signature(command).parameters:
        info = next(
            (i for i in getattr(hints.get(name), "__metadata__", ()) if isinstance(i, ParameterInfo)), None
        )
        # typer holds the first spelling where a default would stand
        words = [getattr(info, "default", None), *(getattr(info, "param_decls", None) or ())]
        long = [word for word in words if isinstance(word, str) and word.startswith("--")]
        option = long[0] if long else f"--{name.replace('_', '-')}"
        if isinstance(info, ArgumentInfo):
            option = (info.metavar or name.upper()).rpartition("|")[2]
        spelled |= {name: option, _ARGUMENT_OF.get(name, name): option}
    return spelled


def in_options(text: str, options: Mapping[str, str]) -> str:
    """Name the options of a command where a message names arguments of Python.

    Parameters
    ----------
    text : str
        Message of an exception or a warning.
    options : mapping of str to str
        From `options_of`. Other arguments stay as they are.

    Examples
    --------
    >>> from strain2dos.cli._common.wording import in_options
    >>> known = {"reference": "--reference", "laser_nm": "--laser"}
    >>> in_options("calibrate it by reference='Si', or pass laser_nm=532.0.", known)
    'calibrate it by --reference Si, or pass --laser 532.0.'
    >>> in_options("laser_nm is 5320, but lasers have 200 to 2000 nm.", known)
    '--laser is 5320, but lasers have 200 to 2000 nm.'
    """
    text = re.sub(rf" \((?:[^()]*[ .])?(?:[\w.]+\.)?(?:{_FUNCTIONS})\b[^()]*\)", "", text)
    if not options:
        return text
    names = "|".join(sorted(map(re.escape, options), key=len, reverse=True))
    text = re.sub(rf"^The '({names})' parameter of \w+(?= must)", lambda m: _plain(options[m[1]]), text)
    text = re.sub(rf"^({names})(?:\[(['\"])(.*?)\2\])?{_SAYS}", lambda m: _subject(options[m[1]], m[3]), text)
    return re.sub(rf"(?<![\w`.-])({names})=({_VALUE})?", lambda m: _given(options[m[1]], m[2]), text)


def _plain(option: str) -> str:
    return option.partition("/")[0]


def _subject(option: str, key: str | None) -> str:
    return _plain(option) if key is None else f"{_plain(option)} ({key})"


def _given(option: str, value: str | None) -> str:
    """Spell an option with its value; numbers of a mapping stand side by side."""
    on, _, off = option.partition("/")
    if value in ("None", "False"):
        return off or f"no {on}"
    if value is None or off:
        return on
    if value.startswith("{"):
        value = ",".join(re.findall(r": ([-+.\d]+)", value))
    return f"{on} {value.strip(chr(34) + chr(39))}"
