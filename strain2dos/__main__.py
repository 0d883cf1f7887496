# SPDX-License-Identifier: BSD-3-Clause
"""``python -m strain2dos`` is the ``strain2dos`` command."""

from strain2dos.cli import main

if __name__ == "__main__":
    main()
