"""Reading what a browser sends with a form: its fields, and files where the page takes some."""

import asyncio
from typing import Any
from urllib.parse import parse_qs

from litestar import Request
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType

from crossroads.kernel.errors import CrossroadsError
from crossroads.web.forms import Form

FORM_SECONDS = 10
"""Within which a form must have come, whole."""
FILES_SECONDS = 60
"""The same, where the page takes files."""


class FormLate(CrossroadsError):
    """The form did not come whole in time."""


async def form_of(request: Request[Any, Any, Any]) -> Form:
    """Read it. Where no files are taken, a form that is sent as one with files is empty. Raises FormLate."""
    files = request.route_handler.opt.get("files")
    try:
        async with asyncio.timeout(FILES_SECONDS if files else FORM_SECONDS):
            return await _read(request)
    except TimeoutError:
        raise FormLate from None


async def _read(request: Request[Any, Any, Any]) -> Form:
    if request.content_type[0] != RequestEncodingType.MULTI_PART:
        return Form.read(parse_qs((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))
    return await _with_files(request) if request.route_handler.opt.get("files") else Form()


async def _with_files(request: Request[Any, Any, Any]) -> Form:
    fields: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    for name, given in (await request.form()).multi_items():
        if isinstance(given, UploadFile):
            files[name] = await given.read()
        else:
            fields.setdefault(name, []).append(str(given))
    form = Form.read(fields)
    form.files = files
    return form
