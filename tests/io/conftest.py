# SPDX-License-Identifier: BSD-3-Clause
"""Small files in the layouts of instruments."""

import struct

import numpy as np
import pytest

AXIS = np.array([412.0, 408.5, 405.0, 401.25])
HEADER = (
    "#Laser (nm)=\t532 \r\n#Detector temperature (°C)=\t-75\r\n#AxisType[0]=Intens\r\n#AxisUnit[0]=Cnt\r\n"
    "#AxisType[1]=Spectr\r\n#AxisUnit[1]=1/cm\r\n#AxisType[2]=X\r\n#AxisUnit[2]=µm\r\n"
)


def counts(y, x):
    """An intensity that tells position and point apart."""
    return 1000 * y + 100 * x + np.arange(4)


def labspec_map(ys=(-2.0, 0.5, 3.0), xs=(10.0, 12.5)):
    rows = ["\t".join(["", "", *map(str, AXIS)])]
    rows += ["\t".join(map(str, [y, x, *counts(y, x)])) for y in ys for x in xs]
    return HEADER + "#AxisType[3]=Y\r\n#AxisUnit[3]=µm\r\n" + "\r\n".join(rows) + "\r\n"


def line_scan(rows=((3, 3), (2, 2), (1, 1))):
    lines = ["\t" + "\t".join(map(str, AXIS)), *(f"{place}\t1\t2\t3\t{last}" for place, last in rows)]
    return HEADER + "".join(f"{line}\r\n" for line in lines)


def long_form(ys=(1.5, 2.5), xs=(1.0, 2.0, 3.0)):
    rows = [f"{x}\t{y}\t{s}\t{v}" for y in ys for x in xs for s, v in zip(AXIS, counts(y, x), strict=True)]
    return "#X\t\t#Y\t\t#Wave\t\t#Intensity\n" + "\n".join(rows) + "\n"


def wdf(rows=2, columns=3, taken=None, order=None):
    """A Renishaw map with header, spectra, axis, origins and map area, in any order of acquisition."""
    points, planned = AXIS.size, rows * columns
    taken = planned if taken is None else taken
    y, x = (part.ravel()[order if order is not None else slice(None)] for part in np.mgrid[:rows, :columns])
    data = np.zeros((planned, points), "<f4")
    data[:taken] = np.array([counts(i, j) for i, j in zip(y, x, strict=True)])[:taken]
    header = bytearray(496)
    struct.pack_into("<IQQ", header, 44, points, planned, taken)
    struct.pack_into("<I", header, 116, 3)
    struct.pack_into("<I", header, 136, 6)
    origins = struct.pack("<I", 2)
    for kind, place in ((3, -5 + 2.0 * x), (4, 1 + 0.5 * y)):
        origins += struct.pack("<II16s", kind, 5, b"") + (place + 0.01).astype("<f8").tobytes()
    area = struct.pack("<II6f4I", 0, 0, -5, 1, 0, 2, 0.5, 0, columns, rows, 1, 0)
    blocks = [(b"WDF1", bytes(header)), (b"DATA", data.tobytes())]
    blocks += [(b"XLST", struct.pack("<II", 1, 1) + AXIS.astype("<f4").tobytes()), (b"ORGN", origins)]
    blocks += [(b"WMAP", area), (b"TEXT", b"a remark")]
    return b"".join(struct.pack("<4sIQ", name, 0, 16 + len(body)) + body for name, body in blocks)


@pytest.fixture(scope="session")
def layouts():
    """Makers of files in the layouts of instruments."""

    class Layouts:
        axis, header = AXIS, HEADER

    Layouts.counts = staticmethod(counts)
    Layouts.labspec_map = staticmethod(labspec_map)
    Layouts.line_scan = staticmethod(line_scan)
    Layouts.long_form = staticmethod(long_form)
    Layouts.wdf = staticmethod(wdf)
    return Layouts


@pytest.fixture
def write(tmp_path):
    """Write a file and return its path."""

    def _write(content, name="file.txt"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return _write
