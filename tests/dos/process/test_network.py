# SPDX-License-Identifier: BSD-3-Clause
"""The network in the kernel: what it learns, when it counts, and that skorch trains it."""

import numpy as np
import pytest
import torch
from scipy.stats import norm
from skorch.callbacks import Callback, EarlyStopping

from strain2dos import DOSRegressor
from strain2dos.dos._process.closed_form import LeftOutDensity
from strain2dos.dos._process.covariance import Covariance
from strain2dos.dos._process.training import GroupRows, TrainingOptions, train_networks
from strain2dos.dos._process.weight import Unseen, _moments, weigh_networks

OPTIONS = TrainingOptions((16,), 4, 60, 0.02, 0.1, 0.25, (), "cpu", False)


def warped(n=40):
    """A wave across both features: a length scale for each knows no slanted line."""
    X = np.random.RandomState(0).uniform(-1, 1, (n, 2))
    phase = 3 * (X[:, 0] + X[:, 1])
    return X, np.column_stack([np.sin(phase), np.cos(phase)])


def test_a_response_along_a_slanted_line_is_followed_better_through_a_network():
    X, y = warped()
    errors, weights = {}, []
    for hidden in ((), (32, 32)):
        miss = []
        for fold in range(4):
            out = np.arange(len(X)) % 4 == fold
            model = DOSRegressor(
                representation="grid", nonnegative=False, hidden_layer_sizes=hidden, random_state=0
            ).fit(X[~out], y[~out])
            miss.append(np.abs(model.predict(X[out]) - y[out]).mean())
            weights.append(model.network_weight_)
            assert set(model.held_out_density_) == ({"with", "without"} if hidden else set())
        errors[hidden] = np.mean(miss)
    assert errors[32, 32] < 0.7 * errors[()]
    assert weights[:4] == [0.0] * 4
    assert np.mean(weights[4:]) > 0.3


def test_networks_get_no_weight_on_noise():
    random = np.random.RandomState(0)
    weights = [
        DOSRegressor(nonnegative=False, max_epochs=60, random_state=seed)
        .fit(random.normal(size=(30, 3)), random.normal(size=(30, 4)))
        .network_weight_
        for seed in range(3)
    ]
    assert max(weights) <= 0.2


def seen_by_none(truth, plain, members, groups, variance=1.0):
    """What four members predict that all hold out every group."""
    members = np.stack([members] * 4)
    out = np.ones((4, groups.max() + 1), dtype=bool)
    return Unseen(
        truth, plain, np.full(plain.shape, variance), members, np.full(members.shape, variance), out, groups
    )


def test_networks_get_half_unless_the_error_on_unseen_groups_favors_more_or_less():
    truth = np.random.RandomState(0).normal(size=(60, 3))
    groups, plain = np.repeat(np.arange(12), 5), np.zeros((60, 3))
    noise = np.random.RandomState(1).normal(size=(60, 3))

    def weight(members, trend=plain):
        return weigh_networks(seen_by_none(truth, trend, members, groups))[0]

    assert weight(truth) > 0.9
    # alone they err as much as the kernels, in the middle neither errs
    assert weight(truth + 0.5 * noise, truth - 0.5 * noise) == pytest.approx(0.5, abs=0.02)
    # one half would be worse than nothing
    assert weight(5.0 * truth) == pytest.approx(0.2, abs=0.02)
    assert weight(-truth) == 0.0
    assert weight(noise, truth) == 0.0
    assert weigh_networks(seen_by_none(*np.zeros((3, 2, 1)), np.arange(2))) == (0.0, {})


def test_the_density_with_networks_is_that_of_the_normal_law_at_the_weight():
    random = np.random.RandomState(0)
    truth, plain = random.normal(size=(2, 12, 1))
    members = truth + 0.1 * random.normal(size=truth.shape)
    weight, density = weigh_networks(seen_by_none(truth, plain, members, np.arange(12)))
    mean = plain + weight * (members - plain)
    spread = np.sqrt(1.0 + weight * (1 - weight) * np.square(members - plain))
    assert density["with"] == pytest.approx(norm.logpdf(truth, mean, spread).mean(), rel=2e-3)
    assert density["without"] == pytest.approx(norm.logpdf(truth, plain, 1.0).mean(), rel=1e-9)


def test_variances_are_those_of_errors_on_groups_that_a_member_does_not_see():
    random = np.random.RandomState(0)
    truth = random.normal(size=(300, 5))
    held_out = np.zeros((2, 300), dtype=bool)
    held_out[0, :100] = held_out[1, 100:200] = True
    members = truth + np.where(held_out, 2.0, 0.1)[:, :, None] * random.normal(size=(2, 300, 5))
    ones = np.ones_like(members)
    found = Unseen(truth, truth, ones[0], members, ones, held_out, np.arange(300))
    assert found.scale() == pytest.approx(4.0, rel=0.1)


def test_few_members_on_a_group_are_judged_as_the_mean_of_all():
    random = np.random.RandomState(0)
    groups, truth = np.arange(2000), random.normal(size=(2000, 5))
    plain = truth + 0.5 * random.normal(size=truth.shape)
    members = truth + random.normal(size=(20, *truth.shape))
    ones = np.ones_like(plain)
    out = np.zeros((20, 2000), dtype=bool)
    out[np.arange(2000) % 20, np.arange(2000)] = out[(np.arange(2000) + 1) % 20, np.arange(2000)] = True
    few, all_ = (
        _moments(Unseen(truth, plain, ones, members, np.ones_like(members), held, groups))
        for held in (out, np.ones_like(out))
    )
    # up to a weight of 0.3, where no square of this many outputs falls below zero
    for one, other in zip(few, all_, strict=True):
        np.testing.assert_allclose(one[:31].mean(1), other[:31].mean(1), rtol=0.1)


