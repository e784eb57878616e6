"""Text of others as a terminal may show it."""

_LEFT_OUT = "\N{REPLACEMENT CHARACTER}"


def printable(text: str, *, lines: bool = False) -> str:
    """Leave out what could make a terminal show something else than what stands there; ends of lines, unless wanted."""
    return "".join(one if one.isprintable() or (lines and one == "\n") else _LEFT_OUT for one in text)
