"""Likelihood that errors have changed, beside its equations in a loop."""

import pickle
from math import ceil

import numpy as np
import pytest
from scipy import stats

from sklstm.anomaly import TailLikelihood, tail_likelihood

rng = np.random.default_rng(0)
SMALL = {"short": 4, "long": 30, "n_start": 10, "threshold": 0.999, "refractory": 0.2}


def by_loop(errors, short, long, n_start, threshold, refractory):
    """Each row by itself: all averages that are whole, and the last ones of them."""
    known, given, quiet_until = [], [], -1
    for error in errors:
        if np.isnan(error):
            given.append(np.nan)
            continue
        known.append(error)
        row = len(known)
        averages = [np.mean(known[i - short : i]) for i in range(short, row + 1)]
        before = averages[:-short][-long:]
        likelihood = 0.5
        if len(before) >= max(n_start, 2 * short):
            n, s = len(before), short
            z = (averages[-1] - np.mean(before)) / np.std(before)
            t = z * np.sqrt((n - s) / (n + s))
            likelihood = stats.t.cdf(t, 3 * s * n / (2 * s**2 + 1) - 1)
        if row <= quiet_until:
            likelihood = min(likelihood, 0.5)
        elif likelihood >= threshold:
            quiet = refractory and 2 * short + ceil(refractory * len(before))
            quiet_until = row + quiet
        given.append(likelihood)
    return np.array(given)


def some_errors(n_rows=200):
    errors = np.abs(rng.normal(size=n_rows))
    errors[80:95] += 4
    errors[150:] *= 3
    errors[rng.random(n_rows) < 0.1] = np.nan
    return errors


@pytest.mark.parametrize(
    "changed",
    [
        {},
        {"short": 1},
        {"long": 9, "n_start": 1, "threshold": 0.9},
        {"refractory": 0.0},
        {"refractory": 1.0},
    ],
)
def test_a_loop_gives_the_same(changed):
    options, errors = SMALL | changed, some_errors()
    given = tail_likelihood(errors, **options)
    assert (given >= options["threshold"]).any()
    np.testing.assert_allclose(given, by_loop(errors, **options), rtol=1e-9)


def test_rows_can_come_in_any_pieces():
    """Bit for bit."""
    errors = some_errors()
    whole = tail_likelihood(errors, **SMALL)
    one_by_one, pieces = TailLikelihood(**SMALL), TailLikelihood(**SMALL)
    np.testing.assert_array_equal([one_by_one.update(error) for error in errors], whole)
    given = [pieces.extend(part) for part in np.split(errors, [0, 3, 3, 64, 90, 91, 200])]
    np.testing.assert_array_equal(np.concatenate(given), whole)


def test_no_row_depends_on_later_ones():
    errors = some_errors()
    whole = tail_likelihood(errors, **SMALL)
    for n_rows in (1, 40, 85, 120):
        np.testing.assert_array_equal(
            tail_likelihood(errors[:n_rows], **SMALL), whole[:n_rows]
        )


@pytest.mark.parametrize(
    "duplicate", [TailLikelihood.copy, lambda one: pickle.loads(pickle.dumps(one))]
)
def test_a_copy_goes_on_by_itself(duplicate):
    errors = some_errors()
    whole = tail_likelihood(errors, **SMALL)
    one = TailLikelihood(**SMALL)
    one.extend(errors[:85])  # within a change: the alarm is remembered too
    other = duplicate(one)
    one.extend(np.full(50, 100.0))
    np.testing.assert_array_equal(other.extend(errors[85:]), whole[85:])


def test_single_normal_errors_have_the_likelihood_of_the_textbook():
    """The prediction of a normal value from those before it, by Student's t."""
    errors = rng.normal(size=20)
    given = tail_likelihood(errors, short=1, refractory=0.0)[-1]
    before = errors[:-1]
    t = (errors[-1] - before.mean()) / before.std(ddof=1) / np.sqrt(1 + 1 / 19)
    assert given == pytest.approx(stats.t.cdf(t, 18))


def test_after_few_rows_no_more_alarms_come_than_after_many():
    """In ever so many normal series; by the normal distribution 0.05 after 45 rows."""
    series = rng.normal(size=(3000, 300))
    given = np.array([tail_likelihood(errors, refractory=0.0) for errors in series])
    shares = (given >= 0.99).mean(axis=0)
    assert (shares < 0.017).all()
    assert shares[200:].mean() == pytest.approx(0.01, abs=0.001)


