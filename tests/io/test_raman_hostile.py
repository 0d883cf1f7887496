# SPDX-License-Identifier: BSD-3-Clause
"""Files that show other files, or unpack to far more than spectra, are refused at once."""

import bz2
import gzip
import lzma
import struct
import time

import h5py
import numpy as np
import pytest

from strain2dos.io import read_raman

resource = pytest.importorskip("resource", reason="peak memory comes from getrusage, which Windows lacks")


def netcdf(path, **options):
    """A minimal map whose intensities are made as told."""
    with h5py.File(path, "w") as file:
        for name, size in (("y", 2), ("x", 3), ("shift", 4)):
            file.create_dataset(name, data=np.arange(size, dtype=float)).make_scale(name)
        if options:
            intensity = file.create_dataset("intensity", shape=(2, 3, 4), dtype="f8", **options)
        else:
            intensity = file.create_dataset("intensity", data=np.ones((2, 3, 4)))
        for k, name in enumerate(("y", "x", "shift")):
            intensity.dims[k].attach_scale(file[name])
    return path


def test_the_same_file_with_its_own_data_is_read(tmp_path):
    assert read_raman(netcdf(tmp_path / "map.nc")).shape == (2, 3, 4)


def test_external_storage_is_not_followed(tmp_path):
    (tmp_path / "secret").write_bytes(bytes(192))
    path = netcdf(tmp_path / "map.nc", external=[(str(tmp_path / "secret"), 0, 192)])
    with pytest.raises(ValueError, match="variable intensity has its data in another file"):
        read_raman(path)


def test_an_external_link_is_not_followed(tmp_path):
    other = netcdf(tmp_path / "other.nc")
    path = netcdf(tmp_path / "map.nc")
    for place in ("linked", "group/linked"):
        with h5py.File(path, "a") as file:
            file[place] = h5py.ExternalLink(str(other), "/intensity")
        with pytest.raises(ValueError, match="linked lies in another file, which is not followed"):
            read_raman(path)
        with h5py.File(path, "a") as file:
            del file[place]


def test_a_virtual_variable_is_not_followed(tmp_path):
    other = netcdf(tmp_path / "other.nc")
    layout = h5py.VirtualLayout((2, 3, 4), "f8")
    layout[...] = h5py.VirtualSource(str(other), "intensity", (2, 3, 4))
    path = netcdf(tmp_path / "map.nc")
    with h5py.File(path, "a") as file:
        file.create_virtual_dataset("virtual", layout)
    with pytest.raises(ValueError, match="variable virtual has its data in another file"):
        read_raman(path)


def test_a_soft_link_inside_the_file_harms_nothing(tmp_path):
    path = netcdf(tmp_path / "map.nc")
    with h5py.File(path, "a") as file:
        file["group/again"] = h5py.SoftLink("/group")
    assert read_raman(path).shape == (2, 3, 4)


def test_a_group_that_holds_itself_harms_nothing(tmp_path):
    path = netcdf(tmp_path / "map.nc")
    with h5py.File(path, "a") as file:
        group = file.create_group("group")
        group["again"] = group
        file["group/top"] = file["/"]
    assert read_raman(path).shape == (2, 3, 4)


