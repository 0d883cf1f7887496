# SPDX-License-Identifier: BSD-3-Clause
"""Messages name options of the command, not arguments of Python."""

import re

import pytest

from strain2dos.cli._common.wording import in_options, options_of
from strain2dos.cli._convert import convert
from strain2dos.cli._map.command import map_
from strain2dos.cli._train import train

# name=, name='value' and a bare call are Python; `domain_score` is a variable of the map that is written.
PYTHON = re.compile(
    r"\b[a-z]\w*=|\b[a-z]+_\w+\(|\bstrain2dos\.\w+\.|\b(map_flake|fit_pl|load_dft|SpatialMapper)\b"
)


def test_the_options_of_a_command_are_known_by_the_names_of_the_package():
    known = options_of(map_)
    assert known["laser_nm"] == known["laser"] == "--laser"
    assert known["region"] == known["unstrained_region"] == "--unstrained-region"
    assert known["model"] == "MODEL"
    assert options_of(train)["dft"] == "--bundled"
    assert options_of(convert)["source"] == "SOURCE"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("give it as laser_nm=532.0.", "give it as --laser 532.0."),
        ("calibrate with reference='Si' or unstrained=.", "calibrate with --reference Si or --unstrained."),
        ("pass other modes, or reference=None.", "pass other modes, or no --reference."),
        ('unstrained["E\'"] is 0.0, far off.', "--unstrained (E') is 0.0, far off."),
        (
            'give positions: unstrained={"E\'": 384.2, "A1\'": 403.1}.',
            "give positions: --unstrained 384.2,403.1.",
        ),
        ("region (1.0, 2.0) holds no spectrum.", "--unstrained-region (1.0, 2.0) holds no spectrum."),
        ("take means of regions (region_mean) first.", "take means of regions first."),
        ("The 'noise' parameter of RamanFeaturizer must be a str.", "--noise must be a str."),
        ("width=3 is no option, nor is my_file.csv (a_b.csv).", None),
    ],
)
def test_arguments_become_options(text, said):
    assert in_options(text, options_of(map_)) == (text if said is None else said)


@pytest.fixture(scope="module")
def flake(tmp_path_factory):
    """Six sites with the two lines of MoS2, as a wafer map."""
    folder = tmp_path_factory.mktemp("flake")
    rows = {
        "flake.csv": range(3300, 4400, 6),
        "narrow.csv": range(4200, 4400, 6),
        "far.csv": range(15000, 17000, 10),
    }
    for name, axis in rows.items():
        shift = [number / 10 for number in axis]
        lines = ["X;Y;" + ";".join(map(str, shift))]
        for site in range(6):
            values = (50 + site + sum(1000 / (1 + ((s - p) / 2) ** 2) for p in (384.6, 402.7)) for s in shift)
            lines.append(f"{site % 3};{site // 3};" + ";".join(f"{value:.0f}" for value in values))
        (folder / name).write_text("\n".join(lines) + "\n")
    (folder / "strain.csv").write_text("0.00,0.01,0.02\n0.02,0.03,0.04\n")
    (folder / "dos.csv").write_text("energy,0.01,0.02,0.03\n-1,2,2,2\n0,0,0,0\n1,2,2,3\n")
    (folder / "copies.csv").write_text("energy,0.01,0.02\n-1,2,4\n0,0,0\n1,2,4\n")
    return folder


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("map flake.csv --unstrained 0,0", "--unstrained (E')"),
        ("map flake.csv --unstrained 384.6,402.7 --unstrained-region 0,0,1,1", "--unstrained-region"),
        ("map flake.csv --unstrained-region 10,10,20,20", "--unstrained-region"),
        ("map flake.csv --scissor 1880", "--scissor"),
        ("map flake.csv --noise shot", "--noise"),
        ("map flake.csv --lineshape lorenz", "--lineshape"),
        ("map flake.csv --laser 5320", "--laser"),
        ("map flake.csv --reference quartz", "--reference"),
        ("map narrow.csv", "E' 335-410"),
        ("map far.csv", "--pl"),
        ("map flake.csv --pl far.csv", "--pl-unit nm"),
        ("map flake.csv --material WSe2", "give it as MODEL. Strain and doping alone need no model: from"),
        ("map flake.csv --material graphene", "give it as MODEL"),
        ("map flake.csv --material mos2", "--material must be 'MoS2'"),
        ("map flake.csv -o flake.csv", "is a file"),
        ("map strain.csv", "strain map"),
        ("map dos.csv", "convert it to Raman shift"),
        ("train dos.csv", "--strain-unit"),
        ("train dos.csv --strain-unit label --edge-threshold -1", "--edge-threshold"),
        ("train dos.csv --strain-unit label -o .", "--output"),
        ("train --bundled --material WSe2", "--material"),
        ("train --bundled --material graphene", "--material"),
        ("convert flake.csv far.nc --laser -5", "--laser"),
        ("dft plan --out plan.csv --shear -1", "--shear"),
        ("dft suggest --material graphene", "--material"),
        ("dft suggest --map strain.csv", "--map"),
        ("dft suggest --plan strain.csv", "columns name, exx"),
    ],
)
def test_an_error_names_options_and_no_arguments_of_python(run, flake, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    named = [flake / word if (flake / word).exists() and word != "." else word for word in words.split()]
    outcome = run(*named)
    text = " ".join(outcome.err.replace("│", " ").split())
    assert outcome.code in (1, 2), text
    assert said in text
    assert not PYTHON.search(text), text
    assert not list(tmp_path.glob("map-output/*"))


def test_a_warning_names_options_too(run, flake, tmp_path):
    words = ("--strain-unit", "label", "--members", 1, "--epochs", 1, "-q", "-o", tmp_path / "model.skops")
    outcome = run("train", flake / "copies.csv", *words)
    assert outcome.code == 0, outcome.err
    assert "Pass --keep-scaled-copies to keep them." in outcome.err
    assert not PYTHON.search(outcome.err), outcome.err
