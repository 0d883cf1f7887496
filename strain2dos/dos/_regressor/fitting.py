# SPDX-License-Identifier: BSD-3-Clause
"""How the regressor learns: a pure function from data and options to one frozen object."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from strain2dos._estimators.seen import row_hashes
from strain2dos.dos._common.groups import check_groups, thin
from strain2dos.dos._edges.targets import EdgeTargets
from strain2dos.dos._process.heads import Heads, Learned, fit_head
from strain2dos.dos._process.mixture import Process
from strain2dos.dos._process.plain import Kernel
from strain2dos.dos._process.posterior import condition
from strain2dos.dos._process.training import TrainingOptions, train_networks
from strain2dos.dos._process.weight import best_weight, log_density, unseen
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

# One number per state holds fewer reasons for a kernel than a whole curve does. Kernels that pass through
# every point then swing between them, so an edge counts as known to 0.3 % of its spread.
_EDGE_NOISE = 1e-5
# with fewer groups nothing shows whether a network helps
_FEWEST_GROUPS = 5
_DOMAIN_ROWS = 4000


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
    domain = TrainingDomain.of(features, labels, thin(labels, _DOMAIN_ROWS, random))
    threshold = check_threshold(options.edge_threshold, energies, curves)
    reference = check_reference(options.edge_reference, threshold, grid, curves)
    basis, scores, compared = _choose_basis(
        features, curves, labels, grid, nonnegative, (reference, threshold), options, random
    )
    device = options.device
    learned = [fit_head(features, scores, labels, random, device=device)]
    if edges is not None:
        # valleys cross as strain grows, and each alone is smooth
        learned += [
            fit_head(features, column[:, None], labels, random, least_noise=_EDGE_NOISE, device=device)
            for column in edges.energies.T
        ]
    heads, history, density = _with_networks(features, labels, learned, options.training, random)
    return FittedDOS(
        energies=energies,
        standardise=standardise,
        feature_range=np.array([X.min(0), X.max(0)]),
        domain=domain,
        basis=basis,
        heads=heads,
        valleys=() if edges is None else tuple(edges.names),
        n_valence=0 if edges is None else edges.n_valence,
        edge_reference=reference,
        edge_threshold=threshold,
        nonnegative=nonnegative,
        flat=y.ndim == 1,
        row_hashes=np.unique(row_hashes(X)),
        report=Report(history, compared, density),
    )


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
    names = ["grid", "cdf", "aligned"] if options.representation == "auto" else [options.representation]
    made = {name: build_basis(name, grid, distinct, nonnegative, *where) for name in names}
    found = {name: part for name, part in made.items() if part is not None}
    if not found:
        raise ValueError(
            f"representation={options.representation!r} needs densities that are not negative, at least 16 "
            'energies and states on both sides of the reference energy; pass representation="grid".'
        )
    errors: dict[str, float] = {}
    # fewer than four groups cannot tell which is better: the first that fits will do
    if len(found) > 1 and labels.max() >= 3:
        rows = thin(labels, _DOMAIN_ROWS, random)
        own = np.unique(labels[rows], return_inverse=True)[1]
        for name, (basis, scores) in found.items():
            part = fit_head(features[rows], scores[back[rows]], own, random, refine=False)
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
    learned: list[Learned],
    options: TrainingOptions,
    random: np.random.RandomState,
) -> tuple[Heads, tuple[dict[str, Array], ...], dict[str, float]]:
    """Train kernels that see through networks, and give each head the weight of them that helps it."""
    heads = Heads(tuple(part.head for part in learned), None).placed()
    if not options.hidden or labels.max() + 1 < _FEWEST_GROUPS:
        return heads, (), {}
    curve = learned[0]
    trained = train_networks(features, curve.outputs, labels, _start(curve.kernels), options, random)
    outputs = np.hstack([part.outputs for part in learned])
    shares = np.full(options.n_members, 1.0 / options.n_members)
    network, held = condition(trained.covariance, features, outputs, labels, shares, random, options.device)
    weights = []
    for head, part in zip(heads.heads, learned, strict=True):
        own = held.mean[..., head.columns]
        weights.append(best_weight(unseen(part.outputs, part.mean, own, trained.held_out, labels)))
    made = tuple(replace(head, network_weight=w) for head, w in zip(heads.heads, weights, strict=True))
    density = _densities(curve, network, held.mean, held.size, trained.held_out, labels, weights[0])
    return Heads(made, network if max(weights) > 0 else None), tuple(trained.history), density


def _start(kernels: list[Kernel]) -> Kernel:
    """Return the kernel from which networks begin: the likeliest of the networks' own family, else of all."""
    own = [kernel for kernel in kernels if kernel.family == "matern52"]
    return max(own or kernels, key=lambda kernel: kernel.weight)


def _densities(
    curve: Learned,
    network: Process,
    means: Array,
    sizes: Array,
    held_out: NDArray[np.bool_],
    labels: NDArray[np.intp],
    weight: float,
) -> dict[str, float]:
    """Return the log density of groups without the networks, and with those members that did not see them."""
    columns = slice(0, curve.outputs.shape[1])
    rows = np.flatnonzero(held_out.any(0)[labels])
    out = held_out[:, labels[rows]] / held_out[:, labels[rows]].sum(0)
    variances = sizes[:, rows, None] * network.variance[:, None, columns]
    own = means[:, rows, columns]
    mean = np.einsum("mn,mnd->nd", out, own)
    variance = np.einsum("mn,mnd->nd", out, variances + np.square(own - mean))
    both = curve.mean[rows] + weight * (mean - curve.mean[rows])
    spread = (1 - weight) * (curve.variance[rows] + np.square(curve.mean[rows] - both))
    spread += weight * (variance + np.square(mean - both))
    groups = np.unique(labels[rows], return_inverse=True)[1]
    truth = curve.outputs[rows]
    return {
        "without": log_density(truth, curve.mean[rows], curve.variance[rows], groups),
        "with": log_density(truth, both, spread, groups),
    }
