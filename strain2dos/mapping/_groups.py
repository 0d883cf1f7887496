# SPDX-License-Identifier: BSD-3-Clause
"""Groups for cross-validation in space."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr


def spatial_groups(
    shape_or_map: Sequence[int] | xr.DataArray | xr.Dataset, block: int | Sequence[int]
) -> np.ndarray:
    """Label the pixels of a map by square blocks, for cross-validation that keeps neighbors together.

    Neighboring pixels share strain, focus and noise, so a random split tests on near copies of the training
    pixels. Whole blocks held out at a time give the error at new places; take a block larger than the
    correlation length of the map (see Roberts et al.).

    Parameters
    ----------
    shape_or_map : (n_y, n_x), DataArray or Dataset
        The map, or its shape.
    block : int or (int, int)
        Side of a block in pixels, or its height (y) and width (x). Blocks at the far edges may be smaller.

    Returns
    -------
    ndarray of shape (n_y * n_x,), int
        One label per pixel, numbered from 0, rows first: the order of ``map.values.reshape(n_y * n_x, -1)``.

    Raises
    ------
    ValueError
        If a block is not positive, or so large that all pixels fall into one.

    References
    ----------
    D. R. Roberts et al., Cross-validation strategies for data with temporal, spatial, hierarchical, or
    phylogenetic structure, Ecography 40, 913 (2017), doi:10.1111/ecog.02881.

    Examples
    --------
    >>> from strain2dos.mapping import spatial_groups
    >>> spatial_groups((2, 5), block=2).reshape(2, 5)
    array([[0, 0, 1, 1, 2],
           [0, 0, 1, 1, 2]])
    """
    if isinstance(shape_or_map, xr.DataArray | xr.Dataset):
        n_y, n_x = shape_or_map.sizes["y"], shape_or_map.sizes["x"]
    else:
        n_y, n_x = map(int, shape_or_map)
    height, width = (block, block) if isinstance(block, int | np.integer) else block
    if height < 1 or width < 1:
        raise ValueError(f"block must be at least 1 pixel, but got {block}.")
    blocks_x = -(-n_x // width)
    labels = (np.arange(n_y) // height)[:, np.newaxis] * blocks_x + np.arange(n_x) // width
    if labels.max() == 0:
        raise ValueError(
            f"block={block} puts the whole map of {n_y} x {n_x} pixels into one group; take a smaller one."
        )
    return labels.ravel()
