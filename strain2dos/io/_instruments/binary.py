# SPDX-License-Identifier: BSD-3-Clause
"""Instrument formats that the optional readers of the extra ``io`` understand."""

from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from strain2dos.io._common.array import SpectraBuilder
from strain2dos.io._instruments.optional import import_optional, naming_file, silenced

_SPC_UNITS = {"XRAMANS": "cm-1", "XWAVEN": "cm-1", "XNMETR": "nm", "XUMETR": "um", "XEV": "eV"}
_SPC = "Galactic .spc"
#: Readers of RosettaSciIO by suffix, what they read, and their options.
_READERS: dict[str, tuple[str, str, dict[str, Any]]] = {
    ".xml": ("jobinyvon", "Horiba .xml", {}),
    ".tvf": ("trivista", "TriVista .tvf", {"use_uniform_signal_axis": False}),
}
#: Bits of the first byte of an .spc file.
_SINGLE, _OWN_AXES, _AXIS = 0x01, 0x40, 0x80


def read_xml(path: Path, *, limit: int) -> xr.DataArray:
    """Read a Horiba .xml or a TriVista .tvf file through RosettaSciIO.

    Parameters
    ----------
    path : Path
        The file; its suffix tells which of them it is.
    limit : int
        Bytes of spectra that may be held in memory; those of these formats are always.

    Raises
    ------
    ImportError
        When RosettaSciIO is not installed.
    ValueError
        When the reader fails or the file holds no spectra.
    """
    name, layout, options = _READERS.get(path.suffix.lower(), _READERS[".xml"])
    with silenced():
        module = import_optional(f"rsciio.{name}", path)
    # a second time: importing the reader sets its log level anew
    with silenced(), naming_file(path, name):
        found = _contents(module.file_reader(str(path), **options)[0])
    shift, rows, positions, units, about = found
    builder = SpectraBuilder(path, shift, len(rows), max(limit, rows.nbytes), positions, units, about, layout)
    builder.add(slice(None), rows)
    return builder.result()


def _contents(content: dict[str, Any]) -> tuple[Any, Any, dict[str, Any], dict[str, str], dict[str, Any]]:
    """Axis, spectra, positions, units and header of what RosettaSciIO found."""
    data = np.asarray(content["data"], dtype=np.float64)
    *places, spectral = content["axes"]
    shift = _values(spectral)
    expected = (*(int(axis["size"]) for axis in places), shift.size)
    if data.shape != expected:
        raise ValueError(f"spectra of shape {data.shape} on axes of shape {expected}")
    about = content["original_metadata"].get("experimental_setup", content["original_metadata"])
    # against the laser line it is named a Raman shift
    absolute = "absolute " if spectral.get("name") == "Wavenumber" else ""
    units = {"shift": absolute + str(spectral.get("units") or "cm-1")}
    units |= {str(axis["name"]).lower(): str(axis.get("units") or "um") for axis in places}
    units |= {"intensity": str(about["signal units"])} if about.get("signal units") else {}
    mesh = np.meshgrid(*(_values(axis) for axis in places), indexing="ij")
    positions = {str(axis["name"]).lower(): m.ravel() for axis, m in zip(places, mesh, strict=True)}
    if len(positions) < len(places) or {"n", "shift"} & set(positions):
        raise ValueError(f"axes are named {[axis.get('name') for axis in places]}")
    if not data.size:
        raise ValueError("no spectra")
    return shift, data.reshape(-1, shift.size), positions, units, about


def _values(axis: dict[str, Any]) -> NDArray[np.float64]:
    if "axis" in axis:
        return np.asarray(axis["axis"], dtype=np.float64)
    return np.float64(axis["offset"]) + np.float64(axis["scale"]) * np.arange(int(axis["size"]))


def read_spc(path: Path, *, limit: int) -> xr.DataArray:
    """Read a Galactic .spc file through spc-io.

    Parameters
    ----------
    path : Path
        The file.
    limit : int
        Bytes of spectra that may be held in memory; those of this format are always.

    Raises
    ------
    ImportError
        When spc-io is not installed.
    ValueError
        When the reader fails, or the spectra of the file do not share one axis.
    """
    with silenced():
        module = import_optional("spc_io", path)
        with naming_file(path, "spc-io"):
            content = path.read_bytes()
            _check_sizes(content)
            # a copy in memory: reads beyond its end are short, while those of a file claim memory first
            found = module.SPC.from_bytes_io(io.BytesIO(content))
            axes = [np.asarray(sub.xarray, dtype=np.float64) for sub in found]
            rows = [np.asarray(sub.yarray, dtype=np.float64) for sub in found]
            depth = [sub.z for sub in found]
            unit = _SPC_UNITS.get(str(found.xtype), str(found.xtype))
            counts = "counts" if str(found.ytype) == "YCOUNT" else "arbitrary"
    if not axes or any(not np.array_equal(axis, axes[0]) for axis in axes):
        raise ValueError(f"{path} holds {len(axes)} spectra without one common axis; export them one by one.")
    positions = {"z": np.array(depth)} if len(rows) > 1 and None not in depth else {}
    units = {"shift": unit, "intensity": counts}
    size = 8 * len(rows) * axes[0].size
    builder = SpectraBuilder(path, axes[0], len(rows), max(limit, size), positions, units, layout=_SPC)
    builder.add(slice(None), np.array(rows))
    return builder.result()


def _check_sizes(content: bytes) -> None:
    """Refuse a header that claims more points than the file has bytes."""
    flags, version = content[0], content[1]
    points, spectra = struct.unpack_from("<I", content, 4)[0], struct.unpack_from("<I", content, 24)[0]
    if version == 0x4B and not flags & _OWN_AXES:
        each = 2 if flags & _SINGLE else 4
        needed = 512 + spectra * (32 + each * points) + (4 * points if flags & _AXIS else 0)
        if needed > len(content):
            raise ValueError(
                f"{spectra} spectra of {points} points need {needed} bytes, but there are {len(content)}"
            )