def peak_of_refusal(path, match):
    """By how many bytes the largest memory of this process grows while a file is refused."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=match):
        read_raman(path)
    return 1024 * (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)


DAMAGED = r"damaged\.nc is no NetCDF with spectra that could be read: its header is damaged, or it is a part"


@pytest.mark.parametrize("place", range(26, 42))
def test_a_header_without_some_of_its_bytes_takes_no_memory(tmp_path, place):
    """Found by chance: what followed was read as the size, 4 GB, of the description of a split file."""
    content = bytearray(netcdf(tmp_path / "map.nc").read_bytes())
    del content[place : place + 16]
    path = tmp_path / "damaged.nc"
    path.write_bytes(content)
    assert peak_of_refusal(path, DAMAGED) < 2**26


def test_a_file_that_names_itself_a_part_of_several_is_refused(tmp_path):
    content = bytearray(netcdf(tmp_path / "map.nc").read_bytes())
    content[48:56] = len(content).to_bytes(8, "little")
    path = tmp_path / "damaged.nc"
    path.write_bytes(content + bytes(4) + b"\xff\xff\xff\xff" + b"NCSAmult" + bytes(64))
    assert peak_of_refusal(path, DAMAGED) < 2**26


def test_a_file_that_starts_within_another_is_refused(tmp_path):
    path = tmp_path / "damaged.nc"
    with h5py.File(path, "w", libver="latest") as file:
        file["intensity"] = np.ones((2, 3, 4))
    content = bytearray(path.read_bytes())
    content[12:20] = (512).to_bytes(8, "little")
    path.write_bytes(content)
    assert peak_of_refusal(path, DAMAGED) < 2**26


def test_an_attribute_larger_than_any_header_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "map.nc"
    with h5py.File(path, "w", libver="latest") as file:
        file["intensity"] = np.ones((2, 3, 4))
        file["intensity"].attrs["remark"] = np.zeros(2**21 + 1)
    assert peak_of_refusal(path, r"an attribute of /intensity claims 16777224 bytes") < 2**26


def test_a_text_that_is_not_stored_is_refused_before_it_is_read(tmp_path):
    path = netcdf(tmp_path / "map.nc")
    with h5py.File(path, "a") as file:
        file.create_dataset("remark", shape=(), dtype="S1000000000")
    assert peak_of_refusal(path, "variable remark claims 1000000000 bytes, of which only 0 are") < 2**26


def test_parameters_of_a_filter_count_as_the_size_of_a_chunk(tmp_path):
    path = netcdf(tmp_path / "map.nc")
    with h5py.File(path, "a") as file:
        file.create_dataset("packed", data=np.arange(457), chunks=(457,), scaleoffset=0)
    assert read_raman(path).shape == (2, 3, 4)
    content = path.read_bytes()
    # kind of scale, scale, numbers in a chunk, kind, bytes of a number
    stated, large = (struct.pack("<IIIII", 2, 0, size, 0, 8) for size in (457, 2**29))
    assert content.count(stated) == 1
    path.write_bytes(content.replace(stated, large))
    assert peak_of_refusal(path, "variable packed claims 4294967296 bytes") < 2**26


BOMBS = {
    "empty lines": b"600 1\n601 2\n" + b"\n" * 2**20,
    "remarks": b"600 1\n601 2\n" + b"#\n" * 2**19,
    "one line": b"1" * 2**20,
    "rows": b"600 1\n" * 2**18,
    "zeros": bytes(2**20),
}


@pytest.mark.parametrize("content", BOMBS.values(), ids=BOMBS)
def test_a_gzip_bomb_is_refused_within_seconds(tmp_path, content):
    path = tmp_path / "bomb.txt.gz"
    with gzip.open(path, "wb") as file:
        for _ in range(256):
            file.write(content)
    start = time.process_time()
    with pytest.raises(ValueError, match=r"bomb\.txt\.gz"):
        read_raman(path)
    # reading all of it takes minutes
    assert time.process_time() - start < 30


def test_compressed_spectra_of_a_dark_map_are_read(tmp_path):
    shift = np.linspace(300, 500, 500)
    rows = [f"{i % 60};{i // 60};" + ";".join(["0"] * 500) for i in range(3600)]
    text = ";".join(["X", "Y", *map(repr, shift.tolist())]) + "\n" + "\n".join(rows) + "\n"
    path = tmp_path / "dark.txt.gz"
    path.write_bytes(gzip.compress(text.encode(), 9))
    assert path.stat().st_size < len(text) / 90
    assert read_raman(path).shape == (60, 60, 500)


def test_a_chunk_that_fills_the_memory_is_refused_before_it_is_read(tmp_path):
    path = netcdf(tmp_path / "map.nc")
    with h5py.File(path, "a") as file:
        packed = file.create_dataset("packed", (2**28 + 1,), "u1", chunks=(2**28 + 1,), compression="gzip")
        # written as it is stored, so that nothing has to be packed here
        packed.id.write_direct_chunk((0,), bytes(2**19))
    with pytest.raises(ValueError, match=r"one chunk of variable packed unpacks to 268435457 bytes, above"):
        read_raman(path, memory_limit=1e6)


@pytest.mark.parametrize(("pack", "name"), [(bz2.compress, "bzip2"), (lzma.compress, "xz")])
def test_other_packers_are_named(tmp_path, pack, name):
    path = tmp_path / "map.txt"
    path.write_bytes(pack(b"600 1\n601 2\n"))
    with pytest.raises(ValueError, match=f"is packed with {name}; only gzip is read"):
        read_raman(path)
