"""Signatures, docstrings, constraints and the tables of shared parameters say the same."""

import ast
import doctest
import importlib.util
import inspect
import pydoc
import re

import numpy as np
import pytest
from sklearn.utils._param_validation import StrOptions, validate_parameter_constraints

from sklstm import (
    LSTMClassifier,
    LSTMOutlierDetector,
    LSTMRegressor,
    SequenceReshaper,
)
from sklstm.estimators._documented import documented
from sklstm.estimators._parameters import NETWORK, Parameter
from sklstm.estimators._task_parameters import CLASSIFICATION, DETECTION, REGRESSION
from sklstm.fitting._numbers import NumberIn
from sklstm.network import LSTMNetwork

ESTIMATORS = [LSTMRegressor, LSTMClassifier]
DOCUMENTED = [*ESTIMATORS, LSTMOutlierDetector]
ADAPTERS = []
if importlib.util.find_spec("sktime"):
    from sklstm.sktime import (
        LSTMForecaster,
        LSTMTimeSeriesClassifier,
        LSTMTimeSeriesRegressor,
    )

    ADAPTERS = [LSTMForecaster, LSTMTimeSeriesClassifier, LSTMTimeSeriesRegressor]

TABLES = "the tables in sklstm/estimators/_parameters.py and _task_parameters.py"


def defaults(cls):
    """Parameters of the constructor with their defaults, in order."""
    return {name: p.default for name, p in inspect.signature(cls).parameters.items()}


def section(doc, title):
    """Entries of a section, as numpydoc reads them: name, type, text."""
    found = re.search(rf"^{title}\n-+\n(.*?)(?:\n\n|\Z)", doc, re.M | re.S)
    for entry in re.split(r"^(?=\S)", found[1], flags=re.M)[1:]:
        head, _, text = entry.partition("\n")
        name, _, kind = head.partition(" : ")
        yield name, kind, text.strip()


def faults(cls):
    """Say what does not agree, and where to mend it."""
    name, here = cls.__name__, inspect.getfile(cls)
    described = {entry: rest for entry, *rest in section(cls.__doc__, "Parameters")}
    signature, table = defaults(cls), cls._shared_parameters
    for missing in [p for p in signature if p not in described]:
        yield (
            f"{name}.__init__ takes {missing}, which has no text: describe it in the"
            f" docstring of {name} in {here} or, if others have it too, in {TABLES}"
        )
    for extra in [p for p in described if p not in signature]:
        yield (
            f"{name} describes {extra}, which its __init__ in {here} does not take: add it"
            " to the signature or take the entry away"
        )
    if list(signature) != list(described) and set(signature) == set(described):
        yield f"{name} describes its parameters in another order than its __init__ has"
    for parameter, (kind, text) in described.items():
        if not kind.partition(", default=")[0] or not text:
            yield f"{name} gives {parameter} no type or no text in {here}"
    constrained = getattr(cls, "_parameter_constraints", signature)
    for parameter in constrained.keys() ^ signature.keys():
        yield (
            f"{parameter} is in {TABLES} or in {name}.__init__ in {here}, but not in both"
        )
    for parameter in [p for p in signature if p in table]:
        default, shared = signature[parameter], table[parameter]
        if shared.default != default or type(shared.default) is not type(default):
            yield (
                f"{parameter}={default!r} in the signature of {name}, but"
                f" {shared.default!r} in {TABLES}: one of them is wrong, or @documented in"
                f" {here} has to say {parameter}={default!r}"
            )
        try:
            constraints = {parameter: shared.constraints}
            validate_parameter_constraints(constraints, {parameter: default}, name)
        except ValueError as error:
            yield f"{error} Its constraint in {TABLES} does not admit the default"


@pytest.mark.parametrize("cls", DOCUMENTED + ADAPTERS)
def test_signature_docstring_and_tables_agree(cls):
    assert list(faults(cls)) == []


def test_each_parameter_of_the_estimators_has_its_constraint():
    tables = (REGRESSION, CLASSIFICATION, DETECTION)
    for cls, table in zip(DOCUMENTED, tables, strict=True):
        assert cls._parameter_constraints == {n: p.constraints for n, p in table.items()}
        assert cls._parameter_constraints.keys() == defaults(cls).keys()


