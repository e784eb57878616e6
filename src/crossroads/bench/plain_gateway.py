"""What a team would write instead: FastAPI, httpx and SQLAlchemy, each used as its manual says; no cryptography.

It validates the question, looks whether the asker has the person on file, passes the question on over a pool of
connections, logs that it did, and gives the answer back. `uvicorn crossroads.bench.plain_gateway:app` serves it.
"""

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from typing import Annotated
from uuid import UUID, uuid4

import httpx
from fastapi import Depends, FastAPI, HTTPException, Request, Response
from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel
from sqlalchemy import BigInteger, DateTime, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class _Base(DeclarativeBase):
    pass


class Inscription(_Base):
    """That an institution knows a person."""

    __tablename__ = "inscription"

    person: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    inscription: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    institution: Mapped[str]
    context: Mapped[str]
    start_date: Mapped[date]
    end_date: Mapped[date | None]


class Assignment(_Base):
    """The number of a person."""

    __tablename__ = "ssin_assignment"

    ssin: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[int] = mapped_column(BigInteger)


class LogEntry(_Base):
    """That a question was answered."""

    __tablename__ = "plain_gateway_log"

    ticket: Mapped[UUID] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    institution: Mapped[str]
    person: Mapped[int] = mapped_column(BigInteger)
    data_groups: Mapped[str]
    status: Mapped[int]


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
    engine = create_async_engine(os.environ["BENCH_DATABASE"], pool_size=32, max_overflow=32)
    limits = httpx.Limits(max_connections=256, max_keepalive_connections=256)
    async with httpx.AsyncClient(base_url=os.environ["BENCH_UPSTREAM"], timeout=4, limits=limits) as client:
        app.state.sessions, app.state.client = async_sessionmaker(engine, expire_on_commit=False), client
        yield
    await engine.dispose()


async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    async with request.app.state.sessions() as session:
        yield session


app = FastAPI(lifespan=_lifespan)


@app.post("/v1/exchanges")
async def ask(question: Question, request: Request, session: Annotated[AsyncSession, Depends(_session)]) -> Response:
    """Pass a question on, if the asker has the person on file."""
    lines = await _lines(session, question)
    if not any(covers(line.start_date, line.end_date, question.period) for line in lines):
        raise HTTPException(403, "The asker does not have the person on file.")
    content = question.model_dump(mode="json", by_alias=True)
    answer = await request.app.state.client.post("/v1/data-requests", json=content)
    session.add(_entry(question, lines[0].person, answer.status_code))
    await session.commit()
    return Response(answer.content, answer.status_code, media_type=answer.headers["content-type"])


async def _lines(session: AsyncSession, question: Question) -> Sequence[Inscription]:
    asked = (
        select(Inscription)
        .join(Assignment, Assignment.person == Inscription.person)
        .where(Assignment.ssin == question.ssin, Inscription.institution == question.asker.institution)
    )
    return (await session.scalars(asked)).all()


def covers(start: date, end: date | None, period: Period) -> bool:
    """Tell whether a line has every day asked."""
    return start <= period.start_date and (end is None or end >= (period.end_date or date.max))


def _entry(question: Question, person: int, status: int) -> LogEntry:
    return LogEntry(
        ticket=uuid4(),
        at=datetime.now(UTC),
        institution=question.asker.institution,
        person=person,
        data_groups=",".join(question.data_groups),
        status=status,
    )
