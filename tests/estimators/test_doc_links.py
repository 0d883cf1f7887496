# SPDX-License-Identifier: BSD-3-Clause
"""Estimators link to their own page, not to scikit-learn's; without documentation there is no link."""

import pytest
from sklearn.linear_model import Ridge

from strain2dos import ConformalDOSRegressor, DOSRegressor, RamanFeaturizer, SpatialMapper
from strain2dos import StrainDopingSeparator as Separator
from strain2dos.dos import StrainInvariants

ESTIMATORS = {
    "strain2dos.raman.RamanFeaturizer": RamanFeaturizer(),
    "strain2dos.raman.StrainDopingSeparator": Separator(),
    "strain2dos.dos.DOSRegressor": DOSRegressor(),
    "strain2dos.dos.ConformalDOSRegressor": ConformalDOSRegressor(Ridge()),
    "strain2dos.dos.StrainInvariants": StrainInvariants(),
    "strain2dos.mapping.SpatialMapper": SpatialMapper(Ridge()),
}


@pytest.mark.parametrize("name", ESTIMATORS)
def test_the_link_leads_to_the_page_of_the_public_name(name, monkeypatch):
    monkeypatch.setenv("STRAIN2DOS_DOCS", "https://docs.example.org/strain2dos/")
    address = f"https://docs.example.org/strain2dos/api/generated/{name}.html"
    assert ESTIMATORS[name]._get_doc_link() == address
    assert address in ESTIMATORS[name]._repr_html_()


def test_without_documentation_there_is_no_link(monkeypatch, tmp_path):
    monkeypatch.delenv("STRAIN2DOS_DOCS", raising=False)
    monkeypatch.setattr("strain2dos._estimators.doc_links._BUILT", tmp_path / "none")
    assert RamanFeaturizer()._get_doc_link() == ""
    assert "<a " not in RamanFeaturizer()._repr_html_()


def test_a_folder_becomes_an_address_of_a_file(monkeypatch, tmp_path):
    monkeypatch.setenv("STRAIN2DOS_DOCS", str(tmp_path))
    assert RamanFeaturizer()._get_doc_link().startswith(tmp_path.resolve().as_uri())
