# SPDX-License-Identifier: BSD-3-Clause
from ._page import write_map_report as write_map_report
from ._spectra import spectra_with_fit as spectra_with_fit
