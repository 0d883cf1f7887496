# SPDX-License-Identifier: BSD-3-Clause
"""No command and no function that writes deletes a folder, or what it reads, forced or not."""

import numpy as np
import pytest
import xarray as xr
from sklearn.linear_model import LinearRegression

from strain2dos.cli._common.figures import draw
from strain2dos.cli._report.command import build_report
from strain2dos.explain import write_report
from strain2dos.io import save_model
from strain2dos.io._store.write_netcdf import write_netcdf
from strain2dos.io._store.write_zarr import write_zarr
from strain2dos.mapping import write_band_edges_csv, write_dos_csv
from strain2dos.report import write_map_report

FLAKE = xr.Dataset(
    {
        "dos": (("y", "x", "energy"), np.ones((2, 3, 4))),
        **{name: (("y", "x"), np.ones((2, 3))) for name in ("vbm", "cbm", "gap")},
    },
    coords={"energy": np.arange(4.0), "y": np.arange(2.0), "x": np.arange(3.0)},
)


def _figure(path):
    import matplotlib.pyplot as plt

    draw(path, plt.figure(figsize=(1, 1)))


def _table(path):
    from strain2dos.mapping import to_csv

    to_csv(FLAKE, path)


def _picture(path):
    from strain2dos.mapping import to_gsf

    to_gsf(FLAKE["gap"], path)


FUNCTIONS = {
    "save_model": lambda path: save_model(LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]), path),
    "write_dos_csv": lambda path: write_dos_csv(FLAKE, path),
    "write_band_edges_csv": lambda path: write_band_edges_csv(FLAKE, path),
    "write_report": lambda path: write_report(path, title="A flake"),
    "write_map_report": lambda path: write_map_report(FLAKE, path, interactive=False),
    "write_netcdf": lambda path: write_netcdf(FLAKE, path),
    "write_zarr": lambda path: write_zarr(FLAKE, path, overwrite=True),
    "draw": _figure,
    "to_csv": _table,
    "to_gsf": _picture,
}
#: Commands that write one file, with the names of the files they read.
COMMANDS = {
    "train": ("train", "TABLE", "--strain-unit", "label", "-q", "--force", "-o", "OUT"),
    "explain": ("explain", "MODEL", "MAP", "--strain-unit", "label", "-q", "--force", "-o", "OUT"),
    "convert to nc": ("convert", "SPECTRA", "OUT.nc", "--force"),
    "convert to zarr": ("convert", "SPECTRA", "OUT.zarr", "--force"),
    "convert to csv": ("convert", "SPECTRA", "OUT.csv", "--force"),
    "dft plan": ("dft", "plan", "--states", "2", "--force", "-o", "OUT"),
}
MAPPED = [
    "dos_pred.csv", "band_edges_interpolated.csv", "map.nc", "gap_map.png", "band_edges_map.png",
    "metrics.json", "report.html",
]  # fmt: skip


