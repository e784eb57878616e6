"""Reading what a browser sends with a form: its fields, and files where the page takes some."""

from typing import Any
from urllib.parse import parse_qs

from litestar import Request
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType

from crossroads.web.forms import Form


async def form_of(request: Request[Any, Any, Any]) -> Form:
    """Read it. Where no files are taken, a form that is sent as one with files is empty."""
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
