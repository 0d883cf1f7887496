# SPDX-License-Identifier: BSD-3-Clause
"""How the regressor learns: a pure function from data and options to one frozen object."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos._estimators.seen import row_hashes
from strain2dos.dos._common.groups import check_groups, subsample_by_group
from strain2dos.dos._edges.targets import EdgeTargets
from strain2dos.dos._process.heads import Head, Heads, Learned, fit_head
from strain2dos.dos._process.local_scale import LocalScale, misfits
from strain2dos.dos._process.plain import Kernel
from strain2dos.dos._process.posterior import condition
from strain2dos.dos._process.training import TrainingOptions, train_networks
from strain2dos.dos._process.unseen import UnseenRows, gap_factors, is_likelier, predict_unseen
from strain2dos.dos._process.valley import fit_valley
from strain2dos.dos._process.weight import Unseen, weigh_networks
from strain2dos.dos._regressor.checks import (
    check_edge_energies,
    check_nonnegative,
    check_reference,
    check_threshold,
)
from strain2dos.dos._regressor.domain import TrainingDomain
from strain2dos.dos._regressor.fitted import FittedDOS, Report, Standardisation
from strain2dos.dos._regressor.parameters import DOSOptions
from strain2dos.dos._representations.basis import LatentBasis, build_basis

Array = NDArray[np.float64]

# with fewer groups nothing shows whether a network helps
_FEWEST_GROUPS = 5
_DOMAIN_ROWS = 4000
# Rows on which representations are compared: of more, processes take ten times as long to condition.
_COMPARED_ROWS = 640


def fit_dos(
    X: Array,
    y: Array,
    groups: ArrayLike | None,
    edges: EdgeTargets | None,
    options: DOSOptions,
    random: np.random.RandomState,
) -> FittedDOS:
    """Learn curves and, if given, the energies of valleys; nothing outside is changed."""
    curves = np.ascontiguousarray(y.reshape(len(y), -1))
    energies = options.energies
    grid = np.arange(curves.shape[1], dtype=np.float64) if energies is None else energies
    nonnegative = check_nonnegative(options.nonnegative, curves, energies)
    labels = check_groups(groups, curves)
    if edges is not None:
        check_edge_energies(edges, energies)
        edges = edges.relevant(labels)
    standardise = _standardise(X)
    features = np.ascontiguousarray(standardise(X))
    domain = TrainingDomain.of(features, labels, subsample_by_group(labels, _DOMAIN_ROWS, random))
    threshold = check_threshold(options.edge_threshold, energies, curves)
    reference = check_reference(options.edge_reference, threshold, grid, curves)
    basis, scores, compared = _choose_basis(
        features, curves, labels, grid, nonnegative, (reference, threshold), options, random
    )
    # whole curves show how a response bends; one energy per state does not: with a quadratic part, learned
    # gaps from positions of lines err by a sixth more
    curve = fit_head(features, scores, labels, random, bent=True, device=options.device)
    # valleys cross as strain grows, and each alone is smooth
    valleys: tuple[Head, ...] = ()
    of_gap, of_pairs = 1.0, np.ones((0, 0))
    if edges is not None:
        valleys, seen = _valleys(features, edges, labels, random, options.device)
        of_gap, of_pairs = gap_factors(seen, edges.n_valence)
    heads, history, density = _with_networks(features, labels, curve, options.training, random)
    return FittedDOS(
        energies=energies,
        standardise=standardise,
        feature_range=np.array([X.min(0), X.max(0)]),
        domain=domain,
        basis=basis,
        heads=replace(heads, valleys=valleys, gap_factor=of_gap, pair_factors=of_pairs),
        valleys=() if edges is None else tuple(edges.names),
        n_valence=0 if edges is None else edges.n_valence,
        edge_reference=reference,
        edge_threshold=threshold,
        nonnegative=nonnegative,
        flat=y.ndim == 1,
        row_hashes=np.unique(row_hashes(X)),
        report=Report(history, compared, density),
    )


def _valleys(
    features: Array,
    edges: EdgeTargets,
    labels: NDArray[np.intp],
    random: np.random.RandomState,
    device: str,
) -> tuple[tuple[Head, ...], list[UnseenRows]]:
    """Return the heads of the valleys, and what kernels that were chosen without a state predict of it."""
    heads: list[Head] = []
    parts: list[UnseenRows] = []
    for column, loose in zip(edges.energies.T, edges.looseness.T, strict=True):
        kinds = predict_unseen(features, column, labels, loose, device)
        fits = fit_valley(features, column, labels, loose, random, device)
        *earlier, (head, variance) = islice(fits, 1 + is_likelier(*kinds))
        unseen = kinds[len(earlier)].beside(variance)
        wider = unseen.widening()
        heads.append(replace(head, local=head.local + unseen.local(wider), wider=wider))
        parts.append(unseen.widened())
    return tuple(heads), parts


def _standardise(X: Array) -> Standardisation:
    center, spread = X.mean(0), X.std(0)
    varies = spread > 1e-12 * np.maximum(np.abs(X).max(0), 1e-300)
    return Standardisation(center, np.where(varies, spread, 1.0))


def _choose_basis(
    features: Array,
    curves: Array,
    labels: NDArray[np.intp],
    grid: Array,
    nonnegative: bool,
    where: tuple[float, float],
    options: DOSOptions,
    random: np.random.RandomState,
) -> tuple[LatentBasis, Array, dict[str, float]]:
    """Return the basis, the scores of all rows in it, and the error of each representation compared."""
    distinct, back = np.unique(curves, axis=0, return_inverse=True)
    back = back.reshape(-1)
    names = ["grid", "cdf"] if options.representation == "auto" else [options.representation]
    made = {name: build_basis(name, grid, distinct, nonnegative, *where) for name in names}
    found = {name: part for name, part in made.items() if part is not None}
    if not found:
        raise ValueError(
            f"representation={options.representation!r} needs densities that are not negative, at least 16 "
            'energies and states on both sides of the reference energy; pass representation="grid".'
        )
    errors: dict[str, float] = {}
    # fewer than four groups do not show which is better: the first that fits will do
    if len(found) > 1 and labels.max() >= 3:
        rows = subsample_by_group(labels, _COMPARED_ROWS, random)
        own = np.unique(labels[rows], return_inverse=True)[1]
        for name, (basis, scores) in found.items():
            part = fit_head(features[rows], scores[back[rows]], own, random, refine=False, bent=True)
            miss = basis.decode(part.head.mean + part.head.scale * part.mean) - curves[rows]
            errors[name] = _error(miss, own)
    basis, scores = found[min(errors, key=errors.__getitem__) if errors else next(iter(found))]
    return basis, scores[back], errors


def _error(miss: Array, labels: NDArray[np.intp]) -> float:
    # geometric mean: the ends of the training range, where every model extrapolates, do not decide alone
    per_group = np.bincount(labels, np.square(miss).mean(1)) / np.bincount(labels)
    return float(np.sqrt(np.exp(np.mean(np.log(per_group + 1e-300)))))


def _with_networks(
    features: Array,
    labels: NDArray[np.intp],
    curve: Learned,
    options: TrainingOptions,
    random: np.random.RandomState,
) -> tuple[Heads, tuple[dict[str, Array], ...], dict[str, float]]:
    """Train kernels that see through networks, and give them the weight that helps with unseen groups."""
    if not options.hidden or labels.max() + 1 < _FEWEST_GROUPS:
        misfit = misfits(curve.outputs, curve.mean, curve.variance)
        return Heads(_scaled(curve.head, features, labels, misfit), ()), (), {}
    trained = train_networks(features, curve.outputs, labels, _start(curve.kernels), options, random)
    shares = np.full(options.n_members, 1.0 / options.n_members)
    network, held = condition(
        trained.covariance, features, curve.outputs, labels, shares, random, options.device
    )
    variance = held.size[:, :, None] * network.variance[:, None, :]
    found = Unseen(curve.outputs, curve.mean, curve.variance, held.mean, variance, trained.held_out, labels)
    # groups that a network was trained on flatter it, also where each is left out of its process
    scale = found.scale()
    found = found._replace(variances=scale * variance)
    weight, density = weigh_networks(found)
    network = replace(network, variance=scale * network.variance)
    head = _scaled(curve.head, features, labels, misfits(curve.outputs, *found.mixture(weight)))
    made = Heads(head, (), network if weight > 0 else None, weight)
    return made, tuple(trained.history), density


def _scaled(head: Head, features: Array, labels: NDArray[np.intp], misfit: Array) -> Head:
    return replace(head, local=LocalScale.of(features, labels, misfit))


def _start(kernels: list[Kernel]) -> Kernel:
    """Return the kernel from which networks begin: the likeliest of the networks' own family, else of all."""
    own = [kernel for kernel in kernels if kernel.family == "matern52"]
    return max(own or kernels, key=lambda kernel: kernel.weight)
