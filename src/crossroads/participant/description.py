"""The participant's OpenAPI 3.1 document, made from the very structs that read and write the messages."""

from typing import Any

from crossroads.wire.box import DocumentRequest
from crossroads.wire.bulk import BulkAnswer, BulkRequest
from crossroads.wire.messages import DataAnswer, DataRequest, MatchAnswer, MatchRequest, Problem
from crossroads.wire.mutations import ItemsTaken, MailboxPage
from crossroads.wire.schemas import schemas_of

_REFUSALS = {
    "400": "The input is not valid.",
    "401": "The signature, its key, its age or its nonce is refused.",
    "403": "The permit, the statement or a key in it is refused.",
    "409": "The question was answered before.",
    "413": "The request is larger than the limit.",
    "503": "It cannot be answered now.",
}


def document(url: str) -> dict[str, Any]:
    """Give the document of a participant that is reached at `url`."""
    kinds = (
        DataRequest,
        DataAnswer,
        DocumentRequest,
        BulkRequest,
        BulkAnswer,
        MatchRequest,
        MatchAnswer,
        MailboxPage,
        ItemsTaken,
        Problem,
    )
    _, components = schemas_of(kinds)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Crossroads participant",
            "version": "1",
            "description": "What the hub asks of an institution. Requests and answers are signed (RFC 9421).",
        },
        "servers": [{"url": url}],
        "paths": {
            "/v1/data-requests": _signed("Answer a question that the hub permits", "DataRequest", "DataAnswer"),
            "/v1/documents": _signed("Give a document of a message", "DocumentRequest", "DataAnswer"),
            "/v1/data-requests/bulk": _signed("Answer about a page of a batch", "BulkRequest", "BulkAnswer"),
            "/v1/match-requests": _signed("Tell whether particulars match", "MatchRequest", "MatchAnswer"),
            "/v1/mailbox-items": _signed("Deal with items of one's mailbox", "MailboxPage", "ItemsTaken"),
            "/health": {
                "get": {
                    "operationId": "health",
                    "summary": "Tell whether the participant runs",
                    "responses": {"200": _response("It runs.", {"type": "object"})},
                }
            },
        },
        "components": {"schemas": components},
    }


def _signed(summary: str, request: str, answer: str) -> dict[str, Any]:
    problems = {
        status: _response(text, _ref("Problem"), "application/problem+json") for status, text in _REFUSALS.items()
    }
    return {
        "post": {
            "operationId": request[0].lower() + request[1:],
            "summary": summary,
            "parameters": [_header("signature-input"), _header("signature"), _header("content-digest")],
            "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(request)}}},
            "responses": {"200": _response("The answer.", _ref(answer)), **problems},
        }
    }


def _header(name: str) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "schema": {"type": "string"}}


def _response(text: str, schema: dict[str, Any], media_type: str = "application/json") -> dict[str, Any]:
    return {"description": text, "content": {media_type: {"schema": schema}}}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}
