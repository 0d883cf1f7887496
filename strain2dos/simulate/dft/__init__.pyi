# SPDX-License-Identifier: BSD-3-Clause
from ._plan import State as State
from ._plan import read_plan as read_plan
from ._recipe import DFTRecipe as DFTRecipe
from ._ripple import Ripple as Ripple
from ._ripple_run import run_ripple as run_ripple
from ._run import StatesFailedError as StatesFailedError
from ._run import run_plan as run_plan
from ._run import run_state as run_state
