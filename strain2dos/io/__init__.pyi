# SPDX-License-Identifier: BSD-3-Clause
from ._models.model import load_model as load_model
from ._models.model import read_metadata as read_metadata
from ._models.model import save_model as save_model
from ._raman import read_raman as read_raman
