"""Quantiles by one network: the pinball loss, what lies between levels, and no crossing."""

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats
from sklearn.metrics import mean_pinball_loss

from sklstm.losses import QuantileLoss

LEVELS = [0.05, 0.1, 0.5, 0.8]
numbers = st.floats(-1e6, 1e6)


def test_the_loss_is_the_weighted_mean_of_the_pinball_losses():
    """The median counts thirty times."""
    rng = np.random.default_rng(0)
    output, target = rng.normal(size=(30, 2, 4)), rng.normal(size=(30, 2))
    given = QuantileLoss(LEVELS)(
        torch.from_numpy(output).flatten(1), torch.from_numpy(target)
    )
    assert given.shape == target.shape
    wanted = [
        mean_pinball_loss(target, output[:, :, k], alpha=level)
        for k, level in enumerate(LEVELS)
    ]
    np.testing.assert_allclose(given.mean(), np.average(wanted, weights=[1, 1, 30, 1]))


def test_one_level_is_the_loss_that_it_was():
    output, target = torch.randn(9, 2), torch.randn(9, 2)
    one = QuantileLoss(0.9)(output, target)
    torch.testing.assert_close(one, QuantileLoss([0.9])(output, target))
    torch.testing.assert_close(one, torch.relu(target - output) * 0.9
                               + torch.relu(output - target) * 0.1)  # fmt: skip


@given(
    arrays(np.float64, (3, 4), elements=numbers),
    st.lists(st.floats(1e-4, 1 - 1e-4), min_size=2, max_size=5, unique=True).map(sorted),
)
def test_quantiles_never_cross(parameters, levels):
    values = QuantileLoss(LEVELS).quantiles(parameters, levels)
    slack = 1e-9 * (1 + np.abs(values).max())
    assert (np.diff(values, axis=-1) >= -slack).all()


@given(arrays(np.float64, (2, 4), elements=numbers))
def test_levels_of_training_are_given_as_they_are(parameters):
    given = QuantileLoss(LEVELS).quantiles(parameters, LEVELS)
    np.testing.assert_allclose(given, np.sort(parameters, axis=-1), rtol=1e-9, atol=1e-6)


def test_a_normal_distribution_is_continued_exactly():
    wanted = [0.001, 0.05, 0.07, 0.3, 0.66, 0.95, 0.999]
    law = stats.norm(10, 3)
    given = QuantileLoss(LEVELS).quantiles(law.ppf(LEVELS), wanted)
    np.testing.assert_allclose(given, law.ppf(wanted))


def test_the_point_is_the_median():
    loss = QuantileLoss([0.2, 0.6])
    law = stats.norm(-4, 2)
    np.testing.assert_allclose(loss.point(law.ppf([0.2, 0.6])), -4, atol=1e-12)
    assert QuantileLoss(0.9).point(np.array([[7.0]])) == [7.0]


def test_samples_follow_the_quantiles():
    loss, law = QuantileLoss(LEVELS), stats.norm(1, 2)
    rows = np.tile(law.ppf(LEVELS), (3, 1))
    samples = loss.sample(rows, 20_000, np.random.RandomState(0))
    assert samples.shape == (3, 20_000)
    assert stats.kstest(samples[0], law.cdf).pvalue > 0.01
