# SPDX-License-Identifier: BSD-3-Clause
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from sklearn.model_selection import GroupKFold

from strain2dos.mapping import check_strain_unit, spatial_groups, write_band_edges_csv, write_dos_csv

ENERGIES = np.arange(-1.246, 0.8265, 0.002)


@pytest.fixture
def flake():
    """Three rows by five columns; every value tells its own row and column."""
    row, column = np.indices((3, 5)).astype(float)
    dos = (10 * row + column)[..., np.newaxis] + np.linspace(0, 0.9, len(ENERGIES))
    gap = 1.0 + row + column / 10
    dos[1, 3] = gap[1, 3] = np.nan
    variables = {"dos": (("y", "x", "energy"), dos)}
    variables |= {
        name: (("y", "x"), values) for name, values in {"vbm": -gap, "cbm": 0 * gap, "gap": gap}.items()
    }
    return xr.Dataset(variables, coords={"energy": ENERGIES})


def test_dos_table_reads_back_as_the_notebooks_read_it(flake, tmp_path):
    path = write_dos_csv(flake, tmp_path / "dos_pred.csv")
    assert path.read_text().splitlines()[0].startswith(",,-1.246,-1.244,-1.242,")
    table = pd.read_csv(path)
    assert table.shape == (15, 2 + 1037)
    np.testing.assert_allclose(table.columns[2:].astype(float), ENERGIES, atol=1e-12)
    assert max(len(name) for name in table.columns[2:]) <= len("-1.246")
    for x, y, *dos in table.itertuples(index=False):
        np.testing.assert_allclose(dos, flake.dos[int(y) - 1, int(x) - 1], rtol=1e-9)


def test_labels_run_along_the_rows_of_a_map_that_is_not_square(flake, tmp_path):
    table = pd.read_csv(write_band_edges_csv(flake, tmp_path / "edges.csv"))
    assert table.columns.tolist() == ["x", "y", "VBM", "CBM", "BandGap"]
    assert table["x"].tolist() == [1, 2, 3, 4, 5] * 3
    assert table["y"].tolist() == [1] * 5 + [2] * 5 + [3] * 5
    np.testing.assert_allclose(table["BandGap"].to_numpy().reshape(3, 5), flake.gap, rtol=1e-9)


def test_masked_pixels_keep_their_row(flake, tmp_path):
    edges = pd.read_csv(write_band_edges_csv(flake, tmp_path / "edges.csv"))
    masked = edges[edges[["VBM", "CBM", "BandGap"]].isna().all(axis=1)]
    assert masked[["x", "y"]].to_numpy().tolist() == [[4, 2]]
    dos = pd.read_csv(write_dos_csv(flake, tmp_path / "dos.csv"))
    assert dos.iloc[8, 2:].isna().all()


def test_lazy_maps_and_turned_dims_give_the_same_tables(flake, tmp_path):
    pytest.importorskip("dask.array")
    plain = write_dos_csv(flake, tmp_path / "a.csv").read_bytes()
    assert (
        write_dos_csv(flake.chunk(y=2).transpose("energy", "x", "y"), tmp_path / "b.csv").read_bytes()
        == plain
    )
    with pytest.raises(ValueError, match="the map lacks"):
        write_band_edges_csv(flake[["dos"]], tmp_path / "c.csv")


def test_spatial_groups_never_split_a_block(flake):
    groups = spatial_groups(flake.gap, block=(2, 3)).reshape(3, 5)
    np.testing.assert_array_equal(groups, [[0, 0, 0, 1, 1], [0, 0, 0, 1, 1], [2, 2, 2, 3, 3]])
    np.testing.assert_array_equal(spatial_groups((3, 5), (2, 3)), groups.ravel())
    for train, test in GroupKFold(3).split(np.zeros(15), groups=groups.ravel()):
        assert not set(groups.ravel()[train]) & set(groups.ravel()[test])
    with pytest.raises(ValueError, match="into one group"):
        spatial_groups((3, 5), 5)
    with pytest.raises(ValueError, match="at least 1 pixel"):
        spatial_groups((3, 5), 0)


@pytest.mark.parametrize(
    ("most", "factor", "word"), [(0.0333, 10, "smaller"), (3.33, 0.1, "larger"), (33, 0.01, "larger")]
)
def test_unit_warning_gives_both_ranges_and_the_factor(most, factor, word):
    with pytest.warns(UserWarning, match=f"0.333: the map is about .* times {word}") as caught:
        found = check_strain_unit([0.0004, most, np.nan], (0, 0.333))
    assert f"about {max(found, 1 / found):.3g} times" in str(caught[0].message)
    assert found == pytest.approx(factor, rel=0.02)
    assert f"{most:.4g}" in str(caught[0].message)
    assert "strain_unit" in str(caught[0].message)


@pytest.mark.parametrize("strains", [[0.0, 0.3], [-0.1, 0.05], [0.0, 0.0], [np.nan]])
def test_no_unit_warning_without_a_factor_near_ten(strains):
    check_strain_unit(strains, (0, 0.333))
