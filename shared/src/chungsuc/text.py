"""Text as Vietnamese readers expect it: two languages, accent-free search, their own order.

The embedded server has no ICU and runs in the C locale, so search and sort keys are made here
and stored.
"""

import re
import unicodedata
from datetime import date
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

LANGUAGES = ("vi", "en")
MAXIMUM_DONG = 9 * 10**15

_SPACES = re.compile(r"\s+")
_TONES = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
_LETTERS = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
_LETTER_RANK = {letter: chr(ord("A") + rank) for rank, letter in enumerate(_LETTERS)}


class Text(NamedTuple):
    """One message in Vietnamese and English."""

    vi: str
    en: str

    def pick(self, language: str) -> str:
        return self.en if language == "en" else self.vi


def clean_name(text: str) -> str:
    """NFC, trimmed, single spaces: the stored form of every name."""
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip()


def search_key(text: str) -> str:
    """Fold case, accents and đ, so that "hoà", "hòa" and "HOA" find each other."""
    decomposed = unicodedata.normalize("NFD", clean_name(text).lower())
    bare = "".join(mark for mark in decomposed if not unicodedata.combining(mark))
    return bare.replace("đ", "d")


def sort_key(text: str) -> str:
    """Order by the Vietnamese alphabet, then by tone, in a key that compares byte by byte."""
    letters: list[str] = []
    tones: list[str] = []
    for mark in unicodedata.normalize("NFD", clean_name(text).lower()):
        if mark in _TONES and tones:
            tones[-1] = _TONES[mark]
        elif unicodedata.combining(mark) and letters:
            letters[-1] = unicodedata.normalize("NFC", letters[-1] + mark)
        else:
            letters.append(mark)
            tones.append("0")
    ranked = "".join(_LETTER_RANK.get(letter, letter) for letter in letters)
    return f"{ranked} {''.join(tones)}"


def _refuse_unstorable(text: str) -> str:
    if "\x00" in text:
        raise ValueError("the NUL character cannot be stored")
    if any("\ud800" <= mark <= "\udfff" for mark in text):
        raise ValueError("a lone surrogate is not text")
    return clean_name(text)


def _refuse_far_dates(day: date) -> date:
    if not 1900 <= day.year <= 2200:
        raise ValueError("the year lies outside 1900 to 2200")
    return day


SafeText = Annotated[str, Field(max_length=10_000), AfterValidator(_refuse_unstorable)]
ShortText = Annotated[
    str,
    Field(min_length=1, max_length=300),
    AfterValidator(_refuse_unstorable),
    Field(min_length=1),
]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/:-]{0,63}$")]
CivilDate = Annotated[date, AfterValidator(_refuse_far_dates)]
Dong = Annotated[int, Field(ge=0, le=MAXIMUM_DONG, strict=True)]
PositiveDong = Annotated[int, Field(ge=1, le=MAXIMUM_DONG, strict=True)]
