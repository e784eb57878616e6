"""What a team would write instead: FastAPI, httpx and SQLAlchemy, each used as its manual says; no cryptography.

It validates the question, looks whether the asker has the person on file, passes the question on over a pool of
connections, logs that it did, and gives the answer back. `uvicorn crossroads.bench.plain_gateway:app` serves it.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import httpx
from fastapi import FastAPI, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from sqlalchemy import BigInteger, Column, Date, DateTime, MetaData, Table, Text, Uuid, bindparam, insert, select
from sqlalchemy.ext.asyncio import create_async_engine

_metadata = MetaData()
_inscription = Table(
    "inscription",
    _metadata,
    Column("inscription", BigInteger),
    Column("person", BigInteger),
    Column("institution", Text),
    Column("context", Text),
    Column("start_date", Date),
    Column("end_date", Date),
)
_assignment = Table("ssin_assignment", _metadata, Column("ssin", Text), Column("person", BigInteger))
log_table = Table(
    "plain_gateway_log",
    _metadata,
    Column("ticket", Uuid, primary_key=True),
    Column("at", DateTime(timezone=True)),
    Column("institution", Text),
    Column("person", BigInteger),
    Column("data_groups", Text),
    Column("status", BigInteger),
)
_find = (
    select(_inscription.c.person, _inscription.c.context, _inscription.c.start_date, _inscription.c.end_date)
    .join(_assignment, _assignment.c.person == _inscription.c.person)
    .where(_assignment.c.ssin == bindparam("ssin"), _inscription.c.institution == bindparam("institution"))
)


class _Model(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, extra="ignore")


class Period(_Model):
    """Days, the last one included."""

    start_date: date
    end_date: date | None = None


class Asker(_Model):
    """Who asks."""

    institution: str
    agent: str


class Question(_Model):
    """A question about a person."""

    asker: Asker
    legal_context: str
    ssin: str
    data_groups: list[str]
    period: Period


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    engine = create_async_engine(os.environ["BENCH_DATABASE"], pool_size=16, max_overflow=16)
    limits = httpx.Limits(max_connections=256, max_keepalive_connections=256)
    async with httpx.AsyncClient(base_url=os.environ["BENCH_UPSTREAM"], timeout=4, limits=limits) as client:
        app.state.engine, app.state.client = engine, client
        yield
    await engine.dispose()


app = FastAPI(lifespan=_lifespan)


@app.post("/v1/exchanges")
async def ask(question: Question, request: Request) -> Response:
    """Pass a question on, if the asker has the person on file."""
    state = request.app.state
    async with state.engine.connect() as connection:
        asked = {"ssin": question.ssin, "institution": question.asker.institution}
        lines = (await connection.execute(_find, asked)).all()
    if not any(_covers(line, question.period) for line in lines):
        raise HTTPException(403, "The asker does not have the person on file.")
    answer = await state.client.post("/v1/data-requests", json=question.model_dump(mode="json", by_alias=True))
    async with state.engine.begin() as connection:
        await connection.execute(insert(log_table), _entry(question, lines[0].person, answer.status_code))
    return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])


def _covers(line: Any, period: Period) -> bool:
    until = period.end_date or date.max
    return bool(line.start_date <= period.start_date and (line.end_date is None or line.end_date >= until))


def _entry(question: Question, person: int, status: int) -> dict[str, Any]:
    return {
        "ticket": uuid4(),
        "at": datetime.now(UTC),
        "institution": question.asker.institution,
        "person": person,
        "data_groups": ",".join(question.data_groups),
        "status": status,
    }
