# SPDX-License-Identifier: BSD-3-Clause
"""Physics in the loss: decodes with gradients, and terms that lower what they are meant to lower."""

import numpy as np
import pytest
import torch

from strain2dos import DOSRegressor, band_edges
from strain2dos.datasets import load_mos2_dft
from strain2dos.dos._networks.losses import CurveTerms
from strain2dos.dos._representations.basis import build_latent
from strain2dos.dos._representations.torch_decode import TORCH_DECODES, LatentDecode

ENERGIES = np.linspace(-2.0, 2.0, 161)
WINDOW = (-1.0, 0.0)
ALONE = {
    "gaussian_process": False,
    "hidden_layer_sizes": (16,),
    "n_members": 2,
    "max_epochs": 150,
    "lr": 2e-3,
}


def bands(features):
    """Two bands with a peak each; gap and middle move with two features and their product."""
    half = 0.9 - 0.25 * features[:, :1] + 0.1 * features[:, 1:] ** 2
    away = np.abs(ENERGIES - 0.15 * features[:, 1:] * features[:, :1]) - half
    return 0.06 * np.logaddexp(0, away / 0.06) * (away > -0.2) + 1.5 * np.exp(-50 * np.square(away - 0.4))


X = np.random.RandomState(0).uniform(-1, 1, size=(120, 2))
Y = bands(X)


def misses(representation, **weights):
    """Train nets alone on 80 states and return the four terms on the 40 others."""
    model = DOSRegressor(
        ENERGIES, representation=representation, edge_reference=0.0, random_state=0, **ALONE, **weights
    )
    model.set_params(state_window=WINDOW).fit(X[:80], Y[:80])
    edges = np.column_stack(band_edges(ENERGIES, Y[80:], threshold=0.1, reference=0.0)[:2])
    terms = CurveTerms(ENERGIES, 0.0, WINDOW)
    found = (torch.from_numpy(part) for part in (model.predict(X[80:]), Y[80:], edges))
    return dict(zip(("cdf", "smoothness", "state", "gap"), terms(*found).mean(1).tolist(), strict=True))


@pytest.mark.parametrize(
    ("name", "representation", "weight", "share"),
    # held-out error against the same nets without the term: 0.55, 0.965, 0.16 and 0.49 as measured
    [
        ("cdf", "grid", 1.0, 0.65),
        ("smoothness", "pca", 1.0, 0.98),
        ("state", "grid", 10.0, 0.25),
        ("gap", "pca", 1.0, 0.6),
    ],
)
def test_each_term_lowers_its_own_error_on_unseen_states(name, representation, weight, share):
    without = misses(representation)
    with_term = misses(representation, **{f"{name}_weight": weight})
    assert with_term[name] < share * without[name]


@pytest.mark.parametrize("name", sorted(TORCH_DECODES))
def test_the_decode_with_gradients_equals_the_one_without(name):
    data = load_mos2_dft()
    latent, scores = build_latent(name, data.energies, data.dos, True, -5.2, 0.1)
    # far from the data too, where energies of successive states cross and have to be kept apart
    random = np.random.RandomState(0)
    wild = np.vstack([scores, scores + random.normal(size=scores.shape) * scores.std(0)])
    leaf = torch.from_numpy(wild).requires_grad_()
    found = LatentDecode(latent)(leaf)
    np.testing.assert_allclose(found.detach().numpy(), latent.decode(wild), atol=1e-6)
    found.square().sum().backward()
    assert torch.isfinite(leaf.grad).all()
    assert leaf.grad.abs().max() > 0


@pytest.mark.parametrize("name", sorted(TORCH_DECODES))
def test_gradients_of_the_decode_are_slopes_of_what_it_gives(name):
    data = load_mos2_dft()
    latent, scores = build_latent(name, data.energies, data.dos, True, -5.2, 0.1)
    decode, along = LatentDecode(latent), torch.from_numpy(scores[5:6] - scores[2:3])
    # off the training curves, whose zeros in the gap lie on the kink of the clip
    aside = np.random.RandomState(0).normal(size=(1, scores.shape[1])) * 0.1 * scores.std(0)
    leaf = torch.from_numpy(scores[2:3] + aside).requires_grad_()
    weights = torch.linspace(0, 1, len(data.energies), dtype=torch.float64)
    (decode(leaf) * weights).sum().backward()
    step = 1e-6
    up, down = ((decode(leaf.detach() + sign * step * along) * weights).sum() for sign in (1, -1))
    assert float((leaf.grad * along).sum()) == pytest.approx(float(up - down) / (2 * step), rel=1e-4)


def test_terms_have_the_values_that_integrals_give_by_hand():
    energies = np.linspace(-2.0, 2.0, 401)
    truth = np.zeros((1, 401))
    found = np.where((energies > 0.5) & (energies < 1.5), 2.0, 0.0)[None]
    edges = np.array([[-1.0, 1.0]])
    terms = CurveTerms(energies, 0.0, (0.0, 1.0))
    cdf, _, states, gap = terms(*(torch.from_numpy(part) for part in (found, truth, edges)))[:, 0].tolist()
    # N rises from 0 at 0.5 eV to 2 at 1.5 eV and stays: 4/3 + 4 * 0.5
    assert cdf == pytest.approx(10 / 3, rel=0.02)
    assert states == pytest.approx(1.0, rel=0.03)
    assert gap == pytest.approx(2.0, rel=0.03)
    less = terms(*(torch.from_numpy(part) for part in (truth, found, edges)))[3]
    assert float(less) == 0.0
    bent = torch.from_numpy(np.square(energies)[None])
    # the slope of a parabola changes by twice the step at each of the 399 inner points
    smoothness = terms(bent, torch.zeros_like(bent), torch.from_numpy(edges))[1]
    assert float(smoothness) == pytest.approx(399 * 0.02**2, rel=1e-6)


def test_physics_needs_a_decode_with_gradients(monkeypatch):
    monkeypatch.delitem(TORCH_DECODES, "pca")
    quick = {"representation": "pca", "max_epochs": 2, "n_members": 1}
    DOSRegressor(ENERGIES, **quick).fit(X[:9], Y[:9])
    with pytest.raises(
        ValueError, match=r"representation='pca' has no decode with gradients.*aligned, blend, cdf, grid"
    ):
        DOSRegressor(ENERGIES, cdf_weight=1.0, **quick).fit(X[:9], Y[:9])


@pytest.mark.parametrize(
    ("params", "words"),
    [
        ({"state_window": (1.0, -1.0)}, r"two ascending energies.*\(1.0, -1.0\)"),
        ({"state_window": (1.0,)}, "two ascending energies"),
        ({"state_window": (3.0, 4.0)}, r"\(3.0, 4.0\) holds no energy of the grid of -2 to 2 eV"),
        ({"cdf_weight": -1.0}, "'cdf_weight' parameter"),
        ({"gap_weight": -1.0}, "'gap_weight' parameter"),
        ({"smoothness_weight": "much"}, "'smoothness_weight' parameter"),
        ({"state_weight": -0.1}, "'state_weight' parameter"),
        ({"edge_weight": -1.0}, "'edge_weight' parameter"),
        ({"response": "cubic"}, "'response' parameter"),
        ({"gaussian_process": "no"}, "'gaussian_process' parameter"),
    ],
)
def test_parameters_of_the_loss_are_checked(params, words):
    with pytest.raises(ValueError, match=words):
        DOSRegressor(ENERGIES, **params).fit(X[:9], Y[:9])


def test_terms_are_off_by_default():
    for name in ("cdf", "smoothness", "state", "gap"):
        assert DOSRegressor().get_params()[f"{name}_weight"] == 0.0