def test_the_unit_of_errors_does_not_matter():
    errors = some_errors()
    whole = tail_likelihood(errors, **SMALL)
    np.testing.assert_allclose(tail_likelihood(1e6 * errors, **SMALL), whole)
    for constant in (-5, 1e3, -1e4):
        given = tail_likelihood(errors + constant, **SMALL)
        np.testing.assert_allclose(given, whole, atol=1e-6)


def test_a_change_is_told_once_and_becomes_usual():
    """After the share 1 / (1 + z^2) of rows that say what is usual."""
    errors = 1 + 0.01 * rng.normal(size=4000)
    errors[3000:] += 1
    raw = tail_likelihood(errors, refractory=0.0)
    alarms = np.flatnonzero(raw >= 0.99999)
    share = 1 / (1 + stats.norm.ppf(0.99999) ** 2)
    # Nine rows until the averages have gone over, ten until the first of them counts.
    ended = (alarms[-1] - 3000 - 19) / 3000
    assert alarms[0] == 3000
    assert ended == pytest.approx(share, abs=0.005)
    once = tail_likelihood(errors)
    np.testing.assert_array_equal(np.flatnonzero(once >= 0.99999), [3000])
    assert (once[3001:3200] <= 0.5).all()
    assert once[3201] > 0.5


def test_the_log_scale_counts_nines():
    errors = some_errors()
    plain = tail_likelihood(errors, **SMALL)
    logs = tail_likelihood(errors, log_scale=True, **SMALL)
    below = plain < 1 - 1e-9
    np.testing.assert_allclose(logs[below], -np.log10(1 - plain[below]) / 10, rtol=1e-5)
    assert np.nanmax(logs) <= 1
    np.testing.assert_array_equal(np.isnan(logs), np.isnan(errors))


def test_constant_errors_are_usual_and_any_after_none_is_not():
    for value in (0.1, -1e6, 1e-300):
        given = tail_likelihood(np.full(20_000, value))
        np.testing.assert_allclose(given, 0.5, atol=1e-4)
    np.testing.assert_array_equal(tail_likelihood(np.zeros(1000)), 0.5)
    assert tail_likelihood(np.append(np.zeros(1000), 1e-9))[-1] == 1


def test_a_huge_error_leaves_no_rounding_behind():
    options = SMALL | {"refractory": 0.0}
    errors = np.abs(rng.normal(size=300))
    with_huge = errors.copy()
    with_huge[50] = 1e300
    given = tail_likelihood(with_huge, **options)
    # Once it has left the averages, and these what is usual.
    np.testing.assert_allclose(given[90:], tail_likelihood(errors, **options)[90:])
    assert given[50] == 1


def test_too_few_rows_say_nothing():
    errors = np.append(np.zeros(40), 100.0)  # 32 averages of 5 before the last row
    assert tail_likelihood(errors, short=5, n_start=33)[-1] == 0.5
    assert tail_likelihood(errors, short=5, n_start=32)[-1] == 1
    assert tail_likelihood(errors[22:], short=5)[-1] == 1
    assert tail_likelihood(errors[23:], short=5, n_start=1)[-1] == 0.5
    assert tail_likelihood(errors, short=5, long=15, n_start=99)[-1] == 1
    assert tail_likelihood([]).shape == (0,)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"short": 0}, "short must be an int of at least 1. Got 0"),
        ({"long": 2.5}, "long must be an int of at least 1. Got 2.5"),
        ({"long": 19}, "long must be at least 2 \\* short, 20. Got 19"),
        ({"n_start": True}, "n_start must be an int of at least 1. Got True"),
        ({"threshold": 1}, r"threshold must be a number in \(0.5, 1\). Got 1"),
        ({"threshold": "high"}, r"threshold must be a number in \(0.5, 1\). Got 'high'"),
        ({"refractory": 60}, r"refractory must be a number in \[0, 1\]. Got 60"),
        ({"errors": [[1.0]]}, r"errors must be one number per row.* Got \(1, 1\)"),
        ({"errors": ["a"]}, r"errors must be numbers. Got \['a'\]"),
        (
            {"errors": [1.0, np.inf]},
            "errors must be finite, or NaN where not known. Got inf",
        ),
    ],
)
def test_what_is_wrong_is_named(options, message):
    with pytest.raises(ValueError, match=message):
        tail_likelihood(**{"errors": [1.0, 2.0]} | options)


def test_a_refused_error_changes_nothing():
    errors = some_errors()
    one = TailLikelihood(**SMALL)
    one.extend(errors[:100])
    with pytest.raises(ValueError, match="errors must be finite"):
        one.update(-np.inf)
    given = one.extend(errors[100:])
    np.testing.assert_array_equal(given, tail_likelihood(errors, **SMALL)[100:])
