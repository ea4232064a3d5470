"""Levels as they are known at each step, beside a loop over the prefixes in NumPy."""

import numpy as np
import pytest
import torch

from sklstm.network import Forks, InstanceNorm, RunningNorm
from tests.network.test_instance_norm import levels

METHODS = ["last", "level", "standard"]
SHAPE = (5, 8, 3)
LENGTHS = np.array([8, 3, 5, 1, 8])
SCALE = (2.0, 1.0, 3.0)


def sequences():
    return np.random.default_rng(0).normal(size=SHAPE) * 10 + 3


def norm_of(method, *, relative=(), least=1, patch_length=1, decay=0.5):
    forks = Forks(least, patch_length)
    norm = RunningNorm(
        method, 3, [], [0, 2], torch.float64, decay=decay, relative=relative, forks=forks
    )
    norm.input_scale.copy_(torch.tensor(SCALE))
    norm.output_scale.copy_(torch.tensor([5.0, 6.0]))
    return norm


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("relative", [(), (0,), (0, 2)])
def test_each_step_has_the_level_of_its_prefix(method, relative):
    x, norm = sequences(), norm_of(method, relative=relative)
    lengths = torch.from_numpy(LENGTHS)
    running = norm.running(torch.from_numpy(x), lengths)
    z, last = norm(torch.from_numpy(x), lengths)
    for i, n in enumerate(LENGTHS):
        for j in (0, 2):
            before = 0.0
            for t in range(n):
                prefix = x[i, : t + 1, j]
                center, spread = levels(method, prefix)
                if j in relative and method != "standard":
                    spread = np.abs(prefix).mean()
                np.testing.assert_allclose(running.center[i, t, j], center, rtol=1e-9)
                origin = center
                if method != "standard":
                    origin = before if t else prefix[-1]
                before = center
                if t or method != "standard":
                    np.testing.assert_allclose(running.spread[i, t, j], spread, rtol=1e-6)
                    expected = (prefix[-1] - origin) / (spread * SCALE[j])
                    np.testing.assert_allclose(z[i, t, j], expected, atol=1e-9)
            np.testing.assert_array_equal(last.center[i, j], running.center[i, n - 1, j])
        np.testing.assert_array_equal(z[i, :n, 1], x[i, :n, 1])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("lengths", [None, torch.from_numpy(LENGTHS)])
def test_a_forecast_gets_the_level_that_instance_norm_finds(method, lengths):
    x = torch.from_numpy(sequences())
    norm, plain = (
        norm_of(method),
        InstanceNorm(method, 3, [], [0, 2], torch.float64),
    )
    plain.output_scale.copy_(norm.output_scale)
    output = torch.from_numpy(np.random.default_rng(1).normal(size=(5, 2)))
    found = norm.restore(output, norm.level(x, lengths))
    expected = plain.restore(output, plain.level(x, lengths))
    torch.testing.assert_close(found, expected, rtol=1e-6, atol=1e-9)


def test_what_is_read_does_not_depend_on_units_or_on_what_comes():
    x = torch.from_numpy(sequences())
    norm = norm_of("level", relative=(0, 2))
    z, _ = norm(x, None)
    larger, _ = norm(x * torch.tensor([1000.0, 1.0, 0.001]), None)
    torch.testing.assert_close(larger, z)
    changed = x.clone()
    changed[:, 5:] += 7
    torch.testing.assert_close(norm(changed, None)[0][:, :5], z[:, :5], rtol=0, atol=0)


@pytest.mark.parametrize("method", METHODS)
def test_nothing_observed_one_step_and_constants_stay_finite(method):
    x = torch.full(SHAPE, 4.0, dtype=torch.float64)
    x[0] = 0
    x[1, :3, 0] = torch.nan
    x[2] = torch.nan
    norm = norm_of(method, relative=(0, 2))
    z, level = norm(x, torch.tensor([8, 8, 0, 1, 8]))
    assert z[:, :, [0, 2]].isfinite().all()
    assert all(part.isfinite().all() for part in level)
    assert (z[1, :4, 0] == 0).all()


def test_constants_make_what_is_read_and_what_comes_of_size_one():
    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(300, 8, 3)).cumsum(axis=1))
    target = torch.from_numpy(rng.normal(size=(300, 5, 2))) * 3 + x[:, 3:, [0, 2]]
    target[::4, 2] = torch.nan
    norm = norm_of("last", least=4)
    norm.learn([(x, None, target, None)])
    z, _ = norm(x, None)
    torch.testing.assert_close(
        z[:, :, [0, 2]].square().mean(dim=(0, 1)), torch.ones(2).double()
    )
    change = (target - x[:, 3:, [0, 2]]) / norm.output_scale
    known = ~change.isnan()
    size = change.nan_to_num(0).square().sum(dim=(0, 1)) / known.sum(dim=(0, 1))
    torch.testing.assert_close(size, torch.ones(2).double())


@pytest.mark.parametrize("patch_length", [1, 2, 3, 5])
@pytest.mark.parametrize("least", [1, 2, 4, 7])
def test_forks_are_the_ends_of_patches_that_have_seen_enough(patch_length, least):
    lengths = torch.tensor([7, 4, 1, 0])
    steps, counts = Forks(least, patch_length).steps(torch.zeros(4, 7, 1), lengths)
    for i, n in enumerate(lengths.tolist()):
        ends = list(range(n - 1, -1, -patch_length))[::-1]
        expected = [end for end in ends if end + 1 >= least]
        assert steps[i][counts[i]].tolist() == expected
