"""What this site needs of Sphinx besides its settings.

- Pages of classes show a signature that can be read: its parameters are listed below it.
- Methods that come from scikit-learn or sktime are named, and not documented again.
- Names lead to their pages, in Markdown too.
- CHANGELOG.md and CONTRIBUTING.md, which stand in the root, are pages too.
- Types in docstrings are plain text: `n_features_in_` is no link, `**options` not bold.
"""

import inspect
import re
import sys
from importlib import import_module
from pathlib import Path

DOCS = Path(__file__).parent
SOURCE = "https://github.com/sklstm/sklstm/blob/main/"

# Pages that are files of the root, and where links of these lead to.
ROOT_PAGES = {
    "development/changelog": "CHANGELOG.md",
    "development/contributing": "CONTRIBUTING.md",
}
LONG_SIGNATURE = 6  # parameters

# Packages whose names have pages, besides those at the top.
PUBLIC = [
    "anomaly",
    "datasets",
    "export",
    "inspection",
    "io",
    "metrics",
    "plotting",
    "sktime",
]
# Names of others that pages mention without their package.
OF_OTHERS = {
    "ColumnTransformer": "sklearn.compose.ColumnTransformer",
    "GridSearchCV": "sklearn.model_selection.GridSearchCV",
    "HalvingGridSearchCV": "sklearn.model_selection.HalvingGridSearchCV",
    "KFold": "sklearn.model_selection.KFold",
    "Pipeline": "sklearn.pipeline.Pipeline",
    "StandardScaler": "sklearn.preprocessing.StandardScaler",
    "TimeSeriesSplit": "sklearn.model_selection.TimeSeriesSplit",
    "cross_val_predict": "sklearn.model_selection.cross_val_predict",
    "cross_validate": "sklearn.model_selection.cross_validate",
    "permutation_importance": "sklearn.inspection.permutation_importance",
}
OTHERS = ("sklearn.", "sktime.", "skorch.", "torch.", "numpy.", "pandas.")
PACKAGES = re.compile(rf"^(sklstm\.)?(({'|'.join(PUBLIC)})\.)?")

ORDER = [
    "netflix",
    "sktime_forecasting",
    "turbofan",
    "activities",
    "reviews",
    "tags",
    "dates",
    "melody",
    "loops",
]


class GalleryOrder:
    """Sorts examples: the first project first; those without a place come last."""

    def __init__(self, folder):
        self.folder = folder

    def __call__(self, filename):
        """Give what an example is sorted by."""
        name = filename.removeprefix("plot_").removesuffix(".py")
        return (ORDER.index(name) if name in ORDER else len(ORDER), name)


def one_thread(gallery_conf, fname):
    """Let each example begin with one thread: several run side by side."""
    import torch

    torch.set_num_threads(1)


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
    """Leave out what another package documents."""
    return True if is_foreign(obj) else None


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
        value = inspect.getattr_static(kind, method)
        if method.startswith("_") or not is_foreign(getattr(kind, method, None) or value):
            continue
        if not callable(getattr(kind, method, None)):
            continue
        owner = next(base for base in kind.__mro__ if method in base.__dict__)
        if owner.__module__.startswith("sklstm"):  # made for it by scikit-learn
            owner = import_module("sklearn.base").BaseEstimator
        by_class.setdefault(_public(owner), []).append(method)
    return by_class


def _public(kind):
    """Give the name under which a class is documented by its own package."""
    return re.sub(r"\._\w+", "", kind.__module__) + f".{kind.__name__}"


def public_names():
    """Give the full name of what a page may mention, the top of the package first."""
    import sklstm

    known = OF_OTHERS | {name: f"sklstm.{name}" for name in sklstm.__all__}
    for part in PUBLIC:
        for name in import_module(f"sklstm.{part}").__all__:
            known.setdefault(name, f"sklstm.{part}.{name}")
    return known


def linked(text, names):
    """Give the full name of what stands in the text, or None.

    A plain word, such as `load` or `coverage`, may mean much: it needs its package.
    """
    if text.startswith("sklstm."):
        return names.get(PACKAGES.sub("", text, count=1), text)
    if text.startswith(OTHERS):
        return text
    return names.get(text) if re.search(r"[A-Z_]", text) else None


def link_names(app, doctree):
    """Let code in Markdown that is a public name lead to its page."""
    from docutils import nodes
    from sphinx.addnodes import pending_xref

    docname = app.env.docname
    if app.env.doc2path(docname).suffix != ".md":
        return
    names = public_names()
    taken = (nodes.title, nodes.reference, pending_xref)
    for code in list(doctree.findall(nodes.literal)):
        target = linked(code.astext().removesuffix("()"), names)
        if target is None or _is_within(code, taken):
            continue
        link = pending_xref(
            "", refdomain="py", reftype="obj", reftarget=target, refdoc=docname
        )
        code.replace_self(link)
        link += code


def _is_within(node, kinds):
    while node := node.parent:
        if isinstance(node, kinds):
            return True
    return False


def strip_blocks(app, doctree):
    """Take away the empty line that doctest needs at the end of a fenced block."""
    from docutils import nodes

    for block in doctree.findall(nodes.literal_block):
        text = block.astext()
        if text.endswith("\n") and all(isinstance(c, nodes.Text) for c in block.children):
            block.rawsource = text.rstrip("\n")
            block.children = []
            block += nodes.Text(block.rawsource)


def read_root_page(app, docname, source):
    """Put a file of the root in place of its stub, with links that hold from there."""
    if docname not in ROOT_PAGES:
        return
    path = DOCS.parent / ROOT_PAGES[docname]
    app.env.note_dependency(str(path), docname=docname)
    pages = {file: page.partition("/")[2] for page, file in ROOT_PAGES.items()}

    def mended(found):
        target = found[1]
        if re.match(r"https?:|#", target):
            return found[0]
        if target.startswith("docs/"):
            return f"](../{target.removeprefix('docs/')})"
        return f"]({pages[target]}.md)" if target in pages else f"]({SOURCE}{target})"

    source[0] = re.sub(r"\]\(([^)\s]+)\)", mended, path.read_text("utf-8"))


def setup(app):
    """Register all of it."""
    app.connect("autodoc-process-signature", shorten_signature)
    app.connect("autodoc-process-docstring", escape_types, priority=400)
    app.connect("autodoc-skip-member", skip_foreign)
    app.connect("source-read", read_root_page)
    app.connect("doctree-read", link_names)
    app.connect("doctree-read", strip_blocks)
    app.config.autosummary_context = {"foreign_methods": foreign_methods}
    return {"parallel_read_safe": True, "parallel_write_safe": True}


if str(DOCS) not in sys.path:  # so that workers of the gallery find it too
    sys.path.insert(0, str(DOCS))