def test_a_member_does_not_see_the_groups_that_it_holds_out():
    random = np.random.RandomState(0)
    features, groups = random.normal(size=(24, 2)), np.repeat(np.arange(8), 3)
    held_out = np.zeros((2, 8), dtype=bool)
    held_out[0, :3] = held_out[1, 5:] = True
    covariance = Covariance("matern52", np.ones((2, 2)), np.ones(2), np.full(2, 1e-2), hidden=(4,))
    loss, values = LeftOutDensity(), []
    for changed in (False, True):
        outputs = np.sin(features)
        outputs[groups < 3] += 5.0 * changed
        x, target = GroupRows(features, outputs, groups, held_out).batch(np.arange(24))
        values.append(loss(covariance(x), target).detach().numpy())
    assert values[0][0] == pytest.approx(values[1][0], abs=1e-12)
    assert values[0][1] != pytest.approx(values[1][1], abs=1e-3)
    # and its loss is that of a net that was never given these rows
    seen = groups >= 3
    x, target = GroupRows(
        features[seen], np.sin(features)[seen], groups[seen] - 3, np.zeros((2, 5), dtype=bool)
    ).batch(np.arange(seen.sum()))
    assert float(loss(covariance(x), target)[0].detach()) == pytest.approx(values[0][0], abs=1e-9)


def test_training_lowers_the_loss_and_leaves_torch_alone():
    X, y = warped()
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    start = DOSRegressor(representation="grid", nonnegative=False, hidden_layer_sizes=()).fit(X, y)
    process = start.fitted_.heads.curve.plain[0]
    from strain2dos.dos._process.plain import Kernel

    kernel = Kernel("matern52", process.lengths[0], float(process.linear[0]), 1e-6)
    features = start.fitted_.standardise(X)
    trained = train_networks(features, y, np.arange(len(X)), kernel, OPTIONS, np.random.RandomState(0))
    assert torch.equal(before, torch.random.get_rng_state())
    assert len(trained.history) == 4
    for history in trained.history:
        assert len(history["train_loss"]) == len(history["valid_loss"]) == 60
        assert history["train_loss"][-1] < history["train_loss"][0]


def test_members_learn_alone_whatever_stands_beside_them():
    X, y = warped(20)
    nets = []
    for n in (1, 1):
        model = DOSRegressor(
            nonnegative=False, representation="grid", n_members=n, max_epochs=10, random_state=0
        ).fit(X, y)
        nets.append(model.history_[0]["train_loss"])
    np.testing.assert_array_equal(*nets)


class Counter(Callback):
    """Counts epochs in a list that outlives the copies that skorch and scikit-learn make."""

    seen: list = []  # noqa: RUF012

    def on_epoch_end(self, net, **kwargs):
        self.seen.append(net.history[-1]["valid_loss"])


def test_callbacks_of_the_user_run_and_can_end_the_training():
    X, y = warped(20)
    Counter.seen.clear()
    common = {"nonnegative": False, "n_members": 2, "max_epochs": 80, "random_state": 0}
    DOSRegressor(callbacks=[Counter()], **common).fit(X, y)
    assert len(Counter.seen) == 80
    stop = EarlyStopping(monitor="valid_loss", patience=2, threshold=99.0, threshold_mode="abs", sink=print)
    stopped = DOSRegressor(callbacks=[stop], **common).fit(X, y)
    assert stopped.n_iter_ == 3


def test_the_skorch_net_has_the_weights_that_predict_and_saves_them(tmp_path):
    X, y = warped(30)
    model = DOSRegressor(nonnegative=False, n_members=4, max_epochs=100, random_state=0).fit(X, y)
    assert model.network_weight_ > 0
    net = model.net_
    net.save_params(f_params=str(tmp_path / "weights.pt"))
    kept = torch.load(tmp_path / "weights.pt", weights_only=True)
    np.testing.assert_array_equal(kept["weights.0"].numpy(), model.fitted_.heads.network.layers[0][0])
    x = torch.from_numpy(model.fitted_.standardise(X))
    wanted = model.fitted_.heads.network.covariance()(x)
    np.testing.assert_allclose(net.infer(x).detach().numpy(), wanted.numpy(), rtol=1e-12)


def test_without_hidden_layers_there_is_no_network():
    X, y = warped(20)
    model = DOSRegressor(nonnegative=False, hidden_layer_sizes=(), random_state=0).fit(X, y)
    assert (model.network_weight_, model.net_, model.history_, model.n_iter_) == (0.0, None, [], 0)
    assert model.held_out_density_ == {}


@pytest.mark.parametrize("n", [1, 2, 4])
def test_a_few_rows_are_learned_without_networks(n):
    X, y = warped(n)
    model = DOSRegressor(nonnegative=False, random_state=0).fit(X, y)
    assert model.history_ == []
    mean, std = model.predict(X, return_std=True)
    assert np.isfinite(mean).all()
    # one row says nothing of how others scatter
    assert (np.isnan(std) if n == 1 else np.isfinite(std)).all()
