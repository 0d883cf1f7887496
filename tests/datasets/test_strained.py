# SPDX-License-Identifier: BSD-3-Clause
import pickle
from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

from strain2dos.datasets import StrainedDOS, load_mos2_dft, make_raman_dos
from strain2dos.dos._edges.targets import check_edges


def small(**changes):
    arguments = {"strain": [[0.0], [0.01]], "energies": [-1.0, 0.0, 1.0], "dos": np.ones((2, 3))}
    return StrainedDOS(**(arguments | changes))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"strain": [0.0, 0.01]}, r"strain must have shape .* but has \(2,\)"),
        ({"strain": [[0.0, 0.0], [0.1, 0.0]]}, r"but has \(2, 2\)"),
        ({"dos": np.ones((2, 4))}, r"dos must have shape \(2, 3\).*has \(2, 4\)"),
        ({"gap": [1.0]}, r"gap must have shape \(2,\)"),
        ({"phonons": np.ones((2, 2))}, r"phonons must have shape \(2, 3\)"),
        ({"name": ["a"]}, r"name must have one entry per strain state \(2\), but has 1"),
        ({"extra": {"q": [1.0, 2.0, 3.0]}}, r"q must have one entry per strain state"),
        ({"energies": [0.0, 0.0, 1.0]}, r"energies\[1\] = 0 follows energies\[0\] = 0"),
        ({"dos": [[1, 1, 1], [1, -0.5, 1]]}, r"dos\[1, 1\] = -0.5 \(state '1'\)"),
        ({"dos": [[1, 1, 1], [1, np.nan, 1]]}, r"dos\[1, 1\] = nan"),
    ],
)
def test_inconsistent_input_is_refused_with_the_value_received(changes, message):
    with pytest.raises(ValueError, match=message):
        small(**changes)


def test_subset_picks_rows_of_everything():
    data = load_mos2_dft()
    mask = data.gap < 1.0
    part = data.subset(mask)
    assert part.name == [name for name, keep in zip(data.name, mask, strict=True) if keep]
    np.testing.assert_array_equal(part.dos, data.dos[mask])
    np.testing.assert_array_equal(part.extra["VB_K"], data.extra["VB_K"][mask])
    reversed_rows = data.subset(slice(None, None, -1))
    np.testing.assert_array_equal(reversed_rows.phonons, data.phonons[::-1])


def test_groups_are_equal_exactly_where_the_strain_is():
    data = small(strain=[[0.01], [0.0], [0.01 + 1e-14]], dos=np.ones((3, 3)))
    assert data.groups[0] == data.groups[2] != data.groups[1]


def test_xarray_and_frame_keep_values_and_units():
    data = load_mos2_dft()
    dataset = data.to_xarray()
    assert dataset.dos.attrs["units"] == "states/eV/cell"
    assert dataset.energy.attrs["units"] == "eV"
    assert float(dataset.dos.sel(state="bi+2").interp(energy=-6.0)) == pytest.approx(
        np.interp(-6.0, data.energies, data.dos[data.name.index("bi+2")])
    )
    frame = data.to_dataframe()
    assert frame.loc["zz+2", "exx"] == 0.02
    np.testing.assert_array_equal(frame["E'-"], data.phonons[:, 0])


def test_dataset_goes_through_netcdf(tmp_path):
    dataset = load_mos2_dft().to_xarray()
    dataset.to_netcdf(tmp_path / "set.nc", engine="scipy")
    with xr.open_dataset(tmp_path / "set.nc", engine="scipy") as back:
        np.testing.assert_array_equal(back.dos, dataset.dos)


def test_pickle_keeps_it():
    data = load_mos2_dft()
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(data)).dos, data.dos)


def test_edge_targets_are_the_valleys_where_known_else_the_edges_else_nothing():
    data = load_mos2_dft()
    np.testing.assert_array_equal(data.edge_targets, data.valleys)
    without = replace(data, extra={})
    assert list(without.edge_targets) == ["vbm", "cbm"]
    assert list(without.edge_targets.index) == data.name
    np.testing.assert_array_equal(without.edge_targets, np.column_stack([data.vbm, data.cbm]))
    assert small(vbm=[-1.0, -1.0]).edge_targets is None
    raman = make_raman_dos(40, data=without, random_state=0)
    np.testing.assert_array_equal(raman.edge_targets, raman.edges)
    assert list(raman.edge_targets.index) == raman.name
    assert make_raman_dos(40, random_state=0).edge_targets.filter(like="vbm").shape[1] > 1


@pytest.mark.parametrize("extra", [{}, None])
def test_edge_targets_equal_the_edges_that_they_hold(extra):
    data = load_mos2_dft() if extra is None else replace(load_mos2_dft(), extra=extra)
    rows = np.arange(len(data)) % 3 > 0
    told = check_edges(data.edge_targets.iloc[rows], int(rows.sum()))
    np.testing.assert_allclose(told.edges, data.edges[rows], atol=1e-4)
