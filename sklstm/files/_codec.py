"""Nested values as a tree of JSON with arrays beside it, and back."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]

NO_CLASSES: frozenset[str] = frozenset()
_TUPLE = "$tuple"

# What to do about a parameter that is code.
REMEDIES = {
    "callbacks": "Predictions do not need them: set_params(callbacks=None) before saving.",
    "optimizer": "Predictions do not need it: set_params(optimizer='adam') before saving.",
    "learning_rate_schedule": "Predictions do not need it:"
    " set_params(learning_rate_schedule='cosine') before saving.",
    "memory": "Fitted steps do not need it: set_params(memory=None) before saving.",
    "loss": "Train with one of the losses that have a name, or keep a pickle.",
}


@dataclass(frozen=True)
class Kind:
    """A kind of values for which JSON has no word.

    Attributes
    ----------
    tag : str
        Begins with ``$``. In the tree such a value is an object with this one key.
    holds : callable (value) -> bool
    write : callable (value, Writer, place) -> JSON
        What stands below the key.
    read : callable (content, Reader) -> value
    """

    tag: str
    holds: Callable[[Any], bool]
    write: Callable[[Any, Writer, str], Any]
    read: Callable[[Any, Reader], Any]


class Writer:
    """Makes a tree of values.

    Parameters
    ----------
    kinds : sequence of Kind
        The first that holds a value writes it.

    Attributes
    ----------
    arrays : dict of str to ndarray
        What stands beside the tree.
    objects : list of object
        That have been written, in the order in which a reader will have made them.
    """

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self.kinds = kinds
        self.arrays: Arrays = {}
        self.objects: list[Any] = []

    def write(self, value: Any, place: str = "value") -> Any:
        """Give a value as JSON.

        Parameters
        ----------
        value : object
        place : str, default="value"
            Where it stands, for messages.

        Returns
        -------
        tree : object

        Raises
        ------
        TypeError
            If there is no kind for something in it.
        """
        kind = type(value)
        if value is None or kind in (bool, int, str):
            return value
        if kind is float and math.isfinite(value):
            return value
        if kind is list and not _is_long(value):
            return self._items(value, place)
        if kind is tuple:
            return {_TUPLE: self._items(value, place)}
        if kind is dict and all(type(key) is str for key in value) and not _is_tag(value):
            return {k: self.write(item, f"{place}[{k!r}]") for k, item in value.items()}
        for known in self.kinds:
            if known.holds(value):
                return {known.tag: known.write(value, self, place)}
        raise refusal(place, value)

    def _items(self, values: Sequence[Any], place: str) -> list[Any]:
        return [self.write(item, f"{place}[{i}]") for i, item in enumerate(values)]

    def store(self, array: NDArray[Any]) -> str:
        """Put an array beside the tree, and give its name."""
        name = str(len(self.arrays))
        self.arrays[name] = array
        return name


class Reader:
    """Makes values of a tree. None of what it reads is run.

    Parameters
    ----------
    kinds : sequence of Kind
    arrays : dict of str to ndarray
        What stands beside the tree.

    Attributes
    ----------
    classes : frozenset of str
        Names of the classes that may stand where a kind is being read.
    objects : list of object
        That have been made.
    """

    def __init__(self, kinds: Sequence[Kind], arrays: Arrays) -> None:
        self.kinds = {kind.tag: kind for kind in kinds}
        self.arrays = arrays
        self.classes = NO_CLASSES
        self.objects: list[Any] = []

    def read(self, tree: Any, classes: frozenset[str] = NO_CLASSES) -> Any:
        """Give the value of a tree.

        Parameters
        ----------
        tree : object
        classes : frozenset of str, default=NO_CLASSES
            Names of the classes of which it, or what is in its lists, tuples and
            dictionaries, may be. Without, it is data through and through.

        Returns
        -------
        value : object

        Raises
        ------
        ValueError
            If a kind is unknown.
        """
        if isinstance(tree, list):
            return [self.read(item, classes) for item in tree]
        if not isinstance(tree, dict):
            return tree
        if not _is_tag(tree):
            return {key: self.read(item, classes) for key, item in tree.items()}
        ((tag, content),) = tree.items()
        if tag == _TUPLE:
            return tuple(self.read(item, classes) for item in as_list(content))
        if tag not in self.kinds:
            raise ValueError(f"a kind of value {tag!r:.80} is not known")
        self.classes = classes
        return self.kinds[tag].read(content, self)


def as_list(content: Any) -> list[Any]:
    """Check that a part of a tree is a list: other things may go on without end."""
    if not isinstance(content, list):
        raise ValueError(f"a list must stand where there is {type(content).__name__}")
    return content


def refusal(place: str, value: Any) -> TypeError:
    """Give the error of a value that a file cannot hold.

    Parameters
    ----------
    place : str
        Where it stands: a class and a parameter, or a path from there.
    value : object

    Returns
    -------
    error : TypeError
    """
    name = place.rpartition(".")[2].partition("[")[0]
    remedy = REMEDIES.get(name, "A pickle can hold it.")
    return TypeError(
        f"{place} must be data, for a file holds no code. Got {value!r:.80}. {remedy}"
    )


def _is_tag(value: dict[str, Any]) -> bool:
    return len(value) == 1 and next(iter(value)).startswith("$")


# From so many numbers on, a list of floats is shorter as an array.
_LONG = 16


def _is_long(value: list[Any]) -> bool:
    return len(value) >= _LONG and all(type(item) is float for item in value)
