"""The receipt of an answer: what is asked of the hub, and what it must prove. Pure."""

from crossroads.kernel.errors import Tampered
from crossroads.participant.replies import Reply
from crossroads.participant.steps import Call, post_json
from crossroads.participant.trust import Trust
from crossroads.wire.commitments import leaf_of
from crossroads.wire.messages import Receipt
from crossroads.wire.proofs import EntryProof, verify_entry_proof

_EVENTS = ("exchange:answer:sent", "exchange:question:refused")
"""Those that an answer is logged as."""


def question(hub: str, reply: Reply) -> Call:
    """Give the call that asks for the proof. Raises Tampered for an answer without a receipt."""
    receipt = _receipt(reply)
    asked = {"stream": receipt.stream, "index": receipt.index, "leaf": receipt.leaf, "ticket": reply.answer.ticket}
    return post_json(f"{hub}/v1/log/inclusion", asked)


def check(proof: EntryProof, reply: Reply, trust: Trust) -> None:
    """Check that the log has this very answer where the receipt says. Raises Tampered."""
    receipt = _receipt(reply)
    shown = verify_entry_proof(proof, [trust.log])
    if (proof.inclusion.stream, proof.inclusion.index) != (receipt.stream, receipt.index):
        raise Tampered("The proof is about another place in the log.")
    if leaf_of(proof.commitments) != receipt.leaf:
        raise Tampered("The proof is about another entry than the receipt.")
    if shown.get("event") not in _EVENTS:
        raise Tampered("The entry in the log is not that of an answer.")
    if shown.get("ticket") != str(reply.answer.ticket):
        raise Tampered("The entry in the log is of another ticket.")
    if shown.get("answerDigest") != reply.digest:
        raise Tampered("The entry in the log is of another answer.")


def _receipt(reply: Reply) -> Receipt:
    if reply.answer.receipt is None:
        raise Tampered("The answer has no receipt.")
    return reply.answer.receipt
