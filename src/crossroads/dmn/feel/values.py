"""The values of FEEL, in one place: what they are, equality and order, arithmetic, and the ways in and out.

Plain Python for what Python has (None, bool, Decimal, str, list, dict); own types for the rest.
Operations answer None where FEEL says null; reading a text that means nothing raises ValueError.
"""

from crossroads.dmn.feel.arithmetic import add, divide, multiply, negate, power, subtract
from crossroads.dmn.feel.comparing import all_of, compare, contains, equal, key_of, same
from crossroads.dmn.feel.converting import from_json, from_python, from_text, from_xsd, to_json, to_python, to_xsd
from crossroads.dmn.feel.kinds import NUMBERS, Function, Range, Value, kind
from crossroads.dmn.feel.lexical import read_at_literal, read_date, read_date_time, read_duration, read_time
from crossroads.dmn.feel.properties import property_of
from crossroads.dmn.feel.temporal import Date, DateTime, DaysTime, Duration, Time, YearsMonths, Zone, at_midnight
from crossroads.dmn.feel.writing import literal, text_of

__all__ = [
    "NUMBERS",
    "Date",
    "DateTime",
    "DaysTime",
    "Duration",
    "Function",
    "Range",
    "Time",
    "Value",
    "YearsMonths",
    "Zone",
    "add",
    "all_of",
    "at_midnight",
    "compare",
    "contains",
    "divide",
    "equal",
    "from_json",
    "from_python",
    "from_text",
    "from_xsd",
    "key_of",
    "kind",
    "literal",
    "multiply",
    "negate",
    "power",
    "property_of",
    "read_at_literal",
    "read_date",
    "read_date_time",
    "read_duration",
    "read_time",
    "same",
    "subtract",
    "text_of",
    "to_json",
    "to_python",
    "to_xsd",
]
