# SPDX-License-Identifier: BSD-3-Clause
"""Cosmic rays in maps and line scans, recognized by the spectra beside each spectrum."""

from collections.abc import Iterator
from typing import Any, Literal, TypeAlias, TypeVar, overload

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation

from strain2dos._renamed import renamed_parameters
from strain2dos.raman._cosmic_rays.bad_pixels import bad_columns
from strain2dos.raman._cosmic_rays.neighbors import HitSearch, find_hits
from strain2dos.raman._cosmic_rays.prepared import prepare

# Working arrays per point of a block (neighbors, their sort, the spectra in several forms), and the memory
# that they may take together.
_ARRAYS_PER_POINT = 24
_BLOCK_BYTES = 2**27
# A hit can hide behind a stronger one beside it, in its own spectrum or in a neighbor's: a second look, with
# the first hits gone, finds it.
_PASSES = 2
_MAP_OFFSETS = tuple((dy, dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1) if (dy, dx) != (0, 0))
_LINE_OFFSETS = ((-2, 0), (-1, 0), (1, 0), (2, 0))


Cube = TypeVar("Cube", xr.DataArray, NDArray[np.float64])
Masked: TypeAlias = xr.DataArray | NDArray[Any]


@overload
def mask_cosmic_rays(
    cube: Cube,
    *,
    threshold: float = 5.0,
    max_width: int = 4,
    max_line_shift: int = 8,
    bad_pixels: bool = True,
    return_mask: Literal[False] = False,
) -> Cube: ...
@overload
def mask_cosmic_rays(
    cube: Cube,
    *,
    threshold: float = 5.0,
    max_width: int = 4,
    max_line_shift: int = 8,
    bad_pixels: bool = True,
    return_mask: Literal[True],
) -> tuple[Cube, Cube]: ...
@renamed_parameters(max_move="max_line_shift", columns="bad_pixels")
def mask_cosmic_rays(
    cube: xr.DataArray | NDArray[Any],
    *,
    threshold: float = 5.0,
    max_width: int = 4,
    max_line_shift: int = 8,
    bad_pixels: bool = True,
    return_mask: bool = False,
) -> Masked | tuple[Masked, Masked]:
    """Replace points hit by cosmic rays with NaN, judged by the spectra beside each spectrum.

    Two spectra measured side by side are hardly ever hit in the same detector pixel, so their difference
    shows also those hits that look like a line: three points wide, or on top of a peak.
    `RamanFeaturizer` leaves NaN points out of its fit; nothing is interpolated.

    Parameters
    ----------
    cube : DataArray or ndarray of shape (y, x, n_shift) or (n, n_shift)
        Map or line scan, the spectra of a line scan in the order in which they lie. A DataArray may have its
        dims in any order, as long as one is called "shift" (else the last is taken). It is read block by
        block, so it can be memory-mapped or dask-backed. NaN stays NaN.
    threshold : float, default=5.0
        Standard deviations of the noise by which a point has to exceed what its neighbors let expect.
    max_width : int, default=4
        Points; whatever stands out over more points than this is not a hit.
    max_line_shift : int, default=8
        Points by which a line may have moved between neighboring spectra.
    bad_pixels : bool, default=True
        Whether to mask detector pixels that are hot or dead in more than half of the spectra as well.
    return_mask : bool, default=False
        Whether to return which points were masked.

    Returns
    -------
    masked : DataArray or ndarray
        Copy of ``cube``, of the same type and shape, with NaN at the hits. Integers become float64.
    mask : DataArray or ndarray of bool
        Only for ``return_mask=True``: True at the points that were set to NaN here.

    Raises
    ------
    ValueError
        If the shape is neither that of a map nor of a line scan, if there are fewer than two spectra or fewer
        than ten points, or if a parameter is out of range.

    See Also
    --------
    RamanFeaturizer : Its ``despike`` finds hits of one or two points within one spectrum.

    Notes
    -----
    Candidates exceed the median of the scaled neighbors (eight in a map, four in a line scan). Around each
    candidate, every neighbor is fitted to the spectrum without the candidate: scale, offset, shift and
    broadening, over +-14 points. The neighbors that fit best give the expectation, as in the nearest
    neighbor comparisons of Behrend et al. [1]_ and Cappel et al. [2]_; a point is hit where it stands out
    from their median by ``threshold`` standard deviations and from (nearly) all of them by half of it, in the
    manner of an upper-bound spectrum [3]_. What stands out must end abruptly on both sides, as no Raman line
    does.

    The noise of a spectrum is the median absolute second difference; it grows with the counts as shot noise
    does. Where no neighbor fits well (an edge of a flake, a wrinkle one pixel wide) the misfit counts as
    noise, so masking is conservative there. Of hits weaker than about ten standard deviations only some are
    found, and on a line only those above about a quarter of its height where neighbors differ in the shape
    of the line. On axes so coarse that lines are no wider than ``max_width`` points, neighbors have to be
    alike, or lines are taken for hits: lower ``max_width`` there. The result does not depend on the size of
    the blocks, and flipping the map flips the result.

    References
    ----------
    .. [1] C. J. Behrend, C. P. Tarnowski, M. D. Morris, Appl. Spectrosc. 56, 1458 (2002).
    .. [2] U. B. Cappel, I. M. Bell, L. K. Pickard, Appl. Spectrosc. 64, 195 (2010).
    .. [3] D. Zhang, K. N. Jallad, D. Ben-Amotz, Appl. Spectrosc. 55, 1523 (2001).

    Examples
    --------
    >>> import numpy as np
    >>> from strain2dos.raman import mask_cosmic_rays
    >>> from strain2dos.simulate import simulate_spectra
    >>> shift = np.arange(360.0, 430.0, 0.6)
    >>> scan = simulate_spectra(
    ...     np.tile([384.5, 384.5, 403.0], (12, 1)), shift, random_state=0
    ... )
    >>> scan[5, 40:43] += 4000.0  # three points wide, on the flank of E'
    >>> masked, mask = mask_cosmic_rays(scan, return_mask=True)
    >>> np.argwhere(mask).tolist()
    [[5, 40], [5, 41], [5, 42]]
    >>> np.array_equal(np.isnan(masked), mask)
    True
    """
    search = _check(threshold, max_width, max_line_shift)
    array, dims = _ordered(cube)
    _check_shape(array)
    grid = array.shape[:-1] if array.ndim == 3 else (len(array), 1)
    mask = np.zeros((*grid, array.shape[-1]), dtype=bool)
    if bad_pixels:
        mask |= bad_columns(_blocks(array, grid, 0), threshold)
    offsets, halo = _neighborhood(grid)
    active = np.ones(grid, dtype=bool)
    for _ in range(_PASSES):
        before = mask.copy()
        for rows, first, block in _blocks(array, grid, halo):
            if active[rows].any():
                spectra = block.astype(np.float64)
                spectra[before[first : first + len(block)]] = np.nan
                mask[rows] |= _hits_of_rows(spectra, rows, first, (active[rows], offsets), search)
        # Only where a hit was taken away can the second look differ from the first.
        active = binary_dilation((mask != before).any(axis=-1), _footprint(offsets, halo))
    return _handed_back(cube, mask, dims, return_mask)


