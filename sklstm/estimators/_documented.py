"""Docstrings of classes, completed with what several of them share."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, TypeVar

from ._parameters import Table
from ._texts import FITTED, REFERENCES

Class = TypeVar("Class", bound=type)

# Width of the text of a docstring that is indented by four, as those in the source are.
WIDTH = 88

_PARAMETERS = re.compile(r"(?<=^Parameters\n----------\n).*?(?=\n\n\S|\Z)", re.M | re.S)
_ENTRY = re.compile(r"^(?=\S)", re.M)
_CITATION = re.compile(r"\[(\w+)\]_")


def documented(table: Table, **defaults: Any) -> Callable[[Class], Class]:
    """Complete the docstring of a class with what it shares with others.

    In the docstring ``{parameters}`` stands for all parameters of the signature that it
    does not describe itself; they all appear in the order of the signature, each with the
    default that stands there. An entry with a type replaces the shared one. An entry
    without a type is added to the shared text. ``{attributes}`` stands for the attributes
    that all fitted estimators have, ``{references}`` for the papers that are cited by a
    label, such as ``[Gers2000]_``.

    Parameters
    ----------
    table : mapping of str to Parameter
        The shared parameters by name; the class need not have all of them.
    **defaults : object
        Defaults that the class has on purpose in place of those in the table. The
        signature has to say the same: a test compares them.

    Returns
    -------
    decorator : callable
        Gives the class itself, with its docstring and, as `_shared_parameters`, its table.

    Examples
    --------
    >>> from sklstm.estimators._parameters import Parameter
    >>> table = {"units": Parameter("int", 8, [int], "Units of each layer.")}
    >>> @documented(table, units=4)
    ... class Model:
    ...     '''A model.
    ...
    ...     Parameters
    ...     ----------
    ...     units
    ...         A few will do.
    ...     {parameters}
    ...     '''
    ...
    ...     def __init__(self, units=4):
    ...         self.units = units
    >>> for line in Model.__doc__.splitlines()[-2:]:
    ...     print(line)
    units : int, default=4
        Units of each layer. A few will do.
    """
    own = {name: replace(table[name], default=value) for name, value in defaults.items()}

    def complete(cls: Class) -> Class:
        cls._shared_parameters = {**table, **own}  # type: ignore[attr-defined]
        if cls.__doc__ is not None:  # which it is under python -OO
            cls.__doc__ = _completed(cls.__doc__, cls, table)
        return cls

    return complete


def _completed(doc: str, cls: type, table: Table) -> str:
    doc = inspect.cleandoc(doc)
    doc = _PARAMETERS.sub(lambda found: _parameters(found[0], cls, table), doc, count=1)
    attributes = (_entry(name, *FITTED[name]) for name in FITTED)
    doc = doc.replace("{attributes}", "\n".join(attributes))
    cited = dict.fromkeys(_CITATION.findall(doc))
    references = (_reference(label) for label in cited)
    return doc.replace("{references}", "\n".join(references))


def _parameters(section: str, cls: type, table: Table) -> str:
    """Give the entries of all parameters, in the order of the signature."""
    own = dict(_own_entries(section))
    entries = []
    for parameter in _signature(cls):
        kind, text = own.pop(parameter.name, ("", ""))
        if not kind and parameter.name in table:
            shared = table[parameter.name]
            kind, text = shared.type, f"{shared.text} {text}"
        if parameter.default is not parameter.empty:
            kind += f", default={_literal(parameter.default)}"
        if text:
            entries.append(_entry(parameter.name, kind, text))
    # What is no parameter stays as it is, and one without a text is missing: tests tell.
    return "\n".join(entries + [_entry(name, *entry) for name, entry in own.items()])


def _signature(cls: type) -> list[inspect.Parameter]:
    """Give the parameters of the constructor, but for self."""
    constructor = cls.__init__  # type: ignore[misc]
    return list(inspect.signature(constructor).parameters.values())[1:]


def _own_entries(section: str) -> Iterator[tuple[str, tuple[str, str]]]:
    """Read the entries of a section: name, type (if any) and text."""
    for entry in _ENTRY.split(section):
        head, _, text = entry.partition("\n")
        name, _, kind = head.partition(" : ")
        if name not in ("", "{parameters}"):
            yield name, (" ".join(kind.split()), text)


def _entry(name: str, kind: str, text: str) -> str:
    return f"{name} : {kind}\n{_wrapped(text, first=4, rest=4)}"


def _reference(label: str) -> str:
    return _wrapped(f".. [{label}] {REFERENCES[label]}", first=0, rest=3)


def _wrapped(text: str, *, first: int, rest: int) -> str:
    """Wrap a paragraph, with so many spaces before its first line and the others."""
    return textwrap.fill(
        " ".join(text.split()),
        WIDTH,
        initial_indent=" " * first,
        subsequent_indent=" " * rest,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _literal(value: Any) -> str:
    """Give a default as numpydoc prints it."""
    return f'"{value}"' if isinstance(value, str) else repr(value)
