"""Combinations of values in words, and one example of each."""

from collections.abc import Iterator, Mapping, Sequence

from crossroads.dmn.analysing.covering import Box
from crossroads.dmn.analysing.samples import OTHER, Stretch
from crossroads.dmn.analysing.subjects import Subject
from crossroads.dmn.feel.values import Range, Value, literal, text_of

_MOST = 8


def example(subjects: Sequence[Subject], box: Box) -> Mapping[str, Value]:
    """Give one combination of a box; what nothing is known of is left out."""
    pairs = zip(subjects, box, strict=True)
    return {subject.text: _first(subject, bits).sample for subject, bits in pairs if subject.kind is not None}


def exampled(values: Mapping[str, Value]) -> str:
    """Say an example."""
    return ", ".join(f"{text} = {said(value)}" for text, value in values.items())


def boxed(subjects: Sequence[Subject], box: Box, *, null: bool) -> str:
    """Say a box; an input that may have any of its values is not spoken of."""
    parts = [
        _of_subject(subject, bits)
        for subject, bits in zip(subjects, box, strict=True)
        if bits != subject.domain(null=null)
    ]
    return " and ".join(parts) or "the inputs have any values"


def said(value: Value) -> str:
    """Say a value: texts in quotes, the rest plainly."""
    return literal(value) if isinstance(value, str) else text_of(value)


def _first(subject: Subject, bits: int) -> Stretch:
    """Give the first stretch, rather one that has a value."""
    real = bits & ~subject.null or bits
    return subject.parts[(real & -real).bit_length() - 1]


def _of_subject(subject: Subject, bits: int) -> str:
    found = list(_runs(subject, bits))
    shown = found if len(found) <= _MOST else [*found[:_MOST], "..."]
    return f"{subject.text} is {' or '.join(shown)}"


def _runs(subject: Subject, bits: int) -> Iterator[str]:
    run: list[Stretch] = []
    for n, part in enumerate(subject.parts):
        if not bits >> n & 1:
            yield from _run(run)
            run = []
        elif subject.is_ordered and part.span is not None:
            run.append(part)
        else:
            yield from _run(run)
            run = []
            yield _single(subject, part)
    yield from _run(run)


def _single(subject: Subject, part: Stretch) -> str:
    if subject.kind == "string" and part.span is None and part.sample is not None:
        return "any other text" if str(part.sample).startswith(OTHER) else said(part.sample)
    return said(part.sample)


def _run(run: Sequence[Stretch]) -> Iterator[str]:
    if not run:
        return
    first, last = run[0].span, run[-1].span
    assert first is not None  # noqa: S101 - only stretches with a span are in a run
    assert last is not None  # noqa: S101 - as above
    yield _between(Range(first.start, last.end, first.start_included, last.end_included))


def _between(span: Range) -> str:
    if span.start is None or span.end is None:
        if span.start is None:
            return f"{'at most' if span.end_included else 'below'} {said(span.end)}"
        return f"{'at least' if span.start_included else 'above'} {said(span.start)}"
    if span.start is span.end or text_of(span.start) == text_of(span.end):
        return said(span.start)
    opening, closing = "[" if span.start_included else "(", "]" if span.end_included else ")"
    return f"in {opening}{said(span.start)}..{said(span.end)}{closing}"