def _check(threshold: float, max_width: int, max_line_shift: int) -> HitSearch:
    if not threshold > 0:
        raise ValueError(
            f"threshold must be a positive number of standard deviations, but is {threshold}; 5 is usual."
        )
    if not 1 <= max_width <= 8 or max_line_shift < 0:
        raise ValueError(
            f"max_width must lie between 1 and 8 points and max_line_shift be at least 0 points, but are "
            f"{max_width} and {max_line_shift}; the defaults are 4 and 8."
        )
    return HitSearch(float(threshold), int(max_width), int(max_line_shift))


def _ordered(cube: xr.DataArray | NDArray[Any]) -> tuple[Any, tuple[Any, ...] | None]:
    """The cube with its shift axis last, and the dims in that order; an array as it is."""
    if not isinstance(cube, xr.DataArray):
        return (cube if hasattr(cube, "shape") else np.asarray(cube)), None
    shift = "shift" if "shift" in cube.dims else cube.dims[-1]
    ordered = cube.transpose(..., shift)
    return ordered, ordered.dims


def _check_shape(array: Any) -> None:
    shape = tuple(array.shape)
    if len(shape) not in (2, 3):
        raise ValueError(
            f"cube must have the shape (y, x, n_shift) or (n, n_shift), but has {shape}; a single spectrum "
            "has no neighbors, RamanFeaturizer(despike=True) looks for hits within it."
        )
    if np.prod(shape[:-1]) < 2 or shape[-1] < 10:
        raise ValueError(
            f"cube must hold at least 2 spectra of at least 10 points, but its shape is {shape}; hits are "
            "found by comparison with the spectra beside them."
        )


