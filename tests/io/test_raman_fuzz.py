# SPDX-License-Identifier: BSD-3-Clause
"""Damaged files of every layout: an ascending array, or an error that names the file, and nothing else."""

import gzip
import shutil
import time
import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strain2dos.datasets import make_raman_map
from strain2dos.io import read_raman

resource = pytest.importorskip("resource", reason="peak memory comes from getrusage, which Windows lacks")

INSERTS = [b"\t", b"\n", b"-", b"nan", b"#", b"\x00", b"\xb5", b";", b"\r", b",", b"_", b"1e999", b"inf"]
INSERTS += [b"\xff\xff\xff\x7f", b"\x00\x00\x00\x40", b"\x00\x00\x00\x00\x00\x00\x00\x10"]
MEASURED = {
    "map.wdf": "rsciio_renishaw_test_map.wdf",
    "map.xml": "rsciio_jobinyvon_test_map_x3-y2.xml",
    "spectrum.spc": "MoS2_PL.spc",
}
#: Bytes: none of the files decodes to more than a tenth of it.
ROOM = 2**28
#: Seconds of this process that reading one may take.
PATIENCE = 5.0

damage = st.lists(
    st.tuples(
        st.sampled_from(["cut", "byte", "bit", "insert", "delete", "repeat"]),
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 2**16),
        st.booleans(),
    ),
    min_size=1,
    max_size=6,
)


def damaged(content, steps):
    """Apply each step at a share of the length, or of the first 600 bytes, where the headers are."""
    content = bytearray(content)
    for action, share, value, early in steps:
        place = int(share * (min(len(content), 600) if early else len(content)))
        if action == "cut":
            del content[max(place, 1) :]
        elif action == "byte" and content:
            content[place] = value % 256
        elif action == "bit" and content:
            content[place] ^= 1 << value % 8
        elif action == "insert":
            content[place:place] = INSERTS[value % len(INSERTS)]
        elif action == "delete" and len(content) > 20:
            del content[place : place + 1 + value % 9]
        elif action == "repeat":
            content[place:place] = content[place : place + 1 + value % 60]
    return bytes(content)


def reads_or_refuses(path):
    try:
        with warnings.catch_warnings(record=True) as heard:
            warnings.simplefilter("always")
            cube, message = read_raman(path), None
    except (ValueError, ImportError) as error:
        cube, message = None, str(error)
    if cube is None:
        assert path.name in message
        return
    assert cube.ndim in (2, 3)
    assert cube.dims[-1] == "shift"
    assert (np.diff(cube["shift"]) > 0).all()
    assert cube.dtype.kind in "fiu"
    for one in heard:
        assert one.category is UserWarning, one
        assert path.name in str(one.message)


def reads_or_refuses_soon(path):
    start = time.process_time()
    reads_or_refuses(path)
    assert time.process_time() - start < PATIENCE


INSTRUMENTS = {
    "witec.txt": "[Header]\nSizeX = 3\nSizeY = 3\nXAxisUnit = nm\n\n[Data]\nX-Axis"
    + ",S" * 9
    + "\nnm"
    + ",cts" * 9
    + "".join(f"\n{600 + k}.5" + ",7" * 9 for k in range(4)),
    "labels.txt": "X-Axis\tF(0/0)\tF(1/0)\tF(0/1)\tF(1/1)\n9\t1\t2\t3\t4\n8\t1\t2\t3\t4\n",
    "truematch.txt": "[WITEC_TRUEMATCH_ASCII_HEADER]\nVersion = 1.0\n"
    + "[SpectrumHeader]\nTitle = P\nSpectrumSize = 2\nXDataKind = nm\n[SampleMetaData]\nLength = 2.5\n"
    "[SpectrumData]\n600\t5\n601\t6\n" * 2,
    "solis.asc": "380.5,1,2,3,\n381.5,4,5,6,\n382.5,7,8,9,\n\nDate and Time: today\nExposure Time: 0.5\n",
    "ocean.txt": "Date: today\nXAxis mode: Wavelengths\n>>>>>Begin Spectral Data<<<<<\n600\t5\n601\t6\n"
    ">>>>>End Spectral Data<<<<<\n",
    "jasco.txt": "TITLE,\nXUNITS,NANOMETERS\nNPOINTS,3\nXYDATA\n600,5\n601,6\n602,7\n\n[Comments]\nName,x\n",
    "bwtek.csv": "laser_wavelength;785\nPixel;Wavelength;Raman Shift;Raw data #1;Dark Subtracted #1;\n"
    "0;800;380,5;100;5;\n1;801;381,5;100;6;\n2;802;;100;6;\n",
    "sites.csv": "Sites\nX;Y;\n0;0;380;381;382;\n0;0;5;7;6;\n9;0;380;381;382;\n9;0;5;7;6;\n",
    "pandas.csv": ",x,y,shift,intensity\n0,1,1,380.5,5\n1,1,1,381.5,NA\n2,2,1,380.5,5\n3,2,1,381.5,6\n",
    "spectrum.jdx": "##TITLE=x\n##XFACTOR=0.5\n##LASTX=382\n##NPOINTS=3\n##XYDATA=(X++(Y..Y))\n"
    "760 1 2 3\n##END=\n",
    "jitter.csv": "y,x,380,381\n" + "".join(f"{k // 4}.01,{k % 4}.0{k % 3},{k},5\n" for k in range(16)),
}


