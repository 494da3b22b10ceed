"""Who is held back on the frozen baseline: decided by a hash of the user, the same everywhere.

The rule, for any language: write the salt, a colon and the user's id in UTF-8; take SHA-256; of its
lower-case hexadecimal form take the first 13 digits. The user is held back if these digits come
before the threshold, which is `share` times 16^13, rounded down, as 13 hexadecimal digits. Digits
compare as texts, so that no number has to be read.
"""

from __future__ import annotations

import hashlib
import re
from fractions import Fraction

from trueup.errors import ConfigError

DIGITS = 13
"""52 bits: shares are kept to within 1 in 4 x 10^15."""

RECIPES = {
    "duckdb": "substr(sha256({salt} || ':' || cast({user} as varchar)), 1, {digits}) < '{bar}'",
    "bigquery": (
        "substr(to_hex(sha256(concat({salt}, ':', cast({user} as string)))), 1, {digits}) < '{bar}'"
    ),
    "snowflake": "substr(sha2({salt} || ':' || {user}::varchar, 256), 1, {digits}) < '{bar}'",
    "postgres": (
        "substr(encode(sha256(convert_to({salt} || ':' || {user}::text, 'UTF8')), 'hex'), 1, "
        "{digits}) < '{bar}' collate \"C\""
    ),
    "spark": (
        "substr(sha2(concat({salt}, ':', cast({user} as string)), 256), 1, {digits}) < '{bar}'"
    ),
}
"""The rule in SQL, by dialect."""
_BACKTICKS = frozenset({"bigquery", "spark"})
_DOTTED = re.compile(r"[^.]+(\.[^.]+)+")
_PLAIN = re.compile(
    r"(?!(group|order|account)$)[a-z_][a-z0-9_$]*(\.[a-z_][a-z0-9_$]*)*", re.IGNORECASE
)


def assign_holdback(user_id: object, share: float, salt: str) -> bool:
    """Return whether a user is held back; the same user and salt always give the same answer.

    A larger share keeps those that a smaller one held back. Another salt draws anew, independently:
    give each product, and each new baseline, its own.

    Args:
        user_id: The user's id; numbers as they are printed.
        share: Share of users to hold back, from 0 to 1.
        salt: Name of this holdback.

    Raises:
        ConfigError: The share is none, or the salt is empty.

    >>> [user for user in range(40) if assign_holdback(user, 0.1, "summaries-2026")]
    [0, 8]
    """
    bar = threshold(share, salt)
    digest = hashlib.sha256(f"{salt}:{user_id}".encode()).hexdigest()
    return bar is None or digest[:DIGITS] < bar


def threshold(share: float, salt: str) -> str | None:
    """Return the digits that a user's must come before; None where all are held back.

    Raises:
        ConfigError: The share is none, or the salt is empty.
    """
    if not 0 <= share <= 1:
        message = f"the share to hold back is {share}"
        raise ConfigError(message, mend="Give a share from 0 to 1, as 0.1.")
    if not salt:
        raise ConfigError("the holdback has no salt", mend="Give it a name of its own.")
    bar = int(Fraction(share) * 16**DIGITS)
    return None if bar >= 16**DIGITS else f"{bar:0{DIGITS}x}"


def quoted(column: str, dialect: str) -> str:
    """Return a column's name as SQL has it, so that no name is read as anything else.

    A name with dots is that of a table and its column. Snowflake's plain names stay as they are:
    quoted ones are another column there, of that very case.

    Args:
        column: As it is called.
        dialect: A key of `RECIPES`.

    >>> quoted("user", "postgres"), quoted("users.user id", "bigquery")
    ('"user"', '`users`.`user id`')
    """
    mark = "`" if dialect in _BACKTICKS else '"'
    if dialect == "snowflake" and _PLAIN.fullmatch(column):
        return column
    parts = column.split(".") if _DOTTED.fullmatch(column) else [column]
    return ".".join(mark + part.replace(mark, mark * 2) + mark for part in parts)


def holdback_sql(user: str, share: float, salt: str, *, dialect: str = "duckdb") -> str:
    """Return a condition in SQL that is true for the users `assign_holdback` holds back.

    Args:
        user: Column or expression of the user's id, as SQL has it: `quoted` makes it of a name.
        share: Share of users to hold back.
        salt: Name of this holdback.
        dialect: A key of `RECIPES`.

    Raises:
        ConfigError: The share or dialect is none.
    """
    if dialect not in RECIPES:
        message = f"there is no recipe for '{dialect}'"
        raise ConfigError(message, mend=f"Name one of {', '.join(RECIPES)}.")
    bar = threshold(share, salt)
    if bar is None:
        return "true"
    quoted = "'" + salt.replace("'", "''") + "'"
    return RECIPES[dialect].format(user=user, salt=quoted, digits=DIGITS, bar=bar)