def everything(folder):
    return {
        path.relative_to(folder): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


@pytest.fixture
def home(tmp_path, monkeypatch):
    """A folder to work in, with a thesis beside it, inside it, and behind a link."""
    home = tmp_path / "parent" / "home"
    for folder in (home / "thesis", tmp_path / "parent" / "thesis"):
        folder.mkdir(parents=True)
        (folder / "chapter.tex").write_text("years of work")
    (home / "link").symlink_to("thesis")
    monkeypatch.chdir(home)
    return tmp_path


@pytest.mark.parametrize(
    "place", ["thesis", "thesis/", "link", ".", "..", "../thesis", "thesis/../../thesis"]
)
@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_function_never_replaces_a_folder(home, function, place):
    if function is FUNCTIONS["write_zarr"]:
        pytest.importorskip("zarr", reason="zarr is an optional dependency")
    before = everything(home)
    with pytest.raises(OSError, match=r"folder|no Zarr store"):
        function(place)
    assert everything(home) == before


@pytest.mark.parametrize("place", ["thesis", "link", "..", "../thesis"])
@pytest.mark.parametrize("words", COMMANDS.values(), ids=COMMANDS)
def test_a_command_never_replaces_a_folder(run, home, table, model, strain_map, words, place):
    spectra = home / "spectra.txt"
    spectra.write_text("600 1\n601 2\n")
    suffix = next((word[3:] for word in words if word.startswith("OUT.")), "")
    if suffix and place != "..":
        # the format is known from the name, so the folder must have one that ends in it
        named = home / "parent" / "home" / f"{place}{suffix}"
        if place == "link":
            named.symlink_to("thesis")
        else:
            named.mkdir()
            (named / "chapter.tex").write_text("years of work")
    known = {"TABLE": table, "MODEL": model, "MAP": strain_map, "SPECTRA": spectra}
    known |= {f"OUT{suffix}": f"{place}{suffix if place != '..' else ''}"}
    before = everything(home)
    outcome = run(*(known.get(word, word) for word in words))
    assert outcome.code in (1, 2)
    assert everything(home) == before


@pytest.mark.parametrize("name", MAPPED)
def test_map_never_replaces_a_folder(run, model, strain_map, tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "chapter.tex").write_text("years of work")
    before = everything(tmp_path)
    outcome = run("map", model, strain_map, "--strain-unit", "label", "-o", tmp_path, "-q", "--force")
    assert outcome.code == 1
    assert everything(tmp_path) == before


@pytest.mark.parametrize("force", [(), ("--force",)], ids=["asked", "forced"])
@pytest.mark.parametrize("place", ["thesis", "link", "..", "../thesis"])
def test_a_store_of_a_map_never_replaces_a_folder(run, home, model, strain_map, place, force):
    pytest.importorskip("zarr", reason="zarr is an optional dependency")
    before = everything(home)
    outcome = run("map", model, strain_map, "--strain-unit", "label", "-q", "--store", place, *force)
    assert outcome.code in (1, 2)
    assert everything(home) == before


def test_report_and_demo_never_replace_a_folder(run, mapped, tmp_path):
    for path in mapped.iterdir():
        if path.name != "report.html":
            (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "report.html").mkdir()
    with pytest.raises(IsADirectoryError):
        build_report(tmp_path)
    (tmp_path / "model.skops").mkdir()
    (tmp_path / "model.skops" / "chapter.tex").write_text("years of work")
    before = everything(tmp_path)
    for words in (("demo", "--quick", "-q"), ("demo", "--quick", "-q", "--force")):
        assert run(*words, "-o", tmp_path).code == 1
        assert everything(tmp_path) == before


@pytest.mark.parametrize("way", ["itself", "a link to it", "a hard link to it"])
@pytest.mark.parametrize(
    ("words", "what"),
    [
        (("train", "IN", "--strain-unit", "label", "-q", "--force", "-o", "OUT"), "table"),
        (("explain", "IN", "MAP", "--strain-unit", "label", "-q", "--force", "-o", "OUT"), "model"),
        (("explain", "MODEL", "IN", "--strain-unit", "label", "-q", "--force", "-o", "OUT"), "strain_map"),
        (("convert", "IN", "OUT", "--force"), "spectra"),
        (("map", "MODEL", "IN", "--strain-unit", "label", "-q", "--force", "-o", "FOLDER"), "strain_map"),
    ],
)
def test_an_input_is_never_replaced(run, table, model, strain_map, tmp_path, words, what, way):
    source = {"table": table, "model": model, "strain_map": strain_map}.get(what)
    content = source.read_bytes() if source else b"600,1\n601,2\n"
    # the map is read under the name of one of the outputs
    given = tmp_path / ("dos_pred.csv" if words[0] == "map" else "mine.csv")
    given.write_bytes(content)
    output = given if way == "itself" else tmp_path / "other.csv"
    if way != "itself" and words[0] == "map":
        output = given
        given = given.rename(tmp_path / "kept.csv")
    if way == "a link to it":
        output.symlink_to(given)
    elif way == "a hard link to it":
        output.hardlink_to(given)
    known = {"IN": given, "OUT": output, "FOLDER": tmp_path, "MODEL": model, "MAP": strain_map}
    outcome = run(*(known.get(word, word) for word in words))
    assert outcome.code == 1
    assert "is read and would be written too" in outcome.err
    assert given.read_bytes() == content


@pytest.mark.parametrize("address", ["s3://bucket/map.zarr", "memory://map.nc", "https://host/map.csv"])
def test_an_address_makes_no_folder(run, tmp_path, monkeypatch, address):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "spectra.txt").write_text("600 1\n601 2\n")
    outcome = run("convert", "spectra.txt", address)
    assert outcome.code == 1
    assert "is an address, but files are written to this machine only" in outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["spectra.txt"]
