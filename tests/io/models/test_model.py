# SPDX-License-Identifier: BSD-3-Clause
"""A saved model comes back the same, and a file that is not one, or not a safe one, is refused in words."""

import json
import os
import pickle
import zipfile

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

import strain2dos
from strain2dos.io import load_model, read_metadata, save_model
from strain2dos.io._models.archive import digest


@pytest.fixture
def pipeline():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 3))
    return make_pipeline(StandardScaler(), LinearRegression()).fit(X, X @ [[1.0], [2.0], [3.0]]), X


def _parts(path):
    with zipfile.ZipFile(path) as source:
        return {name: source.read(name) for name in source.namelist()}


def _write(path, parts):
    with zipfile.ZipFile(path, "w") as out:
        for name, content in parts.items():
            out.writestr(name, content)


def _edit_header(path, **changes):
    """Rewrite the JSON part of a model file as another version would have written it, with its checksum."""
    parts = _parts(path)
    header = json.loads(parts.pop("strain2dos.json")) | changes
    header["sha256"] = digest(parts, header)
    _write(path, {"strain2dos.json": json.dumps(header), **parts})


def test_a_scikit_learn_pipeline_predicts_the_same_bits_after_a_round_trip(pipeline, tmp_path):
    model, X = pipeline
    loaded = load_model(save_model(model, tmp_path / "model.skops"))
    assert np.array_equal(loaded.predict(X), model.predict(X))


def test_metadata_and_versions_lie_in_the_same_file(pipeline, tmp_path):
    path = save_model(
        pipeline[0], tmp_path / "model.skops", metadata={"strain_unit": "label", "curves": [1, 2]}
    )
    metadata = read_metadata(path)
    assert metadata["strain_unit"] == "label"
    assert metadata["curves"] == [1, 2]
    assert metadata["estimator"] == "StandardScaler -> LinearRegression"
    assert metadata["versions"]["strain2dos"] == strain2dos.__version__
    assert set(metadata["versions"]) == {"strain2dos", "scikit-learn", "torch", "numpy"}
    model, again = load_model(path, return_metadata=True)
    assert again == metadata
    assert hasattr(model, "predict")


def test_a_type_that_would_run_code_is_refused_by_name_and_not_run(tmp_path):
    marker = tmp_path / "ran"
    model = FunctionTransformer(os.system).fit([[f"touch {marker}"]])
    path = tmp_path / "evil.skops"
    skops.io.dump(model, path)
    with pytest.raises(TypeError, match=r"evil\.skops holds types .*: (posix|nt)\.system\. If you know"):
        load_model(path)
    assert not marker.exists()


class _Unpickled:
    def __reduce__(self):
        return os.mkdir, (os.environ["STRAIN2DOS_TEST_MARKER"],)


def test_a_pickle_is_refused_and_not_run(tmp_path, monkeypatch):
    monkeypatch.setenv("STRAIN2DOS_TEST_MARKER", str(tmp_path / "ran"))
    path = tmp_path / "model.skops"
    path.write_bytes(pickle.dumps(_Unpickled()))
    with pytest.raises(ValueError, match=r"model\.skops is no strain2dos model"):
        load_model(path)
    assert not (tmp_path / "ran").exists()


def test_a_type_named_as_own_but_outside_the_list_is_refused(pipeline, tmp_path):
    path = save_model(pipeline[0], tmp_path / "model.skops")
    parts = _parts(path)
    content = parts["schema.json"].replace(b'"sklearn.linear_model._base"', b'"strain2dos.dos"')
    _write(path, parts | {"schema.json": content.replace(b'"LinearRegression"', b'"torch"')})
    _edit_header(path)
    with pytest.raises(TypeError, match=r"strain2dos\.dos\.torch"):
        load_model(path)


def test_a_named_type_is_trusted_and_saving_one_warns(tmp_path):
    model = FunctionTransformer(json.dumps, check_inverse=False)
    with pytest.warns(UserWarning, match=r"load_model will refuse .*trusted=\['json.dumps'\]"):
        path = save_model(model, tmp_path / "model.skops")
    with pytest.raises(TypeError, match=r"json\.dumps"):
        load_model(path)
    assert load_model(path, trusted=["json.dumps"]).func is json.dumps


@pytest.mark.parametrize("keep", [0, 10, 400, 0.5, 0.99])
def test_a_truncated_file_is_named_as_such(pipeline, tmp_path, keep):
    path = save_model(pipeline[0], tmp_path / "model.skops")
    blob = path.read_bytes()
    path.write_bytes(blob[: int(keep * len(blob)) if isinstance(keep, float) else keep])
    with pytest.raises(ValueError, match=r"model\.skops is no strain2dos model, or it is cut short"):
        load_model(path)