def whole_files(layouts, folder):
    """A file of each layout, by name."""
    data = make_raman_map((8, 8), random_state=0).intensity[:, :3, :40]
    data.to_netcdf(folder / "classic.nc", engine="scipy")
    data.to_netcdf(folder / "map.nc", engine="h5netcdf", encoding={"intensity": {"zlib": True}})
    labspec = layouts.labspec_map().encode("latin-1")
    return {
        "columns.txt": b"# a remark\n384.5\t20\n385.0\t90.5\n386.5\t30\n387\t20\n",
        "spectrum.txt": (layouts.header + "600\t5\r\n601\t6\r\n602\t7\r\n").encode("latin-1"),
        "line.txt": layouts.line_scan().encode("latin-1"),
        "map.txt": labspec,
        "map.gz": gzip.compress(labspec),
        "wafer.csv": b"Sites\nX;Y;380;381;382;\n0.0;0.0;1;2;3;\n29.7;-1.5;4;5;6;\n7;8;7;8;9;\n",
        "comma.csv": b"X;Y;380,5;381,5;\n0,0;0,0;1;2,25;\n29,7;-1,5;4;5;\n7;8;7;8;\n",
        "table.csv": b"#units[x]=um\ny,x,380,381\n1,1,1,2\n1,2,3,4\n2,1,5,6\n2,2,7,8\n",
        "points.txt": layouts.long_form().encode(),
        "made.wdf": layouts.wdf(),
        "classic.nc": (folder / "classic.nc").read_bytes(),
        "map.nc": (folder / "map.nc").read_bytes(),
        **{name: text.encode() for name, text in INSTRUMENTS.items()},
    }


@pytest.fixture(scope="module")
def whole(layouts, tmp_path_factory):
    """Content of a file of each layout, by name.

    Each is read once here: the patience is for damaged files, not for making data and importing readers,
    which the first example would otherwise pay for.
    """
    folder = tmp_path_factory.mktemp("whole")
    contents = whole_files(layouts, folder)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        reads_or_refuses(folder / name)
    return contents


@pytest.fixture
def measured(name, reference_dir):
    """Content of a measured file, whose reader has been imported."""
    reads_or_refuses(reference_dir / "raman" / MEASURED[name])
    return (reference_dir / "raman" / MEASURED[name]).read_bytes()


@pytest.fixture
def store(version, tmp_path):
    """A whole Zarr store, read once."""
    pytest.importorskip("zarr", reason="zarr is an optional dependency")
    path = tmp_path / "whole.zarr"
    data = make_raman_map((8, 8), random_state=0).intensity[:, :3, :40].to_dataset()
    chunks = {"intensity": {"chunks": (4, 3, 40)}}
    data.to_zarr(path, consolidated=False, zarr_format=version, encoding=chunks)
    reads_or_refuses(path)
    return path


NAMES = [
    "columns.txt",
    "spectrum.txt",
    "line.txt",
    "map.txt",
    "map.gz",
    "wafer.csv",
    "comma.csv",
    "table.csv",
]
NAMES += ["points.txt", "made.wdf", "classic.nc", "map.nc", *INSTRUMENTS]
# hypothesis warns of the size of the files that it prints, which as an error would hide the failure
pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")
fuzz = settings(
    max_examples=400,
    deadline=None,  # of time on the clock, which other processes share
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("name", NAMES)
@fuzz
@given(steps=damage)
def test_a_damaged_file_is_read_or_refused_by_name(steps, name, whole, tmp_path):
    path = tmp_path / f"damaged-{name}"
    path.write_bytes(damaged(whole[name], steps))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reads_or_refuses_soon(path)
    assert 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < ROOM


@pytest.mark.reference
@pytest.mark.parametrize("name", MEASURED)
@fuzz
@given(steps=damage)
def test_a_damaged_instrument_file_is_read_or_refused_by_name(steps, name, measured, tmp_path):
    path = tmp_path / name
    path.write_bytes(damaged(measured, steps))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    reads_or_refuses_soon(path)
    assert 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) < ROOM


@pytest.mark.parametrize("version", [2, 3])
@settings(fuzz, max_examples=80)
@given(steps=damage, which=st.integers(0, 100), lost=st.booleans())
def test_a_damaged_zarr_store_is_read_or_refused_by_name(steps, which, lost, store, tmp_path):
    path = tmp_path / "damaged.zarr"
    shutil.rmtree(path, ignore_errors=True)
    shutil.copytree(store, path)
    files = sorted(file for file in path.rglob("*") if file.is_file())
    file = files[which % len(files)]
    content = damaged(file.read_bytes(), steps)
    file.unlink()
    if not lost:
        file.write_bytes(content)
    reads_or_refuses_soon(path)
