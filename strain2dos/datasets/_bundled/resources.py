# SPDX-License-Identifier: BSD-3-Clause
"""Find the bundled data: inside an installed wheel, or in ``data/`` of a checkout."""

from pathlib import Path

_INSTALLED = Path(__file__).resolve().parents[1] / "_data"
_CHECKOUT = Path(__file__).resolve().parents[3] / "data"


def data_path(*parts: str) -> Path:
    """Path of a bundled file, given its parts below the data folder.

    Parameters
    ----------
    *parts : str
        Folder and file names, for example ``"mos2_dft", "dos.csv"``.

    Raises
    ------
    FileNotFoundError
        When neither the installed package nor a checkout holds the file.
    """
    for root in (_INSTALLED, _CHECKOUT):
        path = root.joinpath(*parts)
        if path.exists():
            return path
    raise FileNotFoundError(
        f"the bundled file {'/'.join(parts)} is neither in {_INSTALLED} nor in {_CHECKOUT}; install "
        "strain2dos again (`pip install --force-reinstall strain2dos`) or work from a complete checkout."
    )
