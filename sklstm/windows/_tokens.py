"""Lists of tokens as sequences of numbers, with one numbering for all steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import TransformerMixin, _fit_context
from sklearn.utils.validation import check_is_fitted

from ..fitting._callbacks import CallbackSupportMixin, fit_task
from ..fitting._numbers import integer
from ..fitting._one_step import as_it_stands, in_one_step
from ..fitting._pickling import VersionedPickle
from ._cut import pad_sequences
from ._windows import Windows

Token = str | int

# The number of every token that is not in the vocabulary.
UNKNOWN = 0


class TokenEncoder(CallbackSupportMixin, TransformerMixin, VersionedPickle):
    """Turn lists of tokens, of any length, into sequences of their numbers.

    Tokens are words, items of a basket, codes of events. Each has one number wherever it
    stands, from 1 on; 0 is an unknown token. The estimators of this package learn a vector
    for each number with ``categorical_features=0``. (`OrdinalEncoder` of scikit-learn
    numbers each column by itself, so that a word would have another number at each step.)

    Parameters
    ----------
    min_frequency : int, default=1
        Tokens that come up less often in `fit` are unknown. With 2 or more there are
        unknown tokens to learn from; with 1 the network meets the first of them in
        `predict`, where their vector is zero.
    min_length : int, default=1
        Fewest steps of the output. Set it to the length of the longest sequence of all
        where y has a target at each step, so that the parts of a cross-validation have as
        many steps as their y.

    Attributes
    ----------
    vocabulary_ : ndarray of str or int of shape (n_tokens,)
        The known tokens in sorted order: ``vocabulary_[i]`` has the number ``i + 1``.

    See Also
    --------
    pad_sequences : The same for numbers, and for targets at each step.

    Examples
    --------
    >>> from sklstm import TokenEncoder
    >>> encoder = TokenEncoder().fit([["a", "dull", "film"], ["a", "play"]])
    >>> encoder.vocabulary_
    array(['a', 'dull', 'film', 'play'], dtype='<U4')
    >>> encoder.transform([["a", "dull", "film"], ["fine", "play"]])[:, :, 0]
    array([[ 1.,  2.,  3.],
           [nan,  0.,  4.]])

    In a pipeline:

    >>> from sklearn.pipeline import make_pipeline
    >>> from sklstm import LSTMClassifier
    >>> reader = make_pipeline(
    ...     TokenEncoder(), LSTMClassifier(categorical_features=0, random_state=0)
    ... )
    >>> texts = [["not", "bad"], ["bad"], ["good"], ["not", "good"]] * 10
    >>> reader.fit(texts, ["+", "-", "+", "-"] * 10).predict([["not", "bad"], ["bad"]])
    array(['+', '-'], dtype='<U1')
    """

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "min_frequency": [integer(1)],
        "min_length": [integer(1)],
    }

    def __init__(self, min_frequency: int = 1, *, min_length: int = 1) -> None:
        self.min_frequency = min_frequency
        self.min_length = min_length

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Iterable[Sequence[Token]], y: Any = None) -> TokenEncoder:
        """Learn which tokens there are.

        Parameters
        ----------
        X : sequence of sequences of str or int
            Lists of tokens, first one first; all text or all whole numbers.
        y : None
            Ignored.

        Returns
        -------
        self : TokenEncoder

        Raises
        ------
        ValueError
            If X holds no lists of tokens, or no token is as frequent as `min_frequency`.
        """
        with in_one_step(self) as draft, fit_task(self, X, y):
            counts = Counter(token for tokens in _lists(X) for token in tokens)
            _check_alike(counts)
            known = sorted(t for t, n in counts.items() if n >= self.min_frequency)
            if not known:
                raise ValueError(
                    "X must have tokens that come up min_frequency="
                    f"{self.min_frequency} times or more. Got {len(counts)} tokens, none of"
                    " which does."
                )
            draft.vocabulary_ = np.array(known)
        return self

    def transform(self, X: Iterable[Sequence[Token]]) -> Windows:
        """Give the numbers of tokens.

        Parameters
        ----------
        X : sequence of sequences of str or int
            Lists of tokens. An empty one becomes a sequence without an observed step.

        Returns
        -------
        sequences : Windows of shape (n_sequences, n_timesteps, 1)
            As many steps as the longest list has, or `min_length`. The steps before a
            shorter one begins are NaN, that is, unobserved.

        Raises
        ------
        ValueError
            If X holds no lists of tokens.
        """
        check_is_fitted(self)
        return as_it_stands(self)._number(X)

    def _number(self, X: Iterable[Sequence[Token]]) -> Windows:
        numbers = {t: i for i, t in enumerate(self.vocabulary_.tolist(), start=UNKNOWN + 1)}
        rows = [_numbers_of(tokens, numbers) for tokens in _lists(X)]
        if not rows:
            raise ValueError("X must hold lists of tokens. Got none.")
        # The first begins as early as asked for; all others are padded to its length.
        missing = max(self.min_length - len(rows[0]), 0)
        rows[0] = np.concatenate([np.full(missing, np.nan), rows[0]])
        sequences: Windows = pad_sequences(rows)
        return sequences

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.string = True
        tags.no_validation = True
        return tags


def _numbers_of(tokens: list[Token], numbers: dict[Token, int]) -> NDArray[np.float64]:
    """Give the numbers of tokens; of an empty list one unobserved step."""
    if not tokens:
        return np.array([np.nan])
    return np.array([numbers.get(token, UNKNOWN) for token in tokens], dtype=np.float64)


def _lists(X: Iterable[Sequence[Token]]) -> list[list[Token]]:
    """Give the lists of tokens, with NumPy's text and numbers as Python's."""
    if isinstance(X, str) or not isinstance(X, Iterable):
        raise ValueError(f"X must hold lists of tokens. Got {X!r}.")
    return [_list(tokens) for tokens in X]


def _list(tokens: Any) -> list[Token]:
    if isinstance(tokens, str):
        raise ValueError(
            f"X must hold lists of tokens. Got the text {tokens!r}: split it first, such as"
            " by text.split()."
        )
    if not isinstance(tokens, Iterable):
        raise ValueError(f"X must hold lists of tokens. Got {tokens!r}.")
    return [_token(token) for token in tokens]


def _token(token: Any) -> Token:
    if isinstance(token, str):
        return str(token)
    if isinstance(token, Integral) and not isinstance(token, bool | np.bool_):
        return int(token)
    raise ValueError(f"Tokens must be text or whole numbers. Got {token!r}.")


def _check_alike(counts: Counter[Token]) -> None:
    kinds = {type(token): token for token in counts}
    if len(kinds) > 1:
        examples = " and ".join(repr(token) for token in kinds.values())
        raise ValueError(f"Tokens must be all text or all whole numbers. Got {examples}.")
