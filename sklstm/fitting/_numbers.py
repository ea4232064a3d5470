"""Numbers among the parameters, without the bools that Python counts as 0 and 1."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, Literal

from sklearn.utils._param_validation import Interval


class NumberIn(Interval):
    """An interval of numbers, for scikit-learn's validation, that holds no bool.

    A bool where a number belongs is a slip, most often a mask or a flag of another
    parameter. NumPy's bools and arrays without axes are no numbers to begin with.
    """

    def is_satisfied_by(self, val: Any) -> bool:
        """Tell whether a value is a number, and lies in the interval."""
        return not isinstance(val, bool) and super().is_satisfied_by(val)


def integer(least: int | None = None, most: int | None = None) -> NumberIn:
    """Give the constraint of an integer.

    Parameters
    ----------
    least, most : int or None, default=None
        Ends of the interval, both included; None is no end.

    Returns
    -------
    constraint : NumberIn

    Examples
    --------
    >>> str(integer(1))
    'an int in the range [1, inf)'
    >>> [integer(1).is_satisfied_by(value) for value in (1, 0, 1.0, True)]
    [True, False, False, False]
    """
    closed = {
        (False, False): "neither",
        (True, False): "left",
        (False, True): "right",
        (True, True): "both",
    }[least is not None, most is not None]
    return NumberIn(Integral, least, most, closed=closed)


def real(
    low: float | None,
    high: float | None,
    *,
    closed: Literal["left", "right", "both", "neither"],
) -> NumberIn:
    """Give the constraint of a real number; an integer is one.

    Parameters
    ----------
    low, high : float or None
        Ends of the interval; None is no end.
    closed : {"left", "right", "both", "neither"}
        Which ends are included.

    Returns
    -------
    constraint : NumberIn

    Examples
    --------
    >>> str(real(0, 1, closed="left"))
    'a float in the range [0.0, 1.0)'
    >>> [real(0, 1, closed="both").is_satisfied_by(value) for value in (0.5, 1, True)]
    [True, True, False]
    """
    return NumberIn(Real, low, high, closed=closed)


def is_integer(value: Any, least: int | None = None) -> bool:
    """Tell whether a value is an integer, of Python or NumPy, and no bool.

    Parameters
    ----------
    value : object
    least : int or None, default=None
        The smallest that counts.

    Returns
    -------
    is_integer : bool

    Examples
    --------
    >>> is_integer(3), is_integer(3.0), is_integer(True), is_integer(0, least=1)
    (True, False, False, False)
    """
    if isinstance(value, bool) or not isinstance(value, Integral):
        return False
    return least is None or int(value) >= least
