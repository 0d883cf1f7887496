# SPDX-License-Identifier: BSD-3-Clause
"""Lengths: positions in micrometers, and a scale bar."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

_MICROMETERS = {
    "um": 1.0, "µm": 1.0, "μm": 1.0, "micrometer": 1.0, "micrometers": 1.0, "micron": 1.0,
    "nm": 1e-3, "nanometer": 1e-3, "mm": 1e3, "millimeter": 1e3, "cm": 1e4, "m": 1e6,
}  # fmt: skip
# A bar of about this share of the width is read at a glance and hides little.
_SHARE = 0.25
_MILLIMETER = 1000.0


def micrometers_per(unit: object) -> float | None:
    """Micrometers in one `unit`; None where it is not a length, such as "pixel" or "unknown".

    Examples
    --------
    >>> from strain2dos._plotting.lengths import micrometers_per
    >>> micrometers_per("nm"), micrometers_per("pixel")
    (0.001, None)
    """
    return _MICROMETERS.get(str(unit))


def round_length(width: float) -> float:
    """Length of a scale bar for a picture of this width: 1, 2 or 5 times a power of ten.

    Examples
    --------
    >>> from strain2dos._plotting.lengths import round_length
    >>> round_length(24.0), round_length(0.9)
    (5.0, 0.2)
    """
    wanted = _SHARE * width
    power = 10.0 ** np.floor(np.log10(wanted))
    return float(max(step * power for step in (1, 2, 5) if step * power <= wanted * (1 + 1e-9)))


def draw_scale_bar(ax: "Axes", width: float, unit: object) -> "AnchoredSizeBar | None":
    """Draw a scale bar; none where the unit of the axes is not a length.

    It is labeled in micrometers, or in millimeters from 1000 micrometers on.

    Parameters
    ----------
    ax : Axes
    width : float
        Width of the picture in `unit`.
    unit : str
        Unit of the x axis.
    """
    from mpl_toolkits.axes_grid1.anchored_artists import AnchoredSizeBar

    factor = micrometers_per(unit)
    if factor is None or not width > 0:
        return None
    length = round_length(width * factor)
    bar = AnchoredSizeBar(
        ax.transData,
        length / factor,
        f"{length:g} µm" if length < _MILLIMETER else f"{length / _MILLIMETER:g} mm",
        "lower right",
        pad=0.3,
        sep=2,
        borderpad=0.5,
        label_top=True,
        size_vertical=0,
        color="black",
    )
    bar.patch.set(facecolor="white", alpha=0.75, edgecolor="none")
    (line,) = bar.size_bar.get_children()
    line.set_linewidth(3)
    bar.txt_label.get_children()[0].set_fontsize("small")
    ax.add_artist(bar)
    return bar