def test_a_flip_anywhere_is_noticed_or_harmless(pipeline, tmp_path):
    model, X = pipeline
    path = save_model(model, tmp_path / "model.skops")
    whole = path.read_bytes()
    for at in np.random.default_rng(0).choice(len(whole), 150, replace=False):
        blob = bytearray(whole)
        blob[at] ^= 0xFF
        path.write_bytes(bytes(blob))
        try:
            loaded = load_model(path)
        except ValueError as refused:
            said = str(refused)
        else:
            said = "model.skops" if np.array_equal(loaded.predict(X), model.predict(X)) else "another model"
        assert "model.skops" in said


def test_a_flipped_byte_is_noticed(pipeline, tmp_path):
    path = save_model(pipeline[0], tmp_path / "model.skops")
    with zipfile.ZipFile(path) as archive:
        info = next(i for i in archive.infolist() if i.filename == "schema.json")
    blob = bytearray(path.read_bytes())
    blob[info.header_offset + 30 + len("schema.json") + info.compress_size // 2] ^= 0xFF
    path.write_bytes(bytes(blob))
    with pytest.raises(ValueError, match=r"model\.skops"):
        load_model(path)


def test_other_files_are_told_apart_from_models(tmp_path):
    text = tmp_path / "table.csv"
    text.write_text("a,b\n1,2\n")
    with pytest.raises(ValueError, match=r"table\.csv is no strain2dos model"):
        load_model(text)
    archive = tmp_path / "archive.zip"
    with zipfile.ZipFile(archive, "w") as out:
        out.writestr("readme.txt", "hello")
    with pytest.raises(ValueError, match=r"archive\.zip is a zip archive but no strain2dos model"):
        load_model(archive)
    listing = tmp_path / "list.skops"
    skops.io.dump([1, 2], listing)
    with pytest.raises(ValueError, match=r"list\.skops holds a list, not an estimator"):
        load_model(listing)
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "absent.skops")


def test_a_newer_format_asks_for_an_update(pipeline, tmp_path):
    path = save_model(pipeline[0], tmp_path / "model.skops")
    _edit_header(path, format_version=99)
    with pytest.raises(ValueError, match=r"written in model format 99, .* reads format 2; update strain2dos"):
        load_model(path)


@pytest.mark.parametrize(
    ("package", "number", "warns"),
    [
        ("strain2dos", "0.0.1", True),
        ("scikit-learn", "1.2.0", True),
        ("numpy", "1.20.3", True),
        ("numpy", None, False),
    ],
)
def test_another_version_gives_a_warning_in_words(pipeline, tmp_path, package, number, warns):
    path = save_model(pipeline[0], tmp_path / "model.skops")
    versions = read_metadata(path)["versions"]
    number = number or ".".join(versions[package].split(".")[:2]) + ".999"
    _edit_header(path, versions=versions | {package: number})
    if warns:
        with pytest.warns(
            UserWarning, match=rf"was saved with {package} {number} \(now .*Predictions may differ"
        ):
            load_model(path)
    else:
        load_model(path)


def test_saving_refuses_what_cannot_be_kept(pipeline, tmp_path):
    with pytest.raises(TypeError, match="must be a scikit-learn estimator, but it is a dict"):
        save_model({"weights": 1}, tmp_path / "model.skops")
    with pytest.raises(TypeError, match=r"metadata\['energies'\] must be a plain JSON value, .*\.tolist\(\)"):
        save_model(pipeline[0], tmp_path / "model.skops", metadata={"energies": np.arange(3)})
    with pytest.raises(ValueError, match=r"may not use the keys \['versions'\]"):
        save_model(pipeline[0], tmp_path / "model.skops", metadata={"versions": 1})
    assert list(tmp_path.iterdir()) == []


def test_an_interrupted_save_keeps_the_old_file(pipeline, tmp_path, monkeypatch):
    path = save_model(pipeline[0], tmp_path / "model.skops")
    old = path.read_bytes()

    def interrupted(self, data):
        with open(self, "wb") as file:
            file.write(data[:100])
        raise KeyboardInterrupt

    monkeypatch.setattr("pathlib.Path.write_bytes", interrupted)
    with pytest.raises(KeyboardInterrupt):
        save_model(pipeline[0], path)
    assert path.read_bytes() == old
    assert [file.name for file in tmp_path.iterdir()] == ["model.skops"]
