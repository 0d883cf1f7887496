# SPDX-License-Identifier: BSD-3-Clause
"""A model file whose content is not what was saved is refused, and a hostile one takes no memory or time."""

import io
import json
import os
import zipfile

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from strain2dos import DOSRegressor
from strain2dos.datasets import make_raman_dos
from strain2dos.io import load_model, read_metadata, save_model
from strain2dos.io._models.archive import digest
from strain2dos.io._models.objects import check_states


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """The parts of a trained pipeline, its features, and what it predicts for them."""
    training = make_raman_dos(24, random_state=0)
    regressor = DOSRegressor(
        training.energies, hidden_layer_sizes=(8,), n_members=1, max_epochs=2, random_state=0
    )
    X = training.phonons
    model = make_pipeline(StandardScaler(), regressor)
    model.fit(X, training.dos, dosregressor__groups=training.groups)
    path = save_model(model, tmp_path_factory.mktemp("model") / "model.skops")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    return parts, X, model.predict(X)


def write(path, parts):
    with zipfile.ZipFile(path, "w") as out:
        for name, content in parts.items():
            out.writestr(name, content)
    return path


def with_checksum(parts):
    """Parts as a hostile writer would make them, their checksum right."""
    rest = {name: content for name, content in parts.items() if name != "strain2dos.json"}
    header = json.loads(parts["strain2dos.json"])
    header["sha256"] = digest(rest, header)
    return {"strain2dos.json": json.dumps(header).encode(), **rest}


def changed_array(parts, name, rng):
    array = np.load(io.BytesIO(parts[name]))
    flat = array.reshape(-1).copy()
    flat[rng.integers(flat.size)] += 1
    return parts | {name: npy(flat.reshape(array.shape))}


def shortened_array(parts, name, rng):
    array = np.load(io.BytesIO(parts[name]))
    return parts | {name: npy(array[..., :-1] if array.ndim else np.append(array, array))}


def swapped_arrays(parts, name, rng):
    others = [other for other in parts if other.endswith(".npy") and parts[other] != parts[name]]
    other = others[rng.integers(len(others))]
    return parts | {name: parts[other], other: parts[name]}


def flipped_byte(parts, name, rng):
    content = bytearray(parts[name])
    content[rng.integers(len(content))] ^= 1 << rng.integers(8)
    return parts | {name: bytes(content)}


def not_finite(parts, name, rng):
    array = np.load(io.BytesIO(parts[name]))
    if array.dtype.kind != "f":
        return changed_array(parts, name, rng)
    flat = array.reshape(-1).copy()
    flat[rng.integers(flat.size)] = np.nan
    return parts | {name: npy(flat.reshape(array.shape))}


def changed_schema(parts, name, rng):
    content = parts["schema.json"]
    digits = [k for k, byte in enumerate(content) if byte in b"12345678"]
    at = digits[rng.integers(len(digits))]
    return parts | {"schema.json": content[:at] + bytes([content[at] + 1]) + content[at + 1 :]}


def changed_header(parts, name, rng):
    header = json.loads(parts["strain2dos.json"])
    key = ["created", "estimator", "versions", "sha256", "format"][rng.integers(5)]
    header[key] = None if rng.integers(2) else "0"
    return parts | {"strain2dos.json": json.dumps(header).encode()}


def lost_part(parts, name, rng):
    gone = ["strain2dos.json", "schema.json", name][rng.integers(3)]
    return {key: content for key, content in parts.items() if key != gone}


def npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


WAYS = [
    changed_array, shortened_array, swapped_arrays, flipped_byte, not_finite, changed_schema, changed_header,
    lost_part,
]  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(50))
def test_no_altered_file_is_loaded(saved, tmp_path, way, seed):
    parts, rng = saved[0], np.random.default_rng(seed)
    arrays = [name for name in parts if name.endswith(".npy") and np.load(io.BytesIO(parts[name])).size]
    altered = way(parts, arrays[rng.integers(len(arrays))], rng)
    assert altered != parts
    path = write(tmp_path / "model.skops", altered)
    with pytest.raises(ValueError, match=r"model\.skops .*(damaged|model)"):
        load_model(path)


