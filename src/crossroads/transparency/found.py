"""Lines as the Estonian contract has them: a sentence for each. Pure."""

from crossroads.transparency.words import words_in
from crossroads.wire.usage import FoundUsage, Usage

_SYSTEM = "Crossroads"


def found(line: Usage) -> FoundUsage:
    """Give the line: what, why, which data and with what outcome in one sentence, in English."""
    groups = ", ".join(words_in(group.names) or group.data_group for group in line.groups)
    said = (line.action.value.replace("-", " "), words_in(line.purpose) or line.legal_context, groups)
    what = "; ".join(part for part in said if part)
    return FoundUsage(
        logtime=line.at,
        action=f"{what}: {line.outcome}",
        receiver_code=line.institution or "",
        receiver_name=words_in(line.institution_names) or line.institution or "",
        receiver_system=_SYSTEM,
    )