def _neighborhood(grid: tuple[int, ...]) -> tuple[NDArray[np.int64], int]:
    """Offsets (k, 2) to the neighbors in y and x, and how many rows they reach."""
    if grid[1] == 1:
        offsets = np.array(_LINE_OFFSETS)
    elif grid[0] == 1:
        offsets = np.array(_LINE_OFFSETS)[:, ::-1]
    else:
        offsets = np.array(_MAP_OFFSETS)
    return offsets, int(np.abs(offsets[:, 0]).max())


def _blocks(array: Any, grid: tuple[int, ...], halo: int) -> Iterator[tuple[slice, int, NDArray[Any]]]:
    """Rows of the map: their slice, the first row loaded, and the spectra (rows with halo, x, n_shift)."""
    n_rows, n_columns = grid
    per_row = 8 * _ARRAYS_PER_POINT * n_columns * array.shape[-1]
    step = max(1, _BLOCK_BYTES // per_row)
    for start in range(0, n_rows, step):
        stop = min(start + step, n_rows)
        first, last = max(0, start - halo), min(n_rows, stop + halo)
        block = np.asarray(array[first:last])
        yield slice(start, stop), first, block.reshape(last - first, n_columns, -1)


def _hits_of_rows(
    spectra: NDArray[np.float64],
    rows: slice,
    first: int,
    where: tuple[NDArray[np.bool_], NDArray[np.int64]],
    search: HitSearch,
) -> NDArray[np.bool_]:
    """Hits (rows, x, n_shift) in the active pixels of a block, whose halo is only there to compare."""
    n_loaded, n_columns, m = spectra.shape
    active, offsets = where
    y, x = np.nonzero(active)
    y = y + rows.start - first
    beside_y, beside_x = y[:, None] + offsets[:, 0], x[:, None] + offsets[:, 1]
    there = (beside_y >= 0) & (beside_y < n_loaded) & (beside_x >= 0) & (beside_x < n_columns)
    beside = np.where(there, beside_y * n_columns + beside_x, -1)
    hits = np.zeros((*active.shape, m), dtype=bool)
    hits[active] = find_hits(prepare(spectra.reshape(-1, m)), y * n_columns + x, beside, search)
    return hits


def _footprint(offsets: NDArray[np.int64], halo: int) -> NDArray[np.bool_]:
    """The neighborhood as a structuring element for `scipy.ndimage.binary_dilation`."""
    reach = max(halo, int(np.abs(offsets[:, 1]).max()))
    footprint = np.zeros((2 * reach + 1, 2 * reach + 1), dtype=bool)
    footprint[reach, reach] = True
    footprint[offsets[:, 0] + reach, offsets[:, 1] + reach] = True
    return footprint


def _handed_back(
    cube: xr.DataArray | NDArray[Any],
    mask: NDArray[np.bool_],
    dims: tuple[Any, ...] | None,
    return_mask: bool,
) -> Masked | tuple[Masked, Masked]:
    """Copy of the cube with NaN where it is masked, in the form in which it came."""
    if not isinstance(cube, xr.DataArray) or dims is None:
        given = np.asarray(cube)
        mask = mask.reshape(given.shape)
        floating = given.dtype if given.dtype.kind == "f" else np.dtype(np.float64)
        masked = given.astype(floating, copy=True)
        masked[mask] = np.nan
        return (masked, mask) if return_mask else masked
    sizes = [cube.sizes[dim] for dim in dims]
    flags = cube.transpose(*dims).copy(data=mask.reshape(sizes)).transpose(*cube.dims)
    flags.attrs = {"long_name": "point masked as a cosmic ray or a bad detector pixel"}
    kept = cube.where(~flags)
    return (kept, flags.rename("cosmic_rays")) if return_mask else kept
