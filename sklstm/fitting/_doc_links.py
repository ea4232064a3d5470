"""Links from an estimator's picture in a notebook to its page of the documentation."""

from __future__ import annotations

import sys
from typing import Any

PAGE = "https://sklstm.readthedocs.io/en/latest/api/{module}.{name}.html"


def doc_link_html(estimator: Any) -> str:
    """Give a link to the page of an estimator of this package, for a notebook.

    Parameters
    ----------
    estimator : estimator

    Returns
    -------
    html : str
        Empty of a subclass outside of the package.

    Examples
    --------
    >>> from sklstm import LSTMRegressor
    >>> doc_link_html(LSTMRegressor())
    '<a ... href="https://...LSTMRegressor.html">Documentation for LSTMRegressor</a>'
    """
    kind = type(estimator)
    if kind.__module__.partition(".")[0] != __name__.partition(".")[0]:
        return ""
    module, name = public_name(kind)
    url = PAGE.format(module=module, name=name)
    return f'<a rel="noreferrer" target="_blank" href="{url}">Documentation for {name}</a>'


class DocLinks:
    """Tells scikit-learn where the pages of this package's estimators are.

    A subclass outside of the package has no link, as with scikit-learn's own estimators.

    Examples
    --------
    >>> from sklstm import LSTMRegressor
    >>> LSTMRegressor()._get_doc_link()
    'https://sklstm.readthedocs.io/en/latest/api/sklstm.LSTMRegressor.html'
    """

    _doc_link_module = __name__.partition(".")[0]
    _doc_link_template = PAGE

    def _doc_link_url_param_generator(self) -> dict[str, Any]:
        module, name = public_name(type(self))
        return {"module": module, "name": name}


def public_name(kind: type) -> tuple[str, str]:
    """Find the name under which a class, or else the first it extends, is imported.

    Parameters
    ----------
    kind : type

    Returns
    -------
    module : str
        The topmost package that has it.
    name : str

    Examples
    --------
    >>> from sklstm.estimators import LSTMRegressor
    >>> public_name(LSTMRegressor)
    ('sklstm', 'LSTMRegressor')
    >>> class Own(LSTMRegressor):
    ...     pass
    >>> public_name(Own)
    ('sklstm', 'LSTMRegressor')
    """
    for known in kind.__mro__:
        parts = known.__module__.split(".")
        for n in range(1, len(parts)):
            module = ".".join(parts[:n])
            if getattr(sys.modules.get(module), known.__name__, None) is known:
                return module, known.__name__
    return kind.__module__, kind.__name__
