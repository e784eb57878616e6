"""Signed notes and checkpoints as C2SP defines them."""

from base64 import b64decode, b64encode
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from crossroads.kernel.errors import InvalidValue, Tampered
from crossroads.wire.merkle import EMPTY_ROOT
from crossroads.wire.notes import (
    Checkpoint,
    NoteSigner,
    NoteVerifier,
    read_checkpoint,
    sign_checkpoint,
    verify_checkpoint,
    verify_note,
)

# RFC 8032, 7.1, test 1: the secret key and its public key.
SECRET = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
PUBLIC = bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a")
ORIGIN = "log.example.org/test"
SIGNER = NoteSigner(ORIGIN, Ed25519PrivateKey.from_private_bytes(SECRET))
CHECKPOINT = Checkpoint(ORIGIN, 0, EMPTY_ROOT)

# The example that the Go package golang.org/x/mod/sumdb/note documents.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_NOTE = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_a_checkpoint_is_the_note_that_the_specification_defines() -> None:
    text = f"{ORIGIN}\n0\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n"
    key_id = sha256(ORIGIN.encode() + b"\x0a\x01" + PUBLIC).digest()[:4]
    signature = Ed25519PrivateKey.from_private_bytes(SECRET).sign(text.encode())
    assert sign_checkpoint(CHECKPOINT, SIGNER) == f"{text}\n— {ORIGIN} {b64encode(key_id + signature).decode()}\n"


def test_a_note_of_another_implementation_verifies() -> None:
    verifier = NoteVerifier.parse(NEUMANN)
    text, signers = verify_note(NEUMANN_NOTE, [verifier])
    assert text.endswith("what your problem is.\n")
    assert signers == {"PeterNeumann"}
    assert str(verifier) == NEUMANN


@given(st.integers(0, 2**62), st.binary(min_size=32, max_size=32))
def test_what_was_signed_is_what_is_read(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(ORIGIN, size, root)
    note = sign_checkpoint(checkpoint, SIGNER)
    assert verify_checkpoint(note, [SIGNER.verifier]) == read_checkpoint(note) == checkpoint


@given(st.data())
def test_any_altered_character_is_noticed(data: st.DataObject) -> None:
    note = sign_checkpoint(CHECKPOINT, SIGNER)
    at = data.draw(st.integers(0, len(note) - 1))
    other = data.draw(st.characters(min_codepoint=10, max_codepoint=0x2020, exclude_characters=note[at]))
    with pytest.raises(Tampered):
        verify_checkpoint(note[:at] + other + note[at + 1 :], [SIGNER.verifier])


def test_signatures_of_others_are_ignored_and_one_known_is_needed() -> None:
    witness, stranger = NoteSigner.generate("witness.example.org"), NoteSigner.generate(ORIGIN)
    note = sign_checkpoint(CHECKPOINT, SIGNER)
    both = note + witness.sign(CHECKPOINT.text).rpartition("\n\n")[2]
    assert verify_checkpoint(both, [SIGNER.verifier]) == CHECKPOINT
    assert verify_note(both, [SIGNER.verifier, witness.verifier])[1] == {ORIGIN, "witness.example.org"}
    with pytest.raises(Tampered, match="no key that is known"):
        verify_note(note, [stranger.verifier])
    with pytest.raises(Tampered, match="own origin"):
        verify_checkpoint(both, [witness.verifier])


def test_a_known_key_whose_signature_fails_spoils_the_note() -> None:
    witness = NoteSigner.generate("witness.example.org")
    forged = witness.sign("something else\n").rpartition("\n\n")[2]
    with pytest.raises(Tampered, match=r"witness\.example\.org"):
        verify_note(sign_checkpoint(CHECKPOINT, SIGNER) + forged, [SIGNER.verifier, witness.verifier])


@pytest.mark.parametrize("char", ["\x00", "\t", "\r", "\x1f"])
def test_nothing_of_a_note_is_a_control_character(char: str) -> None:
    note = sign_checkpoint(CHECKPOINT, SIGNER)
    other = NoteSigner.generate("witness.example.org").sign(CHECKPOINT.text).rpartition("\n\n")[2]
    with pytest.raises(Tampered):
        verify_note(note + other.replace("witness", f"wit{char}ness"), [SIGNER.verifier])
    with pytest.raises(InvalidValue):
        SIGNER.sign(f"one{char}two\n")


def test_text_may_have_empty_lines() -> None:
    note = SIGNER.sign("one\n\ntwo\n")
    assert verify_note(note, [SIGNER.verifier])[0] == "one\n\ntwo\n"


@pytest.mark.parametrize(
    "text",
    [
        "origin\n1\n",
        "origin\n01\n" + b64encode(EMPTY_ROOT).decode() + "\n",
        "origin\n-1\n" + b64encode(EMPTY_ROOT).decode() + "\n",
        "origin\n1\nAAAA\n",
        "origin\n1\n***\n",
        "\n1\n" + b64encode(EMPTY_ROOT).decode() + "\n",
        "origin\n1\n" + b64encode(EMPTY_ROOT).decode() + "\n\nmore\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(Tampered):
        Checkpoint.parse(text)


def test_extension_lines_are_allowed() -> None:
    assert Checkpoint.parse(CHECKPOINT.text + "extension\n") == CHECKPOINT


@pytest.mark.parametrize(
    "note",
    ["", "\n\n", "text\n", "text\n\n", "text\n\nno signature\n", "text\n\n— name AAAA\n", "text\n\n— name ***\n"],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(Tampered):
        verify_note(note, [SIGNER.verifier])


@pytest.mark.parametrize("text", ["no newline", "bell\x07\n"])
def test_text_that_no_note_holds_is_not_signed(text: str) -> None:
    with pytest.raises(InvalidValue):
        SIGNER.sign(text)


@pytest.mark.parametrize(
    "key",
    [
        "",
        "name",
        "name+00000000+" + b64encode(b"\x01" + PUBLIC).decode(),
        NEUMANN.replace("+ARpc", "+AhPc"),
        NEUMANN[:-4],
        "two words" + str(SIGNER.verifier).removeprefix(ORIGIN),
    ],
)
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(InvalidValue):
        NoteVerifier.parse(key)


def test_the_written_key_holds_type_and_key() -> None:
    encoded = str(SIGNER.verifier).removeprefix(ORIGIN + "+").partition("+")[2]
    assert b64decode(encoded) == b"\x01" + PUBLIC
