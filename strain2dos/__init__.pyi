# SPDX-License-Identifier: BSD-3-Clause
from . import datasets as datasets
from . import dos as dos
from . import explain as explain
from . import io as io
from . import mapping as mapping
from . import raman as raman
from . import simulate as simulate
from ._raman_pipeline import RamanPipeline as RamanPipeline
from ._raman_pipeline import raman_pipeline as raman_pipeline
from .datasets import load_dft as load_dft
from .datasets import load_pretrained as load_pretrained
from .datasets import make_raman_map as make_raman_map
from .dos import BandEdges as BandEdges
from .dos import ConformalDOSRegressor as ConformalDOSRegressor
from .dos import DOSRegressor as DOSRegressor
from .dos import band_edges as band_edges
from .explain import DOSExplainer as DOSExplainer
from .io import load_model as load_model
from .io import read_raman as read_raman
from .io import save_model as save_model
from .mapping import SpatialMapper as SpatialMapper
from .mapping import map_flake as map_flake
from .raman import RamanFeaturizer as RamanFeaturizer
from .raman import StrainDopingSeparator as StrainDopingSeparator

__version__: str
