# SPDX-License-Identifier: BSD-3-Clause
"""Models on disk: one skops file that holds the fitted estimator and what is known about it, and no code."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator

from strain2dos._files import check_target, replacing
from strain2dos.io._models.archive import CHECKSUM, pack
from strain2dos.io._models.model_file import (
    FORMAT,
    FORMAT_VERSION,
    TRUSTED_TYPES,
    parts_of,
    read,
    untrusted,
    versions,
)
from strain2dos.io._models.objects import check_states, plain

_RESERVED = ("format", "format_version", "created", "estimator", "versions", CHECKSUM)


def save_model(
    model: BaseEstimator, path: str | os.PathLike[str], *, metadata: dict[str, Any] | None = None
) -> Path:
    """Save a fitted estimator with what must be known to use it: strain unit, training data, versions.

    The file is written beside its final place and renamed, so an interrupted call leaves no half file. It
    carries a checksum of its whole content. Parameters that are a Series or Index, such as `energies`, are
    saved as numpy arrays.

    Parameters
    ----------
    model : estimator
        Any scikit-learn estimator, for instance ``Pipeline(RamanFeaturizer, StandardScaler, DOSRegressor)``.
    path : path-like
        File to write; ``.skops`` is the usual ending. An existing file is replaced, a folder never.
    metadata : dict, optional
        Plain JSON values to keep in the same file, for instance ``{"strain_unit": "fraction"}``.

    Returns
    -------
    Path
        The file written.

    Raises
    ------
    OSError
        If a folder or a device stands at `path`, its folder is absent, or the disk is full.
    TypeError
        If `model` is no estimator, or `metadata` holds a value that JSON has no word for.
    ValueError
        If `metadata` uses a key that the file keeps for itself.

    Warns
    -----
    UserWarning
        If the model holds types that `load_model` will refuse unless they are named in ``trusted``.

    See Also
    --------
    load_model : Read the model back.
    read_metadata : Read what is known about the model without building it.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn.linear_model import LinearRegression
    >>> from strain2dos.io import load_model, read_metadata, save_model
    >>> model = LinearRegression().fit([[0.0], [0.01]], [1.58, 1.48])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_model(
    ...         model, Path(folder) / "gap.skops", metadata={"strain_unit": "fraction"}
    ...     )
    ...     gap = load_model(path).predict([[0.02]])
    ...     unit = read_metadata(path)["strain_unit"]
    >>> gap.round(3).tolist(), unit
    ([1.38], 'fraction')
    """
    import skops.io

    if not isinstance(model, BaseEstimator):
        raise TypeError(f"model must be a scikit-learn estimator, but it is a {type(model).__name__}.")
    check_target(path)
    header = _header(model, metadata or {})
    blob = pack(parts_of(skops.io.dumps(plain(model))), header)
    unknown = untrusted(blob, ())
    if unknown:
        warnings.warn(
            f"load_model will refuse {path} unless it is called with trusted={unknown}: these types belong "
            "neither to strain2dos nor to the types that skops trusts.",
            UserWarning,
            stacklevel=2,
        )
    with replacing(path) as part:
        part.write_bytes(blob)
    return Path(path)


def load_model(
    path: str | os.PathLike[str], *, trusted: Sequence[str] = (), return_metadata: bool = False
) -> Any:
    """Load a model saved by `save_model` without running any code from the file.

    Parameters
    ----------
    path : path-like
        File to read.
    trusted : sequence of str, default=()
        Full names of further types to accept, such as ``"mylab.models.Calibrator"``. Name only types whose
        code you know. The estimators of strain2dos and the scikit-learn, NumPy and SciPy types that skops
        trusts need no naming.
    return_metadata : bool, default=False
        Whether to return the metadata too.

    Returns
    -------
    estimator or (estimator, dict)
        The fitted model, and with ``return_metadata=True`` the metadata of `read_metadata`.

    Raises
    ------
    TypeError
        If the file holds types that are not trusted; all are named, and nothing of the file was built.
    ValueError
        If the file is no model, is damaged or was changed, unpacks to far more than it holds, or was written
        in another format than this version reads.

    Warns
    -----
    UserWarning
        If the model was saved with other versions of the packages it needs.

    Examples
    --------
    See `save_model`.
    """
    import skops.io

    path = Path(path)
    blob, metadata = read(path)
    unknown = untrusted(blob, trusted, path)
    if unknown:
        raise TypeError(
            f"{path} holds types that are not known to be safe, so nothing of it was loaded: "
            f"{', '.join(unknown)}. If you know the code behind every one of them and who made the file, "
            f"pass trusted={unknown}; otherwise do not use the file."
        )
    _warn_of_other_versions(path, metadata.get("versions", {}))
    try:
        with warnings.catch_warnings():
            # scikit-learn would repeat the warning above for each step
            from sklearn.exceptions import InconsistentVersionWarning

            warnings.simplefilter("ignore", InconsistentVersionWarning)
            model = skops.io.loads(blob, trusted=[*TRUSTED_TYPES, *trusted])
            check_states(model)
    except Exception as error:
        raise ValueError(
            f"{path} could not be built ({type(error).__name__}: {error}); the file is damaged, or it needs "
            f"the versions it was saved with: {metadata.get('versions', 'not recorded')}."
        ) from error
    if not isinstance(model, BaseEstimator):
        raise ValueError(f"{path} holds a {type(model).__name__}, not an estimator; give a model file.")
    return (model, metadata) if return_metadata else model


def read_metadata(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the metadata of a model file, without building the model.

    Parameters
    ----------
    path : path-like
        A file written by `save_model`.

    Returns
    -------
    dict
        ``format_version``, ``created`` (UTC), ``estimator`` (name of the class or of the pipeline's steps),
        ``versions`` of the packages, and the keys given to `save_model`. Empty for a skops file that was
        written by other means.

    Raises
    ------
    ValueError
        If the file is no model, is damaged, or was written in a newer format than this version reads.

    Examples
    --------
    See `save_model`.
    """
    return read(Path(path))[1]


def _header(model: BaseEstimator, metadata: dict[str, Any]) -> dict[str, Any]:
    clash = sorted(set(metadata) & set(_RESERVED))
    if clash:
        raise ValueError(
            f"metadata may not use the keys {clash}, which the file keeps for itself; rename them."
        )
    for key, value in metadata.items():
        try:
            json.dumps({key: value})
        except (TypeError, ValueError) as error:
            raise TypeError(
                f"metadata[{key!r}] must be a plain JSON value, but {value!r} is a {type(value).__name__} "
                f"({error}); convert arrays with .tolist() and numpy numbers with .item()."
            ) from error
    steps = [step for _, step in model.steps] if hasattr(model, "steps") else [model]
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "estimator": " -> ".join(type(step).__name__ for step in steps),
        "versions": versions(),
        **metadata,
    }


def _warn_of_other_versions(path: Path, saved: dict[str, str]) -> None:
    here = versions()
    other = {
        name: was
        for name, was in saved.items()
        # numpy and torch only hold the arrays; a patch release of theirs changes nothing that is used here
        if name in here and _relevant(name, was) != _relevant(name, here[name])
    }
    if other:
        by = ", ".join(f"{name} {was} (now {here[name]})" for name, was in other.items())
        warnings.warn(
            f"{path} was saved with {by}. Predictions may differ; check them on known spectra, or train "
            "the model again with the versions you have.",
            UserWarning,
            stacklevel=3,
        )


def _relevant(name: str, number: str) -> str:
    return ".".join(number.split(".")[:2]) if name in ("numpy", "torch") else number
