"""Parameters as text, the same in each process; of code a digest of what it does."""

from __future__ import annotations

import functools
import types
from collections.abc import Iterator
from hashlib import blake2b
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ..samples._inputs import plain

# Their code follows from their version: a name says it all.
_PACKAGES = frozenset(
    {"builtins", "functools", "numpy", "scipy", "sklearn", "skorch", "sklstm", "torch"}
)
# What torch keeps of each module; its weights are told by their values.
_OF_MODULES = frozenset(vars(torch.nn.Module()))
_PLAIN = (type(None), str, bool, int, float, complex, bytes, type(...))
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType, np.ufunc)
_METHODS = (types.MethodType, types.BuiltinMethodType, types.MethodWrapperType)


class Indescribable(TypeError):
    """A value that cannot be told from another of its class in another process."""


def described(value: Any, *, by_class: bool = False) -> str:
    """Write a parameter as text, the same in each process.

    Parameters
    ----------
    value : object
        Of code the text has a digest: of what a function does, its defaults, what it closes
        over and what it is bound to. Global names that it uses count by their names.
    by_class : bool, default=False
        Whether what cannot be written, such as an open file, is known by its class.

    Returns
    -------
    text : str

    Raises
    ------
    Indescribable
        If it holds something that cannot be written, unless `by_class`.

    Examples
    --------
    >>> described(np.float64(0.5)), described([4, "a"]), described({"b": None})
    ('0.5', "(4, 'a')", "{'b': None}")
    >>> described(functools.partial(torch.optim.SGD, momentum=0.5))
    "torch.optim.sgd.SGD(*(), **{'momentum': 0.5})"
    >>> described(torch.nn.HuberLoss(delta=2.0))
    "torch.nn.modules.loss.HuberLoss(delta=2.0, reduction='mean')"
    """
    return _Describer(by_class).text(value)


