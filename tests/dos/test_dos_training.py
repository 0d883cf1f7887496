# SPDX-License-Identifier: BSD-3-Clause
"""Members trained together learn what each would learn alone, and each stops for itself."""

import numpy as np
import pytest
import torch

from strain2dos import DOSRegressor
from strain2dos.datasets import load_mos2_dft
from strain2dos.dos._networks.ensemble import Ensemble, MemberRows, member_weights
from strain2dos.dos._networks.losses import MemberLoss
from strain2dos.dos._networks.member import CorrectedLinear, Settings, forward, with_products
from strain2dos.dos._networks.training import rate, train_members
from strain2dos.dos._regressor.blocks import ridge_start

SEEDS = [3, 14, 15]
SETTINGS = Settings((16, 8), "mse", 5e-3, 60, 1000, 60, 1e-2, "cpu")


@pytest.fixture
def rows():
    random = np.random.RandomState(0)
    features = random.normal(size=(30, 3))
    outputs = np.column_stack([np.sin(features[:, 0]), features[:, 1] * features[:, 2], features.sum(1)])
    masks = [np.arange(30) % 5 == k for k in (0, 1, 2)]
    masks[2] &= np.arange(30) < 20  # members may hold out different numbers of rows
    return features, outputs, masks


def train(features, outputs, masks, seeds=SEEDS, settings=SETTINGS, columns=None, starts=None):
    terms = with_products(features) if settings.quadratic else features
    starts = starts or [ridge_start(terms[~mask], outputs[~mask]) for mask in masks]
    columns = np.ones(outputs.shape[1]) if columns is None else columns
    criterion = MemberLoss(settings.loss, columns)
    return train_members(features, {"outputs": outputs}, masks, starts, criterion, settings, seeds)


def lone_net(seed, quadratic=False):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return CorrectedLinear(3, 3, SETTINGS.hidden, quadratic)


@pytest.mark.parametrize("quadratic", [False, True])
def test_the_ensemble_answers_like_its_members(rows, quadratic):
    features = rows[0]
    with torch.random.fork_rng():
        together = Ensemble(SEEDS, 3, 3, SETTINGS.hidden, quadratic)
    with torch.no_grad():
        together.head.weight.normal_(generator=torch.Generator().manual_seed(0))
        inputs = torch.from_numpy(features).float()
        found = together(inputs.expand(3, -1, -1)).numpy()
        for k, seed in enumerate(SEEDS):
            alone = lone_net(seed, quadratic)
            alone.head.weight.copy_(together.head.weight[k].T)
            np.testing.assert_allclose(found[k], alone(inputs).numpy(), atol=2e-6)
            weights = member_weights(together.state_dict(), k)
            np.testing.assert_allclose(forward(weights, features), alone(inputs).numpy(), atol=2e-6)


def test_one_step_together_is_one_step_alone(rows):
    features, outputs, masks = rows
    # away from the least-squares fit: where a gradient vanishes, Adam's first step has the sign of rounding
    starts = [(np.full((3, 3), 0.1 * k), np.array([0.3, -0.2, 0.5])) for k in range(3)]
    found = train(features, outputs, masks, settings=SETTINGS._replace(max_epochs=1), starts=starts)
    for member, mask, seed, (slope, level) in zip(found, masks, SEEDS, starts, strict=True):
        net = lone_net(seed)
        with torch.no_grad():
            net.linear.weight.copy_(torch.from_numpy(slope.T))
            net.linear.bias.copy_(torch.from_numpy(level))
        before = {name: value.clone() for name, value in net.state_dict().items()}
        optimiser = torch.optim.AdamW(net.parameters(), lr=SETTINGS.lr, weight_decay=SETTINGS.weight_decay)
        inputs, targets = (torch.from_numpy(part[~mask]).float() for part in (features, outputs))
        loss = torch.nn.functional.mse_loss(net(inputs), targets)
        loss.backward()
        optimiser.step()
        assert member.history["train_loss"][0] == pytest.approx(float(loss.detach()), rel=1e-5)
        for name, value in net.state_dict().items():
            np.testing.assert_allclose(member.weights[name], value.numpy(), atol=2e-6)
        assert not torch.equal(before["head.weight"], net.state_dict()["head.weight"])


def test_a_member_learns_beside_others_what_it_learns_alone(rows):
    features, outputs, masks = rows
    together = train(features, outputs, masks)
    for k, member in enumerate(together):
        alone = train(features, outputs, [masks[k]], [SEEDS[k]])[0]
        np.testing.assert_allclose(member.history["valid_loss"], alone.history["valid_loss"], rtol=2e-3)
        for name in member.weights:
            np.testing.assert_allclose(member.weights[name], alone.weights[name], atol=2e-3)


def test_every_row_is_seen_once_per_epoch_by_each_member_in_its_own_order(rows):
    masks = [~mask for mask in rows[2]]
    inputs = torch.arange(30.0)[:, None]
    data = MemberRows(inputs, {}, masks, SEEDS)
    batches = list(data.batches(4))
    assert {part.shape[1] for part, _ in batches} == {6, 7}
    seen = torch.cat([part[..., 0] for part, _ in batches], 1)
    there = torch.cat([extra["present"] for _, extra in batches], 1)
    for k, mask in enumerate(masks):
        np.testing.assert_array_equal(np.sort(seen[k][there[k] > 0]), np.flatnonzero(mask))
    assert not torch.equal(seen[0], seen[1])
    again = MemberRows(inputs, {}, masks, SEEDS)
    assert torch.equal(torch.cat([part[..., 0] for part, _ in again.batches(4)], 1), seen)