@pytest.mark.parametrize("cls", ADAPTERS)
def test_an_adapter_says_itself_what_the_estimator_inside_does_not_have(cls):
    own = set(defaults(cls)) - set(cls._shared_parameters)
    only_forecasts = {"strategy", "window_length", "past_covariates"}
    only_forecasts |= {"channel_independent", "calibration_fraction", "forking_sequences"}
    assert own == (only_forecasts if cls is LSTMForecaster else set())


# The checks themselves


def grown(table, **defaults):
    """A class that has a parameter too many, if the table lacks breadth."""

    @documented(table, **defaults)
    class Grown:
        """A class.

        Parameters
        ----------
        depth : int
            How deep.
        {parameters}
        """

        def __init__(self, max_epochs="auto", *, depth=1, breadth=2):
            pass

    return Grown


BREADTH = Parameter("int", 2, [int], "How broad.")


def test_a_parameter_of_the_signature_alone_is_found():
    (fault,) = faults(grown(REGRESSION))
    assert "Grown.__init__ takes breadth, which has no text" in fault
    assert "test_parameters.py" in fault
    assert "sklstm/estimators/_parameters.py" in fault
    assert list(faults(grown({**REGRESSION, "breadth": BREADTH}))) == []


def test_a_parameter_of_the_docstring_alone_is_found():
    cls = grown({**REGRESSION, "breadth": BREADTH})
    without_depth = lambda self, max_epochs="auto", *, breadth=2: None  # noqa: E731
    cls.__init__.__signature__ = inspect.signature(without_depth)
    (fault,) = faults(cls)
    assert "Grown describes depth, which its __init__" in fault


@pytest.mark.parametrize(
    ("breadth", "message"),
    [
        (Parameter("int", 3, [int], "How broad."), "breadth=2 in .* but 3 in the tables"),
        (Parameter("int", 2, [str], "How broad."), "must be an instance of 'str'. Got 2"),
        (Parameter("", 2, [int], "How broad."), "gives breadth no type or no text"),
    ],
)
def test_an_entry_that_does_not_agree_is_found(breadth, message):
    (fault,) = faults(grown({**REGRESSION, "breadth": breadth}))
    assert re.search(message, fault)


def test_a_default_of_its_own_has_to_be_declared():
    table = {**REGRESSION, "breadth": Parameter("int", 3, [int], "How broad.")}
    assert list(faults(grown(table, breadth=2))) == []
    (fault,) = faults(grown(table))
    assert "@documented" in fault
    assert "breadth=2" in fault


@pytest.mark.parametrize(
    ("constrained", "lacking"),
    [
        (["max_epochs", "depth"], "breadth"),
        (["max_epochs", "depth", "breadth", "height"], "height"),
    ],
)
def test_a_constraint_too_few_or_too_many_is_found(constrained, lacking):
    cls = grown({**REGRESSION, "breadth": BREADTH})
    cls._parameter_constraints = dict.fromkeys(constrained)
    (fault,) = faults(cls)
    assert fault.startswith(f"{lacking} is in the tables in sklstm/estimators/_param")
    assert "or in Grown.__init__ in" in fault


# What is printed


@pytest.mark.parametrize("cls", DOCUMENTED + ADAPTERS)
def test_the_printed_default_is_that_of_the_signature(cls):
    for name, kind, _ in section(cls.__doc__, "Parameters"):
        _, _, printed = kind.partition(", default=")
        assert ast.literal_eval(printed) == defaults(cls)[name]


@pytest.mark.parametrize("cls", DOCUMENTED + ADAPTERS)
def test_every_placeholder_and_citation_is_resolved(cls):
    assert not re.findall(r"\{\w+\}", cls.__doc__)
    cited = re.findall(r"\[(\w+)\]_", cls.__doc__)
    listed = re.findall(r"^\.\. \[(\w+)\] \w", cls.__doc__, re.M)
    assert listed == list(dict.fromkeys(cited))
    assert len(listed) > 3


@pytest.mark.parametrize("cls", DOCUMENTED + ADAPTERS)
def test_lines_are_as_short_as_those_of_the_source(cls):
    # But for types, which have to stand on one line.
    long = [line for line in cls.__doc__.splitlines() if len(line) > 88]
    assert all(" : " in line for line in long)


