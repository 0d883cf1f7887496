# SPDX-License-Identifier: BSD-3-Clause
from ._bilayer_dos import make_bilayer_dos as make_bilayer_dos
from ._bundled.dft import load_dft as load_dft
from ._bundled.mos2_dft import load_mos2_dft as load_mos2_dft
from ._pretrained.load import load_pretrained as load_pretrained
from ._pretrained.load import pretrained_merit as pretrained_merit
from ._raman.dos import RamanDOS as RamanDOS
from ._raman.dos import make_raman_dos as make_raman_dos
from ._raman.map import make_raman_map as make_raman_map
from ._raman.variation import SampleVariation as SampleVariation
from ._strained import StrainedDOS as StrainedDOS
from ._strained_dos import make_strained_dos as make_strained_dos
from ._suggest import suggest_states as suggest_states
from ._tables.dft_records import read_dft_records as read_dft_records
from ._tables.dos_table import read_dos_table as read_dos_table
from ._tables.strain_map import read_strain_map as read_strain_map
