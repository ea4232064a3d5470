"""Sequences with something to say at each step, made by rules and a seed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils import check_random_state

if TYPE_CHECKING:
    import pandas as pd

# Each stands for a noun as well as for a verb.
EITHER = (
    "guards", "plays", "watches", "dances", "walks", "paints", "judges", "nurses", "cooks",
    "pilots", "rules", "drinks",
)  # fmt: skip
NOUNS = ("dogs", "girls", "farmers", "queens", "books", "trees", "houses", "stars")
VERBS = ("see", "follow", "admire", "forget", "carry", "hear")
ADJECTIVES = ("old", "tall", "quiet", "golden", "happy")
# Each stands for a noun as well as for an adjective.
COLOURS = ("green", "red", "white", "light")
ADVERBS = ("slowly", "often", "never", "gladly")
PREPOSITIONS = ("near", "behind", "without", "for")

ACTIVITIES = ("sit", "walk", "climb", "run")

MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
)  # fmt: skip
UNITS = (
    "", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen",
    "eighteen", "nineteen",
)  # fmt: skip
TENS = (
    "",
    "",
    "twenty",
    "thirty",
    "forty",
    "fifty",
    "sixty",
    "seventy",
    "eighty",
    "ninety",
)
ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth",
    "nine": "ninth", "twelve": "twelfth", "twenty": "twentieth", "thirty": "thirtieth",
}  # fmt: skip


def make_sentences(
    n_sentences: int = 500, random_state: Any = 0
) -> tuple[list[list[str]], list[list[str]]]:
    """Make English sentences, with the part of speech of each word.

    They follow a small grammar of plurals. Half of the nouns are verbs as well, and
    relative clauses stand without "that": in "girls judges watches see dances" only the
    whole sentence tells that the first verb is "watches". No tagger can know a word by
    itself.

    Parameters
    ----------
    n_sentences : int, default=500
    random_state : int, RandomState instance or None, default=0

    Returns
    -------
    words : list of list of str
        From 2 to some 20 words a sentence.
    tags : list of list of str
        "noun", "verb", "adjective", "adverb" or "preposition" for each.

    Examples
    --------
    >>> from sklstm.datasets import make_sentences
    >>> words, tags = make_sentences(4)
    >>> " ".join(words[3])
    'dances without red drinks for houses nurses queens never'
    >>> " ".join(tags[3])
    'noun preposition adjective noun preposition noun verb noun adverb'
    """
    rng = check_random_state(random_state)
    sentences = [_sentence(rng) for _ in range(n_sentences)]
    words = [[word for word, _ in sentence] for sentence in sentences]
    return words, [[tag for _, tag in sentence] for sentence in sentences]


Tagged = list[tuple[str, str]]


def _sentence(rng: Any) -> Tagged:
    return _subject(rng, depth=0) + _predicate(rng)


def _subject(rng: Any, depth: int) -> Tagged:
    """Make a noun, at times with an adjective before it, and a clause or a place behind."""
    tagged = []
    if rng.rand() < 0.3:
        colour = rng.rand() < 0.5
        tagged.append((rng.choice(COLOURS if colour else ADJECTIVES), "adjective"))
    if rng.rand() < 0.1:
        tagged.append((rng.choice(COLOURS), "noun"))
    else:
        tagged.append((rng.choice(EITHER if rng.rand() < 0.5 else NOUNS), "noun"))
    if depth < 2 and rng.rand() < 0.35:
        tagged += [*_subject(rng, depth + 1), _verb(rng)]
    elif depth < 2 and rng.rand() < 0.2:
        tagged.append((rng.choice(PREPOSITIONS), "preposition"))
        tagged += _subject(rng, depth + 1)
    return [(str(word), tag) for word, tag in tagged]


def _predicate(rng: Any) -> Tagged:
    tagged: Tagged = []
    if rng.rand() < 0.2:
        tagged.append((str(rng.choice(ADVERBS)), "adverb"))
    tagged.append(_verb(rng))
    if rng.rand() < 0.6:
        tagged += _subject(rng, depth=1)
    if rng.rand() < 0.2:
        tagged.append((str(rng.choice(ADVERBS)), "adverb"))
    return tagged


def _verb(rng: Any) -> tuple[str, str]:
    return str(rng.choice(EITHER if rng.rand() < 0.5 else VERBS)), "verb"


def make_activities(n_people: int = 12, random_state: Any = 0) -> pd.DataFrame:
    """Make what a sensor on the belt says, second by second, and what its wearer does.

    Everybody moves in a way of their own: some walk as strongly as others run, and a
    barometer drifts. Who climbs walks, and gets higher over the seconds. Needs pandas.

    Parameters
    ----------
    n_people : int, default=12
    random_state : int, RandomState instance or None, default=0

    Returns
    -------
    seconds : pandas.DataFrame of shape (n_seconds, 5)
        Columns "person" and "second", "motion" (the mean acceleration, in m/s²), "height"
        (in m, of the barometer) and "activity" ("sit", "walk", "climb" or "run"). From 200
        to 600 seconds a person.

    Examples
    --------
    >>> from sklstm.datasets import make_activities
    >>> seconds = make_activities(2)
    >>> seconds.groupby("person").size().tolist()
    [372, 544]
    """
    try:
        import pandas as pd
    except ImportError as error:
        raise ImportError("make_activities needs pandas: pip install pandas.") from error
    rng = check_random_state(random_state)
    frames = []
    for person in range(n_people):
        n = rng.randint(200, 600)
        activity = np.empty(0, dtype=int)
        while len(activity) < n:
            # As long as it takes; never the same twice in a row.
            others = np.setdiff1d(np.arange(4), activity[-1:])
            activity = np.append(
                activity, np.repeat(rng.choice(others), rng.randint(10, 60))
            )
        activity = activity[:n]
        strength = np.exp(rng.normal(scale=0.5))
        motion = strength * np.array([0.05, 1.0, 1.0, 2.0])[activity]
        motion *= np.exp(rng.normal(scale=0.3, size=n))
        climbed = np.cumsum(np.where(activity == 2, rng.choice([-0.3, 0.3]), 0.0))
        drift = np.cumsum(rng.normal(scale=0.15, size=n))
        frames.append(
            pd.DataFrame(
                {
                    "person": person,
                    "second": np.arange(n),
                    "motion": motion,
                    "height": climbed + drift + rng.normal(scale=0.3, size=n),
                    "activity": np.array(ACTIVITIES)[activity],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def make_dates(
    n_dates: int = 2000, random_state: Any = 0
) -> tuple[list[list[str]], list[str]]:
    """Make dates in words, and as eight digits.

    As they are said: "the third of march nineteen ninety four", "march the third two
    thousand and four", "march third , nineteen oh four".

    Parameters
    ----------
    n_dates : int, default=2000
    random_state : int, RandomState instance or None, default=0

    Returns
    -------
    words : list of list of str
    digits : list of str
        Year, month and day, such as "19940303"; of the years 1900 to 2099.

    Examples
    --------
    >>> from sklstm.datasets import make_dates
    >>> words, digits = make_dates(2)
    >>> " ".join(words[0]), digits[0]
    ('june the first twenty seventy two', '20720601')
    """
    rng = check_random_state(random_state)
    words, digits = [], []
    for _ in range(n_dates):
        year, month, day = rng.randint(1900, 2100), rng.randint(1, 13), rng.randint(1, 29)
        words.append(_said(year, MONTHS[month - 1], _ordinal(day), rng))
        digits.append(f"{year:04}{month:02}{day:02}")
    return words, digits


def _said(year: int, month: str, day: list[str], rng: Any) -> list[str]:
    forms = [["the", *day, "of", month], [month, "the", *day], [month, *day, ","]]
    return [*forms[rng.randint(len(forms))], *_year(year)]


def _year(year: int) -> list[str]:
    century, rest = divmod(year, 100)
    if century == 20 and rest < 10:
        return ["two", "thousand", *(["and", UNITS[rest]] if rest else [])]
    if rest == 0:
        return [*_number(century), "hundred"]
    return [*_number(century), *(["oh"] if rest < 10 else []), *_number(rest)]


def _number(n: int) -> list[str]:
    if n < 20:
        return [UNITS[n]]
    return [TENS[n // 10], *([UNITS[n % 10]] if n % 10 else [])]


def _ordinal(n: int) -> list[str]:
    *first, last = _number(n)
    return [*first, ORDINALS.get(last, f"{last}th")]
