"""Who reports an error for somebody else, or looks what came of it, must be acting for that person today."""

from crossroads.identity.acting import Acting, Agent
from crossroads.kernel.codes import Code
from crossroads.kernel.errors import Refused
from crossroads.kernel.guards import Signed
from crossroads.wire.acting import Scope
from crossroads.wire.error_reports import ErrorReport, MadeReportsQuery

Said = ErrorReport | MadeReportsQuery


async def require_acting(acting: Acting, said: Said, signed: Signed) -> None:
    """Raise Refused where the purpose is to act for the person, and that is not so."""
    agent = Agent(signed.institution, said.agent or "", said.legal_context or "")
    if not await acting.stands(agent, said.ssin, Scope.REPORTS):
        raise Refused(code=Code.NOT_ACTING)


def purpose_of(said: Said) -> dict[str, object]:
    """Give what the log keeps of who acts, and why; nothing where nobody says so."""
    return {"legalContext": said.legal_context, "agent": said.agent} if said.legal_context else {}