@pytest.mark.parametrize("cls", DOCUMENTED + ADAPTERS)
def test_numpydoc_reads_the_same(cls):
    docscrape = pytest.importorskip("sklearn.externals._numpydoc.docscrape")
    parsed = docscrape.NumpyDocString(cls.__doc__)
    assert [p.name for p in parsed["Parameters"]] == list(defaults(cls))
    assert all(p.type and p.desc for p in parsed["Parameters"] + parsed["Attributes"])
    assert parsed["References"]
    assert parsed["Examples"]


@pytest.mark.parametrize("cls", DOCUMENTED + ADAPTERS)
def test_help_and_doctest_find_it(cls):
    page = pydoc.render_doc(cls, renderer=pydoc.plaintext)
    assert '\n |  max_epochs : int or "auto", default=' in page
    finder = doctest.DocTestFinder(recurse=False)
    (found,) = finder.find(cls, cls.__name__)
    assert len(found.examples) > 4


def test_only_what_differs_by_task_is_told_apart():
    first, second = (
        {name: text for name, _, text in section(cls.__doc__, "Parameters")}
        for cls in ESTIMATORS
    )
    differing = {n for n in first.keys() & second.keys() if first[n] != second[n]}
    by_task = {"instance_norm", "loss", "standardize", "validation_split", "callbacks"}
    assert differing == by_task | {"horizon", "return_sequences"}


@pytest.mark.parametrize("table", [REGRESSION, CLASSIFICATION], ids=["numbers", "classes"])
def test_the_type_names_the_options_that_the_constraint_has(table):
    for name, parameter in table.items():
        options = set()
        for constraint in parameter.constraints:
            options |= constraint.options if isinstance(constraint, StrOptions) else set()
        assert set(re.findall(r'"(\w+)"', parameter.type)) == options, name
        assert ("None" in parameter.type) == (None in parameter.constraints), name


def test_docstrings_may_be_stripped():
    # As by python -OO, with which skorch cannot be imported.
    class Stripped:
        def __init__(self, max_epochs="auto"):
            pass

    assert documented(REGRESSION)(Stripped) is Stripped
    assert Stripped.__doc__ is None


# What is passed on


@pytest.mark.parametrize("cls", DOCUMENTED + ADAPTERS)
def test_each_argument_is_kept_under_its_name(cls):
    values = {name: [name] for name in defaults(cls)}
    if "strategy" in values:
        values["strategy"] = "direct"  # sktime asks for it at once
    model = cls(**values)
    for name, value in values.items():
        assert getattr(model, name) is value


def test_the_network_takes_its_parameters_as_they_are():
    assert set(NETWORK) <= set(inspect.signature(LSTMNetwork).parameters)


# Bools and arrays without axes are no numbers


def is_number(parameter):
    return any(isinstance(constraint, NumberIn) for constraint in parameter.constraints)


NUMBERS = [n for n, p in {**REGRESSION, **CLASSIFICATION}.items() if is_number(p)]
RNG = np.random.default_rng(0)
X = RNG.normal(size=(12, 4, 2))
Y = np.arange(12) % 2


def test_numbers_are_found():
    of_each_kind = {"hidden_size", "categorical_features", "random_state", "learning_rate"}
    assert of_each_kind <= set(NUMBERS)


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("value", [True, False, np.True_, np.array(1)], ids=repr)
def test_a_bool_and_an_array_are_no_number(name, value):
    cls = LSTMRegressor if name in REGRESSION else LSTMClassifier
    model = cls(**{"instance_norm": "last", name: value})
    with pytest.raises(ValueError, match=rf"{name}.* must be .*Got") as error:
        model.fit(X, Y)
    assert repr(value) in str(error.value)
    assert not hasattr(model, "n_features_in_")


@pytest.mark.parametrize("name", ["head_sizes", "conv_filters", "conv_kernel_sizes"])
@pytest.mark.parametrize("value", [[True], [4, np.True_], [np.array(4)]], ids=repr)
def test_a_bool_and_an_array_are_no_size(name, value):
    model = LSTMRegressor(convolution="beside", **{name: value})
    with pytest.raises(ValueError, match=f"{name} must have ints of at least 1. Got"):
        model.fit(X, Y)


@pytest.mark.parametrize("value", [True, np.True_, np.array(2)], ids=repr)
def test_a_bool_and_an_array_are_no_number_of_features(value):
    with pytest.raises(ValueError, match=r"'n_features' parameter .* must be an int"):
        SequenceReshaper(value).fit(np.ones((1, 4)))
