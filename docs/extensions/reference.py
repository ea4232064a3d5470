"""Pages of classes and functions.

- A long signature shows how it begins: the parameters are listed below it.
- Types in docstrings are plain text: `n_features_in_` is no link, `**options` not bold.
- Methods that come from scikit-learn or sktime are named, and not documented again.
"""

import inspect
import re
from importlib import import_module

LONG_SIGNATURE = 6  # parameters
OF_SKBASE = {"clone", "get_params", "set_params"}  # what users call


def shorten_signature(app, what, name, obj, options, signature, return_annotation):
    """Show of a long signature how it begins. All parameters are listed below it."""
    if what != "class" or obj.__module__.partition(".")[0] != "sklstm":
        return None
    parameters = list(inspect.signature(obj).parameters.values())
    if len(parameters) <= LONG_SIGNATURE:
        return None
    positional = [p for p in parameters if p.kind is not p.KEYWORD_ONLY]
    shown = [str(p.replace(annotation=p.empty)) for p in positional[:2]]
    if len(positional) == len(shown):
        shown.append("*")
    return f"({', '.join(shown)}, ...)", None


def escape_types(app, what, name, obj, options, lines):
    """Keep underscores and stars in the types of parameters from being markup."""
    for i, line in enumerate(lines):
        entry = re.fullmatch(r"(\s*)(\*{0,2}\w[\w, ]*) : (.+)", line)
        if entry and not entry[3].endswith("."):
            kind = re.sub(r"(?<!`)\*|_(?=\W|$)", r"\\\g<0>", entry[3])
            lines[i] = f"{entry[1]}{entry[2]} : {kind}"


def is_foreign(obj):
    """Whether a method comes from another package, such as `set_params`."""
    function = getattr(obj, "fget", None) or getattr(obj, "fn", None) or obj
    module = getattr(inspect.unwrap(function), "__module__", None) or ""
    return module.partition(".")[0] in {"sklearn", "sktime", "skbase", "torch"}


def skip_foreign(app, what, name, obj, skip, options):
    """Leave out what another package documents, or alone calls."""
    return True if is_foreign(obj) or name.endswith("get_test_params") else None


def foreign_methods(fullname):
    """Name the public methods that a class has from other packages, and whose they are.

    Parameters
    ----------
    fullname : str

    Returns
    -------
    by_class : dict of str to list of str
        Methods by the full name of the class that has them.
    """
    module, _, name = fullname.rpartition(".")
    kind = getattr(import_module(module), name)
    by_class = {}
    for method in dir(kind):
        value = getattr(kind, method, None)
        if method.startswith("_") or not callable(value) or not is_foreign(value):
            continue
        owner = next(base for base in kind.__mro__ if method in base.__dict__)
        if owner.__name__.startswith("_") or owner.__module__.startswith("sklstm"):
            owner = import_module("sklearn.base").BaseEstimator  # or made by its mixins
        if owner.__module__.startswith("skbase") and method not in OF_SKBASE:
            continue
        by_class.setdefault(_public(owner), []).append(method)
    order = sorted(by_class, key=lambda owner: -len(by_class[owner]))
    return {owner: by_class[owner] for owner in order}


def _public(kind):
    """Give the name under which a class is documented by its own package."""
    return re.sub(r"\._\w+", "", kind.__module__) + f".{kind.__name__}"


def setup(app):
    """Register all of it."""
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("autodoc-process-docstring", escape_types, priority=400)
    app.connect("autodoc-skip-member", skip_foreign)
    app.config.autosummary_context = {"foreign_methods": foreign_methods}
    return {"parallel_read_safe": True, "parallel_write_safe": True}
