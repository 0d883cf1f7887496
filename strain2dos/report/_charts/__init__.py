# SPDX-License-Identifier: BSD-3-Clause
"""Charts of a page, drawn by Bokeh: maps to click, profiles, spectra and curves."""
