# SPDX-License-Identifier: BSD-3-Clause
"""What a command writes, how it ends, and what it refuses to overwrite."""

import errno
import importlib.util
import sys
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
import typer
import xarray as xr

from strain2dos.cli import _convert
from strain2dos.cli._common.cluster import _link, cluster
from strain2dos.cli._common.console import FAILED, INTERRUPTED, cores, examples, guarded, refuse_to_overwrite


def raising(error):
    def command(*, debug=False):
        raise error

    return guarded(command)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (FileNotFoundError(errno.ENOENT, "none", "a.txt"), "error: a.txt does not exist; check the path."),
        (PermissionError(errno.EACCES, "Permission denied", "b"), "error: b: Permission denied."),
        (ValueError("shift must be strictly monotonic"), "error: shift must be strictly monotonic"),
        (KeyError("gap"), "error: KeyError: 'gap' (--debug shows where)"),
    ],
)
def test_an_error_becomes_one_line_and_an_exit_code(error, line, capsys):
    with pytest.raises(typer.Exit) as ended:
        raising(error)()
    assert ended.value.exit_code == FAILED
    assert capsys.readouterr().err.splitlines() == [line]
    with pytest.raises(type(error)):
        raising(error)(debug=True)


def test_an_interruption_has_a_code_of_its_own(capsys):
    with pytest.raises(typer.Exit) as ended:
        raising(KeyboardInterrupt())()
    assert ended.value.exit_code == INTERRUPTED == 130
    assert "the files written so far are whole" in capsys.readouterr().err


def test_warnings_for_users_are_shown_and_deprecations_of_other_packages_are_not(capsys):
    class Both(UserWarning, DeprecationWarning):
        pass

    @guarded
    def command():
        warnings.warn("36 columns were dropped", UserWarning, stacklevel=1)
        warnings.warn("old name", DeprecationWarning, stacklevel=1)
        # packages bring filters of their own
        warnings.simplefilter("always")
        warnings.warn("old name", Both, stacklevel=1)

    command()
    assert capsys.readouterr().err == "warning: 36 columns were dropped\n"


def test_examples_of_a_help_stand_one_a_line():
    assert examples("strain2dos demo", "strain2dos map a.txt") == (
        "\b\nExamples:\n  strain2dos demo\n  strain2dos map a.txt"
    )


def test_as_many_processes_as_asked_for_or_as_there_are_cores():
    assert cores(3) == 3
    assert cores(None) >= 1


def test_all_files_in_the_way_are_named_and_force_takes_only_what_is_no_input(tmp_path):
    first, second, new = (tmp_path / name for name in ("a.csv", "b.csv", "c.csv"))
    first.write_text("1")
    second.write_text("2")
    refuse_to_overwrite([new], force=False)
    with pytest.raises(FileExistsError, match=r"a\.csv, .*b\.csv exist already; pass --force"):
        refuse_to_overwrite([first, second, new], force=False)
    with pytest.raises(FileExistsError, match=r"a\.csv exists already"):
        refuse_to_overwrite([first, new], force=False)
    refuse_to_overwrite([first, new], force=True)
    with pytest.raises(ValueError, match=r"a\.csv"):
        refuse_to_overwrite([first], force=True, inputs=[first])
    assert (first.read_text(), second.read_text()) == ("1", "2")


def test_a_folder_that_is_no_store_is_not_overwritten(tmp_path):
    folder = tmp_path / "photos.zarr"
    folder.mkdir()
    (folder / "holiday.jpg").write_text("picture")
    with pytest.raises((FileExistsError, ValueError, OSError)):
        refuse_to_overwrite([folder], force=True)
    assert (folder / "holiday.jpg").read_text() == "picture"


def test_a_scheduler_and_workers_exclude_each_other_and_neither_computes_here():
    with pytest.raises(typer.BadParameter, match="leave out --workers"), cluster("tcp://node:8786", 2):
        pass
    with cluster(None, None) as nothing:
        assert nothing is None


@pytest.mark.parametrize(
    ("found", "words"),
    [(None, "it needs bokeh (pip install bokeh)"), (object(), "dashboard: http://node:8787/status")],
)
def test_the_dashboard_is_linked_where_bokeh_is_installed(monkeypatch, found, words):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: found)
    assert words in _link(SimpleNamespace(dashboard_link="http://node:8787/status"))


@pytest.mark.parametrize("suffix", ["zarr", "csv"])
def test_spectra_are_written_whole_without_dask(monkeypatch, tmp_path, suffix):
    pytest.importorskip("zarr", reason="zarr is an optional dependency")
    monkeypatch.setattr(_convert, "_BLOCK", 64)
    for name in ("dask", "dask.array", "tqdm.dask"):
        monkeypatch.setitem(sys.modules, name, None)
    shift = np.linspace(380.0, 410.0, 16)
    cube = xr.DataArray(
        np.random.default_rng(0).random((6, 16)),
        {"n": np.arange(6), "shift": ("shift", shift, {"units": "cm-1"})},
        ("n", "shift"),
        name="intensity",
    )
    _convert.write_spectra(cube, tmp_path / f"out.{suffix}")
    if suffix == "zarr":
        with xr.open_zarr(tmp_path / "out.zarr", chunks=None, consolidated=False) as found:
            np.testing.assert_array_equal(found.intensity, cube)
    else:
        np.testing.assert_array_equal(
            np.genfromtxt(tmp_path / "out.csv", delimiter=",", skip_header=2)[:, 1:], cube
        )


def test_large_spectra_are_written_in_blocks_of_rows_that_hold_all_values(monkeypatch):
    da = pytest.importorskip("dask.array")
    spectra = xr.DataArray(np.arange(600.0).reshape(10, 60), dims=("n", "shift"))
    assert _convert._in_blocks(spectra) is spectra
    monkeypatch.setattr(_convert, "_BLOCK", 3 * 60 * 8)
    for given in (spectra, spectra.copy(data=da.from_array(spectra.data, chunks=(10, 7)))):
        blocks = _convert._in_blocks(given)
        assert blocks.chunks == ((3, 3, 3, 1), (60,))
        np.testing.assert_array_equal(blocks.values, spectra.values)
