"""Keeps secrets out of what is printed: somebody pasted a connection string where an id belongs.

`told` is how an error shows a value that is not what it should be; `masked` is what every Finding passes through.
"""

import re

MAX_TOLD = 1_000

_WORD = r"(?:key|sig|signature|password|passwd|pwd|secret|token|credential)"
# `AccountKey=x`, `"password": "x y"`, `Password=x y;`: a value in quotes to its end, another to what parts pairs.
_SECRET = re.compile(
    rf"""({_WORD}["']?[ \t]{{0,8}}[=:](?![ \t]*(?:\.\.\.|<|\*\*\*))[ \t]*)(?:"[^"\n]*"?|'[^'\n]*'?|[^;&\n'"`\]}}]+)""",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer)\s+[-\w.~+/=]+|\beyJ[-\w.]+", re.IGNORECASE)
# To the last `@` of the word: a password may hold one, and a slash.
_USER_INFO = re.compile(r"://[^\s'\"]*@")

_PLAIN = re.compile(r"(?:[a-z][-+.a-z]{0,9}://)?[-\w.(){}<>/]+(?: [-\w.(){}<>/]+){0,5}")
_ID = re.compile(r"""/[^\s=:@"'`]+""")
_LONG_WORD = re.compile(r"[^\W_]{30}")  # no name is one such word, and keys are
# The key of a pair or the scheme of a URL: whole words, unlike the letters that a key in base64 begins with.
_FIRST_WORD = re.compile(r"""\s*[{["']*((?:[A-Z]?[a-z]{2,15}){1,5})["']?(?=[\s:=]|$)""")


def masked(text: str) -> str:
    """`text`, cut where nobody would read on, without what may be a secret in it."""
    text = cut(text, MAX_TOLD)
    text = _BEARER.sub(lambda match: f"{match[1]} ***" if match[1] else "***", text)
    return _USER_INFO.sub("://***@", _SECRET.sub(r"\1***", text))


def told(text: str) -> str:
    """`text` in quotes where it looks like a name or an id; else only its length, and the word that it begins with."""
    start = cut(text)
    plain = _PLAIN.fullmatch(start) or _ID.fullmatch(start)
    if plain and _LONG_WORD.search(start) is None and masked(start) == start:
        return f"'{start}'"
    first = _FIRST_WORD.match(start)
    begins = f" that begins with '{first[1]}'" if first is not None and first[1] != text else ""
    return f"a text of {len(text):,} character{'' if len(text) == 1 else 's'}{begins}"


def cut(text: str, limit: int = 200) -> str:
    """`text`, or its beginning where nobody would read it to its end."""
    return text if len(text) <= limit else text[:limit] + "..."
