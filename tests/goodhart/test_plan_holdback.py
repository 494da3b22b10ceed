"""Who is held back: the same users everywhere, a share of them, drawn anew for each salt."""

from __future__ import annotations

import duckdb
import pytest

from trueup.errors import ConfigError
from trueup.goodhart.plan.holdback import RECIPES, assign_holdback, holdback_sql, quoted

USERS = [f"user-{i}" for i in range(20_000)]


def held(share: float, salt: str = "one") -> set[str]:
    return {user for user in USERS if assign_holdback(user, share, salt)}


def test_assignments_never_change() -> None:
    assert [u for u in range(40) if assign_holdback(u, 0.1, "summaries-2026")] == [0, 8]
    assert assign_holdback("8", 0.1, "summaries-2026")


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5])
def test_a_share_of_users_is_held_back(share: float) -> None:
    error = (share * (1 - share) / len(USERS)) ** 0.5
    assert len(held(share)) / len(USERS) == pytest.approx(share, abs=4 * error)


def test_nobody_and_everybody() -> None:
    assert not held(0.0)
    assert len(held(1.0)) == len(USERS)


def test_a_larger_share_keeps_those_held_back_before() -> None:
    assert held(0.05) < held(0.2)


def test_salts_draw_independently() -> None:
    both = len(held(0.3, "one") & held(0.3, "two")) / len(USERS)
    assert both == pytest.approx(0.09, abs=0.01)


def test_the_sql_holds_back_the_same_users() -> None:
    condition = holdback_sql("name", 0.1, "it's one", dialect="duckdb")
    with duckdb.connect() as database:
        database.execute("create table users as select 'user-' || i as name from range(3000) t(i)")
        rows = database.sql("select name from users").filter(condition).fetchall()
    assert {row[0] for row in rows} == {
        user for user in USERS[:3000] if assign_holdback(user, 0.1, "it's one")
    }


@pytest.mark.parametrize("dialect", RECIPES)
def test_every_dialect_has_the_same_threshold(dialect: str) -> None:
    text = holdback_sql("user_id", 0.1, "s", dialect=dialect)
    assert "'1999999999999'" in text or "'199999999999a'" in text
    assert "user_id" in text


def test_what_is_no_share_or_salt_is_refused() -> None:
    with pytest.raises(ConfigError, match="share to hold back is 1"):
        assign_holdback("u", 1.2, "s")
    with pytest.raises(ConfigError, match="no salt"):
        assign_holdback("u", 0.2, "")
    with pytest.raises(ConfigError, match="no recipe for 'cobol'"):
        holdback_sql("u", 0.2, "s", dialect="cobol")
    assert holdback_sql("u", 1.0, "s") == "true"


@pytest.mark.parametrize(
    ("dialect", "name", "expected"),
    [
        ("duckdb", "user_id", '"user_id"'),
        ("postgres", "user", '"user"'),  # bare, it is who is logged in
        ("postgres", 'a"b', '"a""b"'),
        ("spark", "users.user id", "`users`.`user id`"),
        ("bigquery", "a`b", "`a``b`"),
        ("snowflake", "user_id", "user_id"),  # quoted, it would be another column there
        ("snowflake", "user id", '"user id"'),
        ("snowflake", "group", '"group"'),
        ("duckdb", "a.", '"a."'),
    ],
)
def test_a_column_is_quoted_so_that_it_is_read_as_nothing_else(
    dialect: str, name: str, expected: str
) -> None:
    assert quoted(name, dialect) == expected
