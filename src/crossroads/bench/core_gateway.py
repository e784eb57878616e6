"""The plain gateway by a team that minds its speed: SQLAlchemy Core instead of its ORM; all else is the same."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

import httpx
from fastapi import FastAPI, HTTPException, Request, Response
from sqlalchemy import insert, select
from sqlalchemy.ext.asyncio import create_async_engine

from crossroads.bench.plain_gateway import Assignment, Inscription, LogEntry, Question, covers

_LINES = select(Inscription.person, Inscription.start_date, Inscription.end_date).join(
    Assignment, Assignment.person == Inscription.person
)
_LOG = insert(LogEntry)


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    app.state.engine = create_async_engine(os.environ["BENCH_DATABASE"], pool_size=32, max_overflow=32)
    limits = httpx.Limits(max_connections=256, max_keepalive_connections=256)
    async with httpx.AsyncClient(base_url=os.environ["BENCH_UPSTREAM"], timeout=4, limits=limits) as client:
        app.state.client = client
        yield
    await app.state.engine.dispose()


app = FastAPI(lifespan=_lifespan)


@app.post("/v1/exchanges")
async def ask(question: Question, request: Request) -> Response:
    """Pass a question on, if the asker has the person on file."""
    asked = _LINES.where(Assignment.ssin == question.ssin, Inscription.institution == question.asker.institution)
    async with request.app.state.engine.connect() as connection:
        lines = (await connection.execute(asked)).all()
    if not any(covers(line.start_date, line.end_date, question.period) for line in lines):
        raise HTTPException(403, "The asker does not have the person on file.")
    content = question.model_dump(mode="json", by_alias=True)
    answer = await request.app.state.client.post("/v1/data-requests", json=content)
    entry = {
        "ticket": uuid4(),
        "at": datetime.now(UTC),
        "institution": question.asker.institution,
        "person": lines[0].person,
        "data_groups": ",".join(question.data_groups),
        "status": answer.status_code,
    }
    async with request.app.state.engine.begin() as connection:
        await connection.execute(_LOG, entry)
    return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])