def test_each_member_stops_for_itself_and_keeps_its_best_weights(rows):
    features, outputs, masks = rows
    outputs = outputs + np.random.RandomState(1).normal(scale=0.5, size=outputs.shape)
    found = train(features, outputs, masks, settings=SETTINGS._replace(max_epochs=400, patience=8, lr=2e-2))
    lengths = [len(member.history["valid_loss"]) for member in found]
    assert len(set(lengths)) > 1
    assert max(lengths) < 400
    for member, mask in zip(found, masks, strict=True):
        losses = member.history["valid_loss"]
        best = np.mean(np.square(forward(member.weights, features[mask]) - outputs[mask]))
        assert best == pytest.approx(losses.min(), rel=2e-4)
        assert losses[-1] > losses.min()
        assert len(losses) - 1 - np.argmin(losses) >= 8


def test_without_held_out_rows_the_last_weights_are_kept(rows):
    features, outputs, _ = rows
    nobody = [np.zeros(30, dtype=bool)] * 3
    found = train(features, outputs, nobody, settings=SETTINGS._replace(max_epochs=20))
    for member in found:
        assert set(member.history) == {"train_loss"}
        assert len(member.history["train_loss"]) == 20
        last = np.mean(np.square(forward(member.weights, features) - outputs))
        assert last < member.history["train_loss"][-1]


def test_the_rate_rises_for_a_few_epochs_and_falls_to_nothing():
    rates = np.array([rate(epoch, 300) for epoch in range(301)])
    assert np.argmax(rates) == 5
    assert rates[5] == 1.0
    assert (np.diff(rates[:6]) > 0).all()
    assert (np.diff(rates[5:]) < 0).all()
    assert rates[300] == pytest.approx(0.0, abs=1e-12)
    assert rate(0, 1) == 1.0


def test_results_do_not_depend_on_the_threads_outside(rows):
    data = load_mos2_dft()
    quick = {"hidden_layer_sizes": (32,), "n_members": 3, "max_epochs": 15, "random_state": 0}
    found, threads = [], torch.get_num_threads()
    for n in (1, 2):
        torch.set_num_threads(n)
        try:
            found.append(DOSRegressor(data.energies, batch_size=4, **quick).fit(data.phonons, data.dos))
        finally:
            torch.set_num_threads(threads)
    for one, other in zip(found[0].weights_, found[1].weights_, strict=True):
        for name in one:
            np.testing.assert_array_equal(one[name], other[name])


def test_a_quadratic_response_needs_no_hidden_layer_for_a_quadratic_law():
    random = np.random.RandomState(0)
    X = random.uniform(-1, 1, size=(200, 2))
    y = np.column_stack([1 + X[:, 0] * X[:, 1], X[:, 0] ** 2 - X[:, 1], 2 - X[:, 1] ** 2])
    alone = {"gaussian_process": False, "hidden_layer_sizes": (4,), "n_members": 2, "max_epochs": 1}
    errors = {}
    for response in ("linear", "quadratic"):
        model = DOSRegressor(response=response, representation="pca", random_state=0, **alone)
        model.set_params(nonnegative=False).fit(X[:150], y[:150])
        errors[response] = np.abs(model.predict(X[150:]) - y[150:]).mean()
    assert errors["quadratic"] < 0.02
    assert errors["linear"] > 0.15


def test_nets_alone_have_the_whole_say():
    data = load_mos2_dft()
    model = DOSRegressor(data.energies, gaussian_process=False, max_epochs=30, random_state=0)
    model.fit(data.phonons, data.dos, edges=data.edges)
    assert model.network_weight_ == 1.0
    assert [head["network_weight"] for head in model.heads_] == [1.0, 1.0, 1.0]
    assert model.heads_[0]["trends"] == []
    features = (data.phonons - model._centre_) / model._scale_
    first, last = model.heads_[1]["columns"]
    mean = np.mean([forward(weights, features)[:, first:last] for weights in model.weights_], axis=0)
    edges = model.heads_[1]["mean"] + model.heads_[1]["scale"] * mean
    np.testing.assert_allclose(model.predict_edges(data.phonons).vbm, edges[:, 0], rtol=1e-12)
    assert (model.predict(data.phonons, return_std=True)[1] >= 0).all()


def test_the_nets_of_a_quadratic_model_are_rebuilt():
    data = load_mos2_dft()
    model = DOSRegressor(data.energies, response="quadratic", max_epochs=5, random_state=0)
    model.fit(data.phonons, data.dos)
    features = ((data.phonons - model._centre_) / model._scale_).astype(np.float32)
    for net, weights in zip(model.nets_, model.weights_, strict=True):
        assert weights["linear.weight"].shape[1] == 3 + 6
        np.testing.assert_allclose(net.predict(features), forward(weights, features), atol=1e-5)


def test_a_higher_edge_weight_lowers_the_error_of_the_edges_and_not_that_of_the_curve(rows):
    features, outputs, _ = rows
    columns = {weight: np.r_[1.0, 1.0, weight] for weight in (0.0, 1.0, 30.0)}
    noisy = outputs + np.random.RandomState(3).normal(scale=0.3, size=outputs.shape)
    small = SETTINGS._replace(hidden=(3,), max_epochs=200, patience=200, weight_decay=0.0)
    nobody = [np.zeros(30, dtype=bool)]
    errors = {}
    for weight, chosen in columns.items():
        member = train(features, noisy, nobody, [0], small, chosen)[0]
        errors[weight] = np.square(forward(member.weights, features) - noisy).mean(0)
    assert errors[30.0][2] < errors[1.0][2] < errors[0.0][2]
    assert errors[30.0][:2].sum() > errors[1.0][:2].sum()
