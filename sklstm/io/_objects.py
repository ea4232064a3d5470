"""Estimators, and what they are made of, as their arguments and fitted attributes."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

from ..files._codec import Kind, Reader, Writer, refusal
from ._classes import (
    HOLDERS,
    KNOWN,
    MOST,
    NONE_ONLY,
    PASSING,
    STEPS,
    Known,
    Part,
    known_class,
)
from ._model_state import check_model, check_trained, check_weights, without_training

# scikit-learn's callbacks, and its requests of metadata.
_CALLBACKS, _REQUESTS = "_skl_callbacks", "_metadata_request"
# Where sktime keeps callbacks; and what it says of data in terms of its own, which are read
# while the data are checked and never again.
_CONFIG, _CONFIG_CALLBACKS = "_config_dynamic", "sklearn_callbacks"
_METADATA, _TERMS = ("_y_metadata", "_X_metadata"), "feature_kind"


def object_kind(*, training_state: bool) -> Kind:
    """Give the kind of all objects that a file may hold.

    Parameters
    ----------
    training_state : bool
        Whether what training needs to go on is written.

    Returns
    -------
    kind : Kind
    """

    def write(value: Any, writer: Writer, place: str) -> dict[str, Any]:
        # An object that stands in two places, as a frozen estimator does, stays one.
        for number, written in enumerate(writer.objects):
            if written is value:
                return {"same": number}
        tree = _write(value, writer, place, training_state=training_state)
        writer.objects.append(value)
        return tree

    return Kind("$object", lambda value: known_class(value) is not None, write, _read)


# ---------------------------------------------------------------------- writing


def _write(
    value: Any, writer: Writer, place: str, *, training_state: bool
) -> dict[str, Any]:
    known = known_class(value)
    assert known is not None
    name = known.name
    if known.has_state:
        state = value.__getstate__()
        if name == "TrainedModel":
            check_trained(state, place)
            state = state if training_state else without_training(state)
        return {"class": name, "state": writer.write(state, place)}
    if known.arguments is not None:
        parts = {
            n: getattr(value, part.attribute, None) for n, part in known.arguments.items()
        }
        return {"class": name, "arguments": _write_all(parts, writer, name)}
    parameters = _without_paths(value.get_params(deep=False))
    for parameter, given in parameters.items():
        if (name, parameter) in NONE_ONLY and given is not None:
            raise refusal(f"{name}.{parameter}", given)
    fitted = _fitted(value, parameters, known)
    tree = {
        "class": name,
        "arguments": _write_all(parameters, writer, name),
        "fitted": _write_all(fitted, writer, name),
    }
    requests = _requests_of(value)
    return {**tree, "requests": requests} if requests else tree


def _without_paths(parameters: dict[str, Any]) -> dict[str, Any]:
    """Leave out where an estimator writes files: a file must not say where others go."""
    return {**parameters, "checkpoint": None} if "checkpoint" in parameters else parameters


def _write_all(values: dict[str, Any], writer: Writer, name: str) -> dict[str, Any]:
    return {key: writer.write(item, f"{name}.{key}") for key, item in values.items()}


def _fitted(estimator: Any, parameters: dict[str, Any], known: Known) -> dict[str, Any]:
    """Give the fitted attributes; none is left out without a word."""
    found = {
        name: value
        for name, value in vars(estimator).items()
        if name not in parameters and name not in PASSING and name != _REQUESTS
    }
    _check_callbacks(found.pop(_CALLBACKS, None), known)
    if _CONFIG_CALLBACKS in found.get(_CONFIG, ()):
        config = dict(found[_CONFIG])
        _check_callbacks(config.pop(_CONFIG_CALLBACKS).callbacks, known)
        found[_CONFIG] = config
    for name in _METADATA:
        if _TERMS in found.get(name, ()):
            found[name] = {k: v for k, v in found[name].items() if k != _TERMS}
    for name, value in found.items():
        if name not in known.attributes:
            raise TypeError(
                f"{known.name} must have the fitted attributes that a file knows. Got"
                f" {name} = {value!r:.80} as well. A pickle can hold it."
            )
    return found


def _check_callbacks(callbacks: Any, known: Known) -> None:
    if callbacks:
        raise TypeError(
            f"{known.name} must have no callbacks of scikit-learn, for a file holds no"
            f" code. Got {callbacks!r:.80}. Take them away before saving: set_callbacks()."
        )


def _requests_of(estimator: Any) -> dict[str, dict[str, Any]]:
    """Give the metadata that the user said each method asks for."""
    requests = vars(estimator).get(_REQUESTS)
    if requests is None:
        return {}
    methods = vars(requests).items()
    asked = {name: getattr(part, "requests", None) for name, part in methods}
    return {name: dict(aliases) for name, aliases in asked.items() if aliases}


# ---------------------------------------------------------------------- reading


def _read(content: Any, reader: Reader) -> Any:
    # What is within may be of other classes.
    classes = reader.classes
    if "same" in content:
        number = content["same"]
        if type(number) is not int or not 0 <= number < len(reader.objects):
            raise ValueError(f"an object {number!r:.80} is not in it")
        value = reader.objects[number]
        _check_class(type(value).__name__, classes)
        return value
    name = content["class"]
    if not isinstance(name, str) or name not in KNOWN:
        raise ValueError(f"a class {name!r:.80} is not known")
    _check_class(name, classes)
    value = _make(KNOWN[name], content, reader)
    reader.objects.append(value)
    return value


def _check_class(name: str, classes: frozenset[str]) -> None:
    if name not in classes:
        wanted = ", ".join(sorted(classes)) if len(classes) < 8 else "an estimator"
        raise ValueError(f"{wanted or 'data'} must stand where there is {name}")


def _make(known: Known, content: dict[str, Any], reader: Reader) -> Any:
    if known.has_state:
        state = reader.read(content["state"])
        if known.name == "TrainedModel":
            check_model(state)
        value: Any = object.__new__(known.find())
        value.__setstate__(state)
        if known.name == "TrainedModel":
            check_weights(value.network, state)
        return value
    if known.arguments is not None:
        arguments = _read_parts(content["arguments"], known.arguments, reader, known.name)
        return known.find()(**arguments)
    kind: Any = known.find()
    names = getattr(kind, "_get_param_names", None) or kind.get_param_names
    parameters = {n: Part(n, is_any=n in HOLDERS) for n in names()}
    arguments = _read_parts(content["arguments"], parameters, reader, known.name)
    value = kind(**_without_paths(arguments))
    fitted = _read_parts(content["fitted"], known.attributes, reader, known.name)
    vars(value).update(fitted)
    if "requests" in content:
        _set_requests(value, content["requests"])
    return value


def _read_parts(
    content: Any, known: Mapping[str, Part], reader: Reader, owner: str
) -> dict[str, Any]:
    """Read arguments or attributes, each of which is known, and of a known class."""
    if not isinstance(content, dict):
        raise ValueError(f"{owner} must have names and values")
    unknown = content.keys() - known.keys()
    if unknown:
        raise ValueError(f"{owner} has no parameter or attribute {min(unknown)!r:.80}")
    values = {}
    for name, tree in content.items():
        part = known[name]
        value = reader.read(tree, STEPS if part.is_any else part.classes)
        if (owner, name) in NONE_ONLY and value is not None:
            raise ValueError(f"{owner}.{name} must be None. Got {type(value).__name__}")
        if part.classes:
            _check_values(value, part.classes, f"{owner}.{name}")
        most = MOST.get(name)
        if most is not None and isinstance(value, Real) and float(value) > most:
            raise ValueError(f"{owner}.{name} must be at most {most}. Got {value:.3g}")
        values[name] = value
    return values


def _check_values(value: Any, classes: frozenset[str], place: str) -> None:
    """Check that a value, or each of a list, is of some classes; None is none."""
    for item in value if isinstance(value, list | tuple) else [value]:
        if item is not None and type(item).__name__ not in classes:
            wanted = " or ".join(sorted(classes))
            raise ValueError(f"{place} must be of {wanted}. Got {type(item).__name__}")


def _set_requests(estimator: Any, asked: dict[str, dict[str, Any]]) -> None:
    requests = estimator._get_metadata_request()
    for method, names in asked.items():
        part: Any = vars(requests).get(method)
        known = getattr(part, "requests", None)
        if known is None or set(names) - set(known):
            raise ValueError(f"a request of metadata {method!r:.80} is not known")
        for name, alias in names.items():
            part.add_request(param=name, alias=alias)
    estimator._metadata_request = requests
