"""What is wrong with a file of questions, in the language of the page: the sentences of those who read files.

They are said in English where they are found; here they stand so that the other languages have them.
"""

from crossroads.kernel.sentences import Sentence
from crossroads.web.languages import Words


def _message(text: str) -> str:
    """Mark a text for translation; `told` translates it."""
    return text


_ = _message

SENTENCES = frozenset(
    {
        _("Line %(line)s: %(what)s"),
        # The file as a whole.
        _("The file is cut: the %(packing)s ends before its end."),
        _("The file is not %(packing)s, or is damaged."),
        _("The file is packed in more than %(most)s pieces."),
        _("Unpacked, the file is larger than it may be."),
        _("Unpacked, the file is more than %(most)s times as large as it was sent."),
        _("It is larger than %(most)s bytes."),
        _("It has more than %(most)s records."),
        _("It has no records."),
        _("The header is made of %(columns)s: each at most once, with commas between."),
        # A line.
        _("It is empty."),
        _("It is longer than %(most)s bytes."),
        _("It is not UTF-8."),
        _("It is not CSV: its quotes are not as RFC 4180 has them."),
        _("It is not one JSON object in UTF-8."),
        _("It has %(fields)s fields, the header %(header)s."),
        _("It has neither period nor reference date, and the batch has none for all."),
        _("The customer ticket may not be the number of a person."),
        # A value.
        _("%(member)s: %(what)s"),
        _("An SSIN is text of exactly eleven digits."),
        _("A customer ticket has at most 36 characters, no control characters."),
        _("A day that exists, written as 2026-01-31."),
        _("Object missing required field `ssin`."),
        _("Object missing required field `startDate`."),
        _("The period ends before it starts."),
        _("An open period has no end date."),
        _("An SSIN has exactly eleven digits."),
        _("The month of the SSIN belongs to no register."),
        _("A mock SSIN exists only in a test environment."),
        _("The counter of a national number is not 000."),
        _("The check digits of the SSIN are wrong."),
        _("The day of the SSIN does not exist in its month."),
        _("The check digits of the SSIN are right only for a birth in the future."),
    }
)
"""All of them."""


def told(words: Words, text: str) -> str:
    """Say what is wrong; what is filled in is said too, where it is a sentence."""
    if not isinstance(text, Sentence):
        return words.text(text) if text in SENTENCES else text
    return words.text(text.template, **{name: _part(words, value) for name, value in text.values.items()})


def _part(words: Words, value: object) -> object:
    return told(words, value) if isinstance(value, str) else value
