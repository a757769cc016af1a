"""Values as they are written: entries, sessions and inbound messages as JSON.

Empty fields are left out and unknown ones are ignored, so that files read well and may grow.
Times are UTC with milliseconds; anything finer is dropped. Nothing here reads a file. What others
write as YAML is read by `yaml_text`, which is imported where it is needed.
"""

from state.codec.entries import entry_from_json, entry_to_json, needed_version
from state.codec.fields import Fields, InvalidValue
from state.codec.inbound import message_from_json, message_to_json
from state.codec.outbound import extras_from_json, extras_to_json
from state.codec.session import VERSION, session_from_json, session_to_json
from state.codec.text import Json, cleaned, dumps, loads, text, time_to_json

__all__ = [
    "VERSION",
    "Fields",
    "InvalidValue",
    "Json",
    "cleaned",
    "dumps",
    "entry_from_json",
    "entry_to_json",
    "extras_from_json",
    "extras_to_json",
    "loads",
    "message_from_json",
    "message_to_json",
    "needed_version",
    "session_from_json",
    "session_to_json",
    "text",
    "time_to_json",
]
