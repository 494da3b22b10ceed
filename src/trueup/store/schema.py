"""Tables of the store. Every change is a migration in `migrate.py`; none is edited in place.

    run          one scoring run: rubric, judge, occasion, what it cost
    instrument   what measured one criterion: the declared judge, rendered prompt and question
    observation  run x item -> content; everything known about the item but its text
    content      hash -> the item's text, kept apart so that it can be forgotten
    verdict      content x instrument x replicate x occasion -> outcome and value
    call         rendered request x replicate x occasion -> the reply, as it came
    answerer     run x model -> nothing more: that judge or endpoint said this model had answered
    label        a person's answer to one question about one unit; only ever added to
    draw         sitting x item -> with what probability it was drawn to be labelled
    split        group -> train, dev or test, for good
    reading      when something that is kept closed was read, by what, and how much of it
    signal       what production recorded of a unit; only ever added to, and held out
    held_out     the names of signals, and of columns they came in: shown to no judge
    ledger       question x judge x instrument x week -> agreement; only ever added to
    watch        what a watch over judge and users raised, and who accepted it; only ever added to
    heading      name -> value: schema version, secret

Equal contents share calls and verdicts; ids never do. A content has one hash, in one index, and
is a number everywhere else: what is written about new items then goes to the end of every other
index, and costs about the same at any size.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
)

metadata = MetaData()

_serial = BigInteger().with_variant(Integer, "sqlite")

heading = Table(
    "heading",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", Text, nullable=False),
)

run = Table(
    "run",
    metadata,
    Column("id", _serial, primary_key=True),
    Column("started_at", String, nullable=False),
    Column("finished_at", String),
    Column("status", String, nullable=False),
    Column("occasion", String, nullable=False),
    Column("source", String, nullable=False),
    Column("judge", String, nullable=False),
    Column("rubric", Text, nullable=False),
    Column("instruments", Text, nullable=False),
    Column("replicates", SmallInteger, nullable=False),
    Column("n_items", Integer),
    Column("cost", Text),
)

instrument = Table(
    "instrument",
    metadata,
    Column("id", _serial, primary_key=True),
    Column("key", LargeBinary(16), nullable=False, unique=True),
    Column("judge", String, nullable=False),
    Column("criterion", String, nullable=False),
    Column("question", String, nullable=False),
    Column("declared", Text, nullable=False),
)

observation = Table(
    "observation",
    metadata,
    Column("run", _serial, primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("item_id", String, nullable=False),
    Column("content", BigInteger, nullable=False),
    Column("known", Text),
    sqlite_with_rowid=False,
)

content = Table(
    "content",
    metadata,
    Column("id", _serial, primary_key=True),
    Column("hash", LargeBinary(16), nullable=False),
    Column("body", Text),
    Index("content_hash", "hash", unique=True),
)

verdict = Table(
    "verdict",
    metadata,
    Column("content", BigInteger, primary_key=True, autoincrement=False),
    Column("instrument", BigInteger, primary_key=True, autoincrement=False),
    Column("replicate", SmallInteger, primary_key=True, autoincrement=False),
    Column("occasion", String, primary_key=True),
    Column("outcome", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("decided_by", String, nullable=False),
    Column("value", Float),
    Column("level", String),
    Column("explanation", Text, nullable=False),
    Column("detail", Text),
    Column("run", BigInteger, nullable=False),
    Column("at", Integer, nullable=False),
)

call = Table(
    "call",
    metadata,
    Column("id", _serial, primary_key=True),
    Column("key", LargeBinary(16), nullable=False),
    Column("model", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("rung", String, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("input_tokens", Integer, nullable=False),
    Column("output_tokens", Integer, nullable=False),
    Column("cached_tokens", Integer, nullable=False),
    Column("dollars", Float),
    Column("milliseconds", Integer, nullable=False),
    Column("about", LargeBinary(16)),
    Column("reply", Text),
    Column("run", BigInteger, nullable=False),
    Column("at", Integer, nullable=False),
    Index("call_key", "key", unique=True),
)

answerer = Table(
    "answerer",
    metadata,
    Column("run", _serial, primary_key=True, autoincrement=False),
    Column("model", String, primary_key=True),
    sqlite_with_rowid=False,
)

label = Table(
    "label",
    metadata,
    Column("id", _serial, primary_key=True),
    Column("key", LargeBinary(16), nullable=False, unique=True),
    Column("unit_kind", String, nullable=False),
    Column("item_id", String, nullable=False),
    Column("criterion", String, nullable=False),
    Column("question", String, nullable=False),
    Column("value", Text),
    Column("annotator", String),
    Column("labelled_at", String),
    Column("split", String),
    Column("design", String),
    Column("probability", Float),
    Column("saw_judge", Boolean),
    Column("prelabelled", Boolean),
    Column("note", Text),
    Column("group", String),
    Column("source", String, nullable=False),
    Column("recorded_at", String, nullable=False),
    Index("label_criterion", "criterion", "question"),
    Index("label_item", "item_id"),
)

draw = Table(
    "draw",
    metadata,
    Column("sitting", String, primary_key=True),
    Column("item_id", String, primary_key=True),
    Column("place", Integer, nullable=False),
    Column("run", BigInteger, nullable=False),
    Column("design", String, nullable=False),
    Column("probability", Float, nullable=False),
    Column("people", SmallInteger, nullable=False),
    Column("why", String, nullable=False),
    Column("drawn_at", String, nullable=False),
)

split = Table(
    "split",
    metadata,
    Column("group", String, primary_key=True),
    Column("part", String, nullable=False),
    Column("decided_at", String, nullable=False),
)

reading = Table(
    "reading",
    metadata,
    Column("id", _serial, primary_key=True),
    Column("at", String, nullable=False),
    Column("what", String, nullable=False),
    Column("by", String, nullable=False),
    Column("n", Integer, nullable=False),
)

signal = Table(
    "signal",
    metadata,
    # clustered by unit, so that which record holds is found in one walk, however long the history
    Column("name", String, primary_key=True),
    Column("unit_kind", String, primary_key=True),
    Column("unit_id", String, primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("known_at", BigInteger, primary_key=True, autoincrement=False),
    Column("mark", BigInteger, primary_key=True, autoincrement=False),
    Column("event_at", BigInteger, nullable=False),
    Column("value", Float),
    Column("exposed", Boolean),
    Column("place", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

held_out = Table(
    "held_out",
    metadata,
    Column("column", String, primary_key=True),
    Column("signal", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("at", String, nullable=False),
    sqlite_with_rowid=False,
)

ledger = Table(
    "ledger",
    metadata,
    Column("id", _serial, primary_key=True),
    Column("criterion", String, nullable=False),
    Column("question", String, nullable=False),
    Column("judge", String, nullable=False),
    Column("instrument", String, nullable=False),
    Column("week", String, nullable=False),
    Column("at", String, nullable=False),
    Column("body", Text, nullable=False),
    Index("ledger_question", "question", "judge"),
)

watch = Table(
    "watch",
    metadata,
    Column("id", _serial, primary_key=True),
    Column("kind", String, nullable=False),
    Column("key", String, nullable=False),
    Column("name", String, nullable=False),
    Column("part", String, nullable=False),
    Column("at", String, nullable=False),
    Column("body", Text, nullable=False),
    Index("watch_key", "kind", "key", unique=True),
    Index("watch_name", "name", "part"),
)
