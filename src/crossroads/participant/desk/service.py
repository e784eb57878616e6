"""The desk: what its users do at the hub with the institution's keys. Who may not is refused before, and logged."""

import asyncio
from contextlib import suppress
from datetime import datetime

from crossroads.kernel.clock import Clock, brussels_day
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import CrossroadsError, Unavailable
from crossroads.kernel.period import Period
from crossroads.participant.client import Client, Reply
from crossroads.participant.correspondence import Correspondence
from crossroads.participant.desk.acts import Acts
from crossroads.participant.desk.batches import Batches
from crossroads.participant.desk.config import DeskConfig
from crossroads.participant.desk.lines import Lines
from crossroads.participant.desk.model import Standing
from crossroads.participant.desk.published import TIMEOUT, Catalogue, Published, Text
from crossroads.participant.desk.rules import NotAllowed, Why
from crossroads.participant.desk.shelf import Shelf
from crossroads.participant.desk.traffic import Acting, Entry, Traffic, What
from crossroads.participant.desk.tray import COUNT, Tray
from crossroads.participant.outbox import Correction
from crossroads.participant.questions import Wish
from crossroads.participant.steps import Http
from crossroads.participant.trust import read_trust
from crossroads.web.sessions import Who
from crossroads.wire.error_reports import ErrorAnswer, ErrorAnswered, ErrorReport, ErrorReported, OpenReport
from crossroads.wire.keys import SigningKey
from crossroads.wire.messages import InscriptionLine, InscriptionList, InscriptionOutcome
from crossroads.wire.mutations import Item, MailboxPage, Notice