class _Describer:
    """Goes through a nested value."""

    def __init__(self, by_class: bool) -> None:
        self.by_class = by_class
        # Of what is being described, from the outside in: some things hold themselves.
        self.within: list[int] = []

    def text(self, value: Any) -> str:
        value = plain(value)
        if isinstance(value, _PLAIN):
            return repr(value)
        if isinstance(value, list | tuple):
            return f"({', '.join(map(self.text, value))})"
        if isinstance(value, set | frozenset):
            return f"{{{', '.join(sorted(map(self.text, value)))}}}"
        if isinstance(value, dict):
            pairs = (f"{self.text(k)}: {self.text(v)}" for k, v in value.items())
            return f"{{{', '.join(pairs)}}}"
        if isinstance(value, torch.Tensor):
            return f"tensor {self._array(value.detach().cpu().numpy())}"
        if isinstance(value, np.ndarray):
            return f"array {self._array(value)}"
        if isinstance(value, torch.device | torch.dtype | np.dtype):
            return str(value)
        if isinstance(value, types.ModuleType):
            return value.__name__
        if id(value) in self.within:
            return f"#{self.within.index(id(value))}"
        self.within.append(id(value))
        try:
            return self._code(value)
        finally:
            self.within.pop()

    def _code(self, value: Any) -> str:
        """Describe what is code, or holds some."""
        if isinstance(value, functools.partial):
            arguments = f"*{self.text(value.args)}, **{self.text(value.keywords)}"
            return f"{self.text(value.func)}({arguments})"
        if isinstance(value, type):
            return self._class(value)
        if isinstance(value, _METHODS) and not isinstance(
            owner := getattr(value, "__self__", None), types.ModuleType | type(None)
        ):
            function = getattr(value, "__func__", None)
            name = value.__name__ if function is None else self.text(function)
            return f"{name} of {self.text(owner)}"
        if isinstance(value, _FUNCTIONS):
            return self._function(value)
        if isinstance(value, torch.nn.Module):
            return self._module(value)
        return self._object(value)

    def _function(self, function: Any) -> str:
        name = _name_of(function)
        code = getattr(function, "__code__", None)
        if code is None or _is_of_package(function):
            return name
        cells = [_content(cell) for cell in function.__closure__ or ()]
        beside = (function.__defaults__, function.__kwdefaults__, cells)
        return f"{name} {self._short([*_parts_of(code), beside])}"

    def _class(self, kind: type) -> str:
        """Describe a class, by its code if no package has it."""
        if _is_of_package(kind):
            return _name_of(kind)
        written = {
            name: getattr(item, "__func__", item)
            for name, item in vars(kind).items()
            if isinstance(getattr(item, "__func__", item), types.FunctionType)
            or (isinstance(item, _PLAIN) and not name.startswith(("__", "_abc")))
        }
        bases = [base for base in kind.__bases__ if base is not object]
        return f"{_name_of(kind)} {self._short([bases, written])}"

    def _module(self, module: Any) -> str:
        said = []
        for part in module.modules():
            hooks = [
                list(hooks.values())
                for name, hooks in vars(part).items()
                if name in _OF_MODULES and name.endswith("_hooks") and hooks
            ]
            kept = {k: v for k, v in vars(part).items() if k not in _OF_MODULES}
            said.append(self._with_values(part, kept) + (self.text(hooks) if hooks else ""))
        state = module.state_dict()
        weights = f" {self._short(list(state.items()))}" if state else ""
        return ", ".join(said) + weights

    def _object(self, value: Any) -> str:
        """Describe an object as a pickle would: by what makes it again."""
        try:
            parts = value.__reduce_ex__(2)
        except Exception as error:
            if self.by_class:
                return _name_of(type(value))
            raise Indescribable(_name_of(type(value))) from error
        if isinstance(parts, str):
            return f"{type(value).__module__}.{parts}"
        make, arguments, state, *items = (*parts, None)[:5]
        if getattr(make, "__name__", None) == "__newobj__":  # the usual object
            arguments = arguments[1:]
            slots: dict[str, Any] = {}
            if isinstance(state, tuple) and len(state) == 2:
                state, slots = state[0] or {}, state[1] or {}
            if isinstance(state, dict | None):
                text = self._with_values(value, {**(state or {}), **slots})
                state = None
            else:
                text = self.text(type(value))
        else:
            text = f"{self.text(type(value))} by {self.text(make)}"
        rest = [arguments, state, *(list(i) for i in items if i is not None)]
        return f"{text} {self.text(rest)}" if any(map(_is_something, rest)) else text

    def _with_values(self, value: Any, kept: dict[str, Any]) -> str:
        """Describe a class with values, but for what an object has learnt."""
        least = "_" if _is_of_package(type(value)) else "__"
        values = ", ".join(
            f"{name}={self.text(item)}"
            for name, item in sorted(kept.items())
            if not name.startswith(least) and not name.endswith("_")
        )
        return f"{self.text(type(value))}({values})"

    def _array(self, array: NDArray[Any]) -> str:
        if array.dtype.hasobject:
            return self._short(array.tolist())
        content = np.ascontiguousarray(array).tobytes()
        return f"{array.dtype.str}{array.shape} {_hex(content)}"

    def _short(self, value: Any) -> str:
        return _hex(self.text(value).encode("utf-8", "surrogatepass"))


def _parts_of(code: types.CodeType) -> Iterator[Any]:
    """Give what a function does: its steps, their constants and the names in them."""
    yield (code.co_code, code.co_names, code.co_varnames, code.co_freevars)
    for part in code.co_consts:
        yield list(_parts_of(part)) if isinstance(part, types.CodeType) else part


def _content(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # it is empty
        return None


def _is_something(part: Any) -> bool:
    return part is not None and not (isinstance(part, list | tuple) and not part)


def _is_of_package(value: Any) -> bool:
    return str(getattr(value, "__module__", None)).partition(".")[0] in _PACKAGES


def _name_of(value: Any) -> str:
    name = getattr(value, "__qualname__", getattr(value, "__name__", "?"))
    return f"{getattr(value, '__module__', None) or 'numpy'}.{name}"


def _hex(content: bytes) -> str:
    return blake2b(content, digest_size=8).hexdigest()