def test_the_parts_as_they_were_load(saved, tmp_path):
    parts, X, expected = saved
    assert np.array_equal(load_model(write(tmp_path / "model.skops", parts)).predict(X), expected)


@pytest.mark.parametrize("value", [None, [], "1.0", {"numpy": 2}, {"numpy": None}])
def test_versions_that_are_none_are_damage(saved, tmp_path, value):
    header = json.loads(saved[0]["strain2dos.json"]) | {"versions": value}
    altered = with_checksum(saved[0] | {"strain2dos.json": json.dumps(header).encode()})
    with pytest.raises(ValueError, match=r"its versions read .* instead of one number for each package"):
        load_model(write(tmp_path / "model.skops", altered))


def test_a_file_of_the_format_without_checksum_says_its_version(saved, tmp_path):
    header = json.loads(saved[0]["strain2dos.json"]) | {"format_version": 1}
    path = write(tmp_path / "model.skops", saved[0] | {"strain2dos.json": json.dumps(header).encode()})
    for read in (load_model, read_metadata):
        with pytest.raises(
            ValueError, match=r"in model format 1 by strain2dos [\d.]+, .*Train the model again"
        ):
            read(path)


def test_an_array_that_claims_more_than_is_stored_is_refused_before_memory_is_taken(saved, tmp_path):
    name = next(name for name in saved[0] if name.endswith(".npy"))
    whole = npy(np.zeros(3))
    huge = whole.replace(b"(3,), }            ", b"(99999999999999,), }")[: len(whole)]
    assert huge != whole
    with pytest.raises(ValueError, match=r"needs \d+ bytes, but \d+ are stored"):
        load_model(write(tmp_path / "model.skops", with_checksum(saved[0] | {name: huge})))


def test_an_array_of_objects_is_refused(saved, tmp_path):
    name = next(name for name in saved[0] if name.endswith(".npy"))
    evil = npy(np.array([print], dtype=object))
    with pytest.raises(ValueError, match="of object and shape"):
        load_model(write(tmp_path / "model.skops", with_checksum(saved[0] | {name: evil})))


def bomb(path, size, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as out, out.open("schema.json", "w") as part:
        for _ in range(size // 2**20):
            part.write(bytes(2**20))
    return path


@pytest.mark.parametrize("inner", [False, True])
def test_a_bomb_is_refused_without_unpacking_it(tmp_path, inner):
    resource = pytest.importorskip("resource", reason="memory is measured as on Unix")
    path = bomb(tmp_path / "model.skops", 2**29)
    if inner:
        content = path.read_bytes()
        write(path, {"schema.json": b"{}", "matrix.npz": content})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ValueError, match=r"unpack(s|) to \d+ bytes"):
        load_model(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**16  # KiB


def test_a_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "model.skops")
    with pytest.raises(ValueError, match="no regular file, so it is not read as a model"):
        load_model(tmp_path / "model.skops")


def test_a_model_of_zeros_is_no_bomb(tmp_path):
    scaler = StandardScaler().fit(np.zeros((2, 2**21)))
    loaded = load_model(save_model(scaler, tmp_path / "zeros.skops"))
    assert np.array_equal(loaded.mean_, scaler.mean_)


def test_own_objects_anywhere_in_a_model_are_asked_for_their_state():
    class Learned:
        def __init__(self, n):
            self.n = n

        def _check_state(self):
            if self.n != 1:
                raise ValueError(f"n is {self.n} and should be 1")

    Learned.__module__ = "strain2dos.dos._test"
    model = DOSRegressor([0.0, 1.0])
    model.parts_ = {"a": [Learned(1), (Learned(1),)]}
    check_states(model)
    model.parts_["b"] = make_pipeline(StandardScaler(), Learned(2))
    with pytest.raises(ValueError, match="n is 2 and should be 1"):
        check_states(model)
