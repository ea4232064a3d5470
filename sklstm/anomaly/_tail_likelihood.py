"""How likely it is that errors have changed, from those of the last rows."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import stdtr

from ..fitting._numbers import real
from ..windows._series import check_counts
from ._averages import Averages, student
from ._quiet_time import QuietTime

Array = NDArray[np.float64]

# The likelihood where nothing can be said: an average as large as the mean of all.
NOTHING = 0.5
# Of larger ones the squares have no sum.
LARGEST = 1e150
# Where the log scale ends.
LEAST_TAIL = 1e-10
# What changes with the errors, by the part that has it.
CHANGING = {
    "averages": ("n_errors", "last_errors", "waiting"),
    "usual": ("n_filled", "block", "beginning", "ends"),
    "quiet": ("n_left",),
}
PARAMETERS = ("short", "long", "threshold", "refractory", "n_start", "log_scale")


class TailLikelihood:
    r"""Likelihood that errors have changed, row by row [1]_.

    A single large error is common where a series is noisy. What is not is an *average* of
    errors that is large beside those before it. The average :math:`a_t` of the last `short`
    errors is compared with the mean :math:`\mu_t` and the standard deviation
    :math:`\sigma_t` of the last `long` averages that ended before those errors began:

    .. math:: L_t = T_\nu\left(\frac{a_t - \mu_t}{\sigma_t} \sqrt{\frac{n - s}{n + s}}
              \right), \qquad \nu = \frac{3 s n}{2 s^2 + 1} - 1,

    where :math:`n` is the number of those averages, :math:`s` is `short`, and
    :math:`T_\nu` is the distribution function of Student's t with :math:`\nu` degrees of
    freedom: averages overlap, and :math:`n` of them tell as much of a variance as
    :math:`\nu + 1` that do not. Of many averages it is the normal distribution of [1]_; of
    few it asks for more before it gives an alarm.

    A network that forecasts badly everywhere raises no alarm, and what goes on for long
    becomes usual.

    A row depends on rows up to its own only. An error that is not known (NaN) has no
    likelihood (NaN), and is passed over as if its row were not there. The unit of errors
    does not matter, nor does a constant beside them, unless it is so large that their
    deviation is lost in its rounding: a millionth of the mean is.

    Parameters
    ----------
    short : int, default=10
        Number of errors in an average. Fewer are faster to tell of a change, and tell more
        often of a single error. The default is that of [1]_.
    long : int, default=8000
        Number of averages that say what is usual, at least ``2 * short``; while there are
        not so many, all that there are. The default is that of [1]_: a month of rows of
        five minutes.
    threshold : float, default=0.99999
        A likelihood that reaches it is an alarm. Only `refractory` rests on it. The default
        is that of [1]_.
    refractory : float, default=0.06
        After an alarm the likelihood is at most 0.5 for a while, so that a change is told
        once: for ``2 * short`` rows and this share of the averages that say what is usual.
        If errors stay where they are after a change, :math:`L` falls below the threshold
        :math:`\Phi(z)` when they are the share :math:`1 / (1 + z^2)` of those averages,
        which is 0.052 by default; a little more leaves room for noise. 0 damps nothing.
    n_start : int or None, default=None
        Number of averages without which nothing is said: the likelihood is 0.5. None is
        ``2 * short``, and fewer do not count.
    log_scale : bool, default=False
        Give :math:`-\log_{10}(1 - L) / 10`, at most 1, in which likelihoods near 1 can be
        told apart: 0.99999 is 0.5, and each further nine adds 0.1.

    Raises
    ------
    ValueError
        If a parameter is out of range.

    Notes
    -----
    Averages of errors have a heavier tail than those of normal values, so the likelihood is
    a scale, not a rate: with nothing to tell and no refractory time, of 100,000 rows about
    15 and 60 reach 0.99999, for absolute normal and for exponential errors that are
    independent.

    References
    ----------
    .. [1] Ahmad, S., Lavin, A., Purdy, S. and Agha, Z. (2017). Unsupervised real-time
       anomaly detection for streaming data. Neurocomputing, 262, 134-147.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.anomaly import TailLikelihood
    >>> errors = np.abs(np.random.default_rng(0).normal(size=500))
    >>> likelihood = TailLikelihood()
    >>> bool((likelihood.extend(errors) < 0.99999).all())
    True
    >>> [round(likelihood.update(error), 5) for error in (2.0, 3.0, 3.0, 3.0)]
    [0.61416, 0.97467, 0.99974, 1.0]
    """

    def __init__(
        self,
        *,
        short: int = 10,
        long: int = 8000,
        threshold: float = 0.99999,
        refractory: float = 0.06,
        n_start: int | None = None,
        log_scale: bool = False,
    ) -> None:
        check_counts(short=short, long=long, n_start=1 if n_start is None else n_start)
        if long < 2 * short:
            raise ValueError(f"long must be at least 2 * short, {2 * short}. Got {long!r}.")
        if not real(0.5, 1, closed="neither").is_satisfied_by(threshold):
            raise ValueError(f"threshold must be a number in (0.5, 1). Got {threshold!r}.")
        if not real(0, 1, closed="both").is_satisfied_by(refractory):
            raise ValueError(f"refractory must be a number in [0, 1]. Got {refractory!r}.")
        self.short = int(short)
        self.long = int(long)
        self.threshold = float(threshold)
        self.refractory = float(refractory)
        self.log_scale = bool(log_scale)
        self.n_start = min(max(int(n_start or 0), 2 * self.short), self.long)
        self._averages = Averages(self.short, self.long, self.n_start)
        self._quiet = QuietTime(self.short, self.refractory)

    def update(self, error: float) -> float:
        """Take one error in.

        Parameters
        ----------
        error : float
            Of the next row; the larger, the worse. NaN is not known.

        Returns
        -------
        likelihood : float

        Raises
        ------
        ValueError
            If it is no number, or infinite.
        """
        return float(self.extend([error])[0])

    def extend(self, errors: ArrayLike) -> Array:
        """Take many errors in; the same as one after the other.

        Parameters
        ----------
        errors : array-like of shape (n_rows,)
            Of the next rows, oldest first. NaN is not known.

        Returns
        -------
        likelihoods : ndarray of shape (n_rows,)

        Raises
        ------
        ValueError
            If they are no finite numbers, or of another shape.
        """
        values = _check_errors(errors)
        known = ~np.isnan(values)
        likelihoods = np.full(len(values), np.nan)
        z, n_averages = self._averages.extend(values[known])
        t, freedom = student(z, n_averages, self.short)
        given = stdtr(freedom, t)
        quiet = self._quiet.extend(given >= self.threshold, n_averages)
        given[quiet] = np.minimum(given[quiet], NOTHING)
        if self.log_scale:
            t[quiet] = np.minimum(t[quiet], 0.0)
            tail = np.maximum(stdtr(freedom, -t), LEAST_TAIL)
            given = np.log(tail) / np.log(LEAST_TAIL)
        likelihoods[known] = given
        return likelihoods

    def copy(self) -> TailLikelihood:
        """Give another, which goes on by itself.

        Returns
        -------
        other : TailLikelihood
        """
        return deepcopy(self)

    def __getstate__(self) -> dict[str, Any]:
        """Give arrays and plain values."""
        parameters = {name: getattr(self, name) for name in PARAMETERS}
        parts = {
            name: {key: getattr(part, key) for key in CHANGING[name]}
            for name, part in self._parts().items()
        }
        return {**parameters, **parts}

    def __setstate__(self, state: dict[str, Any]) -> None:
        try:
            # Else a damaged number would take room for as many rows.
            if np.shape(state["usual"]["block"])[:1] != (state["long"],):
                raise ValueError("long must be the rows of its sums")
            if state["usual"]["n_filled"] >= state["long"]:
                raise ValueError("n_filled must be less than long")
            self.__init__(**{name: state[name] for name in PARAMETERS})  # type: ignore[misc]
            for name, part in self._parts().items():
                for key in CHANGING[name]:
                    vars(part)[key] = _like(vars(part)[key], state[name][key])
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise ValueError(f"A likelihood must be as it was written: {error}.") from error

    def _parts(self) -> dict[str, Any]:
        averages = self._averages
        return {"averages": averages, "usual": averages.usual, "quiet": self._quiet}


def _like(fresh: Any, value: Any) -> Any:
    """Give a value if it may stand where another does at first."""
    same = type(value) is type(fresh) and np.shape(value) == np.shape(fresh)
    if not same or np.asarray(value).dtype != np.asarray(fresh).dtype:
        raise ValueError(f"got {value!r:.60} where there is {fresh!r:.60} at first")
    if isinstance(value, int) and value < 0:
        raise ValueError(f"got {value!r}, below 0")
    return value


def tail_likelihood(
    errors: ArrayLike,
    *,
    short: int = 10,
    long: int = 8000,
    threshold: float = 0.99999,
    refractory: float = 0.06,
    n_start: int | None = None,
    log_scale: bool = False,
) -> Array:
    """Likelihood that errors have changed, at each row, by the rows up to it.

    Parameters
    ----------
    errors : array-like of shape (n_rows,)
        Of forecasts, absolute or in any unit in which more is worse; oldest row first. NaN
        is not known. They had better come from rows that the network was not trained on:
        on those that it was, errors are smaller.
    short, long, threshold, refractory, n_start, log_scale
        As `TailLikelihood` takes them.

    Returns
    -------
    likelihoods : ndarray of shape (n_rows,)
        In [0, 1]; NaN where the error is not known.

    Raises
    ------
    ValueError
        If errors are no finite numbers, or a parameter is out of range.

    See Also
    --------
    TailLikelihood : The same, row by row, with the method in full.

    Examples
    --------
    >>> import numpy as np
    >>> from sklstm.anomaly import tail_likelihood
    >>> errors = np.abs(np.random.default_rng(0).normal(size=1000))
    >>> errors[600:] += 1
    >>> likelihoods = tail_likelihood(errors)
    >>> np.flatnonzero(likelihoods >= 0.99999)
    array([605])
    """
    return TailLikelihood(
        short=short,
        long=long,
        threshold=threshold,
        refractory=refractory,
        n_start=n_start,
        log_scale=log_scale,
    ).extend(errors)


def _check_errors(errors: ArrayLike) -> Array:
    try:
        values = np.asarray(errors, np.float64)
    except (TypeError, ValueError):
        raise ValueError(f"errors must be numbers. Got {errors!r:.60}.") from None
    if values.ndim != 1:
        raise ValueError(
            f"errors must be one number per row, of shape (n_rows,). Got {values.shape}."
        )
    if np.isinf(values).any():
        raise ValueError("errors must be finite, or NaN where not known. Got infinity.")
    return np.clip(values, -LARGEST, LARGEST)
