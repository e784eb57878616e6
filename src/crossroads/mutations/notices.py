"""What the hub itself tells, as it travels. Pure."""

import msgspec

from crossroads.kernel.period import Period
from crossroads.mutations.model import About
from crossroads.wire.messages import AnsweredSsin
from crossroads.wire.mutations import ErrorNotice, Notice, NoticeKind, Told

_OWN = frozenset({NoticeKind.INSCRIPTION_ENDED, NoticeKind.EXCLUSIVE_OVERLAP})
"""What is about an inscription of the recipient's own."""
_decode_told = msgspec.json.Decoder(Told).decode


def notice_of(about: About, number: str) -> Notice:
    """Give the notice; `number` is that of the person today."""
    kind = NoticeKind(about.kind)
    apart = kind is NoticeKind.UNMERGED
    before = about.ssin if about.ssin != number and not apart else None
    own = kind in _OWN
    return Notice(
        kind=kind,
        ssin=AnsweredSsin(value=number, replaces=before),
        happened_on=about.happened_on,
        other=about.ssin if apart else None,
        context=about.context if own else None,
        period=Period(about.start_date, about.end_date) if own else None,
        error=_error_of(about, kind),
        told=_decode_told(about.told) if about.told else None,
    )


def _error_of(about: About, kind: NoticeKind) -> ErrorNotice | None:
    if about.error is None or kind is NoticeKind.ERROR_ANSWERED:
        return about.error
    return msgspec.structs.replace(about.error, reference=None)