class Desk:
    """One running desk."""

    def __init__(self, config: DeskConfig, clock: Clock) -> None:
        """Open keys, logs and connections. Raises WrongSetting, UnsafeKeyFile or AlreadyRunning."""
        asking = config.asking()
        self.institution, self.clock = asking.institution, clock
        self.client = Client(asking, clock)
        self._http = Http(TIMEOUT)
        self.acts = Acts(config.home / "acts", self.institution, clock)
        self.traffic = Traffic(config.home / "traffic", self.institution, clock)
        self.tray = Tray(self.client, clock)
        self.shelf = Shelf(clock)
        self.batches = Batches(self.client, self.traffic, asking.folder / asking.state, config.home)
        trust = read_trust(asking.folder / asking.trust)
        self.environment = trust.environment
        self._published = Published(asking.hub, config.home / "catalogue.json", self._http)
        key = SigningKey.read(asking.keys.sign.id, asking.folder / asking.keys.sign.file)
        self._outbox = config.outbox()
        self._lines = Lines(Correspondence(key, trust, asking.hub, config.home / "lines", clock), self._http)

    async def close(self) -> None:
        """Finish what is being written and close the connections."""
        await self.client.close()
        await self._http.close()
        await self.traffic.close()
        if self._outbox is not None:
            self._outbox.close()

    async def catalogue(self) -> Catalogue:
        """Give the catalogue. Raises Unavailable."""
        return await self._published.now(self.clock.now())

    def standing(self, who: Who | None) -> Standing:
        """Tell what somebody may do here today; of one who is not logged in: nothing."""
        if who is None:
            return Standing()
        today, roster = brussels_day(self.clock.now()), self.acts.roster
        user = roster.user(who.subject)
        asks = user is not None and any(
            self._published.latest.askable(institution, context, "online")
            for context in roster.staffed_by(user.agent, today)
            for institution in (self.institution, *(one.institution for one in roster.mandates_of(context, today)))
        )
        return roster.standing(who.subject, today)._replace(asks=asks)

    @property
    def listed_at(self) -> datetime | None:
        """Of when is what the catalogue says; None where the hub was silent since the start."""
        return self._published.of

    def called(self, institution: str) -> Text:
        """Give the name of an institution, as far as the catalogue was ever fetched."""
        return self._published.latest.names_of("institutions", institution)

    async def acting(self, what: What, agent: str, legal_context: str, on_behalf_of: str | None = None) -> Acting:
        """Give on what a user acts. Raises NotAllowed, which is logged, for one who has no role for it today."""
        today = brussels_day(self.clock.now())
        basis = self.acts.roster.basis(agent, legal_context, today, on_behalf_of)
        acting = Acting(agent, legal_context, basis, on_behalf_of)
        if basis is None:
            await self.traffic.refuse(what, acting, Why.NOT_STAFF.name)
            raise NotAllowed(Why.NOT_STAFF)
        return acting

    def concerned(self, acting: Acting) -> str:
        """Give the institution whose rights count."""
        return acting.on_behalf_of or self.institution

    async def ask(self, acting: Acting, wish: Wish) -> Reply:
        """Ask one question about one person. Raises Malformed, Refused, Unavailable or Tampered."""
        asked = {"ssin": wish.ssin, "dataGroups": list(wish.data_groups), "period": wish.period}
        async with self.traffic.doing(What.QUESTION, acting, **asked) as outcome:
            reply = await self.client.ask(
                ssin=wish.ssin,
                legal_context=acting.legal_context,
                data_groups=wish.data_groups,
                agent=acting.agent,
                period=wish.period,
                reference_date=wish.reference_date,
                on_behalf_of=acting.on_behalf_of,
                mutation=wish.mutation,
            )
            outcome |= {"hubTicket": reply.answer.ticket, "status": reply.answer.status.value}
            outcome |= {"code": reply.answer.status.detail or reply.answer.status.code}
            outcome |= {"given": sorted({block.data_group for block in reply.blocks})}
        if _unauthorised(reply):
            self._published.forget()  # what the form offers may have been taken away since
        return reply

    async def lines(self, acting: Acting, ssin: str, period: Period) -> InscriptionList:
        """Give the institution's own lines about a person. Raises Malformed, Refused, Unavailable or Tampered."""
        async with self.traffic.doing(What.INSCRIPTION, acting, ssin=ssin, act="query") as outcome:
            found = await self._lines.of(self.concerned(acting), ssin, period)
            outcome["lines"] = found.total
        return found

    async def inscribe(self, acting: Acting, line: InscriptionLine) -> InscriptionOutcome:
        """Inscribe a person. Raises Malformed, Refused, Unavailable or Tampered."""
        async with self.traffic.doing(What.INSCRIPTION, acting, ssin=line.ssin, act="open") as outcome:
            done = await self._lines.open(line)
            outcome["hubTicket"] = done.ticket
        return done

    async def end(self, acting: Acting, line: InscriptionLine) -> InscriptionOutcome:
        """End an inscription. Raises Malformed, Refused, Unavailable or Tampered."""
        async with self.traffic.doing(What.INSCRIPTION, acting, ssin=line.ssin, act="close") as outcome:
            done = await self._lines.close(line)
            outcome["hubTicket"] = done.ticket
        return done

    async def take_items(self, acting: Acting, *, parked: bool = False) -> MailboxPage | None:
        """Take items of the mailbox for the desk: the next, or those set aside.

        Raises Refused, Unavailable or Tampered.
        """
        async with self.traffic.doing(What.MAILBOX, acting, act="take") as outcome:
            page = await self.tray.take(parked=parked)
            outcome["items"] = len(page.items) if page else 0
        return page

    async def settled_items(self, acting: Acting) -> list[tuple[Item, Entry]]:
        """Give the items that were dealt with here last, with who did, the newest first.

        Raises Refused where none is kept any more, Unavailable or Tampered.
        """
        settled = self.traffic.settled_items(COUNT)
        async with self.traffic.doing(What.MAILBOX, acting, act="look") as outcome:
            found = await self.tray.earlier(settled.keys())
            outcome["items"] = [item.number for item in found]
        return [(item, settled[item.number]) for item in found]

    async def settled_item(self, acting: Acting, number: int) -> Item | None:
        """Give one of those; None for any other. Raises Refused, Unavailable or Tampered."""
        if number not in self.traffic.settled_items(COUNT):
            return None
        async with self.traffic.doing(What.MAILBOX, acting, act="look", item=number) as outcome:
            item = await self.tray.given(number)
            if item and (told := item.change or item.notice):
                outcome["ssin"] = told.ssin.value
        return item

    async def deal(self, acting: Acting, number: int) -> None:
        """Say that an item is dealt with. Raises Refused, Unavailable or Tampered."""
        async with self.traffic.doing(What.MAILBOX, acting, act="done", item=number):
            await self.tray.deal(number)

    async def park(self, acting: Acting, number: int, reason: str) -> None:
        """Set an item aside. Raises Malformed, Refused, Unavailable or Tampered."""
        async with self.traffic.doing(What.MAILBOX, acting, act="park", item=number):
            await self.tray.park(number, reason)

    async def report(self, acting: Acting, report: ErrorReport) -> ErrorReported:
        """Report to its source what looks wrong. Raises Malformed, Refused, Unavailable or Tampered."""
        about = {"ssin": report.ssin, "hubTicket": report.ticket, "dataGroup": report.data_group}
        async with self.traffic.doing(What.ERROR, acting, act="report", **about) as outcome:
            reported = await self.client.report_error(report)
            outcome["report"] = reported.report
        return reported

    async def told_of(self, acting: Acting, report: OpenReport) -> Item | None:
        """Give the item that says about whom a report is; None before it came out of the mailbox.

        Raises Refused where it is kept no longer, Unavailable or Tampered.
        """
        async with self.traffic.doing(What.ERROR, acting, act="read", report=report.report) as outcome:
            item = await self.tray.given(report.item) if report.item else None
            if item is not None and item.notice is not None:
                outcome["ssin"] = item.notice.ssin.value
        return item

    async def corrections(self, notice: Notice) -> list[Correction]:
        """Give the newest corrections of what a report is about that the institution notified; none where it cannot."""
        error = notice.error
        if self._outbox is None or error is None:
            return []
        numbers = {number for number in (notice.ssin.value, notice.ssin.replaces) if number}
        with suppress(Unavailable):
            found = await asyncio.to_thread(self._outbox.corrections, numbers, error.data_group, COUNT)
            return [one for one in found if one.period.overlaps(error.period)]
        return []

    async def answer(self, acting: Acting, answer: ErrorAnswer) -> ErrorAnswered:
        """Say, as its source, what came of a report. Raises Malformed, Refused, Unavailable or Tampered."""
        said = {"act": "answer", "verdict": answer.outcome, "report": answer.report}
        async with self.traffic.doing(What.ERROR, acting, **said):
            return await self.client.answer_error(answer)

    async def settle(self, acting: Acting, report: OpenReport) -> bool:
        """Deal with the item of a report that was answered; tell whether it is. The answer stands where it is not."""
        if report.item is None or report.item not in self.tray.items:
            return False
        with suppress(CrossroadsError):
            await self.deal(acting, report.item)
        return report.item not in self.tray.items


def _unauthorised(reply: Reply) -> bool:
    answer = reply.answer
    codes = {answer.status.code, answer.status.detail}.union(*({one.code, one.detail} for one in answer.filtered))
    return Code.NOT_AUTHORISED in codes
