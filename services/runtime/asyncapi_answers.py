"""How questions on the bus are asked and answered, as the AsyncAPI document tells it.

The protocol is that of `asking`, `answering` and `replies`; FastStream has no words for it.
"""

from typing import Any

from contracts.refusals import Code
from contracts.telemetry import Told
from services.runtime.asking import CHUNK, DEADLINE, END, STOP, TAKEN
from services.runtime.bus import INBOX
from services.runtime.replies import PART_BYTES, UNDER_WAY

ANSWERS, TAKING = "answers", "answers.taking"
"""Names of the two channels that all questions share."""
PARAMETERS = {
    "site": "`hub`, or the far-edge site whose workers reach the cluster.",
    "inbox": "Random text of a connection: its inbox, that nobody else can guess.",
    "number": "Which of the inbox's conversations this is.",
}
_JSON = "application/json"
_DIGITS = r"^\d+$"
_SCHEMAS = "#/components/schemas/"
_MESSAGES = "#/components/messages/"


def add_answers(document: dict[str, Any], questions: list[str]) -> None:
    """Add to a document how these channels' questions are asked, and the ways of an answer."""
    if not questions:
        return
    for name in questions:
        _ask(document, name)
    for name, (address, text, action, messages) in _WAYS.items():
        references = {each: {"$ref": f"{_MESSAGES}{name}:{each}"} for each in messages}
        for each, message in messages.items():
            document["components"]["messages"][f"{name}:{each}"] = message
        document["channels"][name] = {
            "address": address,
            "description": text,
            "servers": [{"$ref": "#/servers/development"}],
            "messages": references,
        }
        document["operations"][name] = {
            "action": action,
            "channel": {"$ref": f"#/channels/{name}"},
            "messages": [{"$ref": f"#/channels/{name}/messages/{each}"} for each in messages],
        }
    document["components"]["schemas"] |= {
        "QuestionHeaders": _QUESTION_HEADERS,
        "Told": Told.model_json_schema(),
        "QuestionRefused": _REFUSED,
    }


def _ask(document: dict[str, Any], name: str) -> None:
    operation = document["operations"][name]
    operation["reply"] = {"channel": {"$ref": f"#/channels/{ANSWERS}"}}
    for reference in document["channels"][name]["messages"].values():
        message = document["components"]["messages"][reference["$ref"].rpartition("/")[2]]
        message.pop("correlationId", None)
        message |= {"headers": {"$ref": f"{_SCHEMAS}QuestionHeaders"}, "contentType": _JSON}


def _headers(**more: dict[str, Any]) -> dict[str, Any]:
    """Those of a part: which one it is, and these."""
    told = {"type": "string", "pattern": _DIGITS, "description": "Which part it is, from 1."}
    properties = {CHUNK: told} | more
    return {"type": "object", "properties": properties, "required": list(properties)}


def _const(value: str) -> dict[str, Any]:
    return {"type": "string", "const": value}


_QUESTION_HEADERS = {
    "type": "object",
    "description": "What goes with a question beside its body.",
    "properties": {
        DEADLINE: {
            "type": "string",
            "pattern": _DIGITS,
            "description": "Unix milliseconds after which nobody waits for the answer; without it"
            " there are 30 seconds.",
        },
        "traceparent": {"type": "string", "description": "W3C Trace Context."},
    },
}
_REFUSED = {
    "type": "object",
    "description": "Why there is no answer, or no whole one.",
    "properties": {
        "code": {"type": "string", "enum": [code.name for code in Code]},
        "message": {"type": "string", "description": "What went wrong, for people."},
        "details": {"type": "object", "additionalProperties": True},
    },
    "required": ["code", "message", "details"],
}
_PART = {
    "title": "Part",
    "summary": f"A part of the answer, at most {PART_BYTES // 1024} KiB of it.",
    "contentType": "application/octet-stream",
    "headers": _headers(),
    "payload": {
        "type": "string",
        "format": "binary",
        "description": "Bytes of JSON, cut anywhere: the parts of all but TailLogs are put together"
        " before they are read. What the whole is says the question's own shape.",
    },
}
_WHOLE = {
    "title": "End",
    "summary": "That was all: what is said of the whole.",
    "contentType": _JSON,
    "headers": _headers(**{END: _const("ok")}),
    "payload": {"$ref": f"{_SCHEMAS}Told"},
}
_FAILURE = {
    "title": "Refusal",
    "summary": "There is no more to come; the parts before are not an answer.",
    "contentType": _JSON,
    "headers": _headers(**{END: _const("error")}),
    "payload": {"$ref": f"{_SCHEMAS}QuestionRefused"},
}
_WAYS: dict[str, tuple[str, str, str, dict[str, Any]]] = {
    ANSWERS: (
        f"{INBOX}{{inbox}}.{{number}}",
        "Answers to questions, on the question's reply subject: parts numbered by"
        f" `{CHUNK}`, of which the last has `{END}`. A gap means that one was lost. NATS itself"
        " answers at once with status 503 where no worker of the site runs. Only the platform's own"
        f" users may listen below `{INBOX}`; a question with any other reply subject is not"
        " answered.",
        "send",
        {"Part": _PART, "End": _WHOLE, "Refusal": _FAILURE},
    ),
    TAKING: (
        f"{INBOX}{{inbox}}.{{number}}",
        "What the asker says to each part, on the reply subject of that part. At most"
        f" {UNDER_WAY} parts are under way untaken: a slow asker holds up his own answer alone.",
        "receive",
        {
            "Taken": {
                "title": "Taken",
                "summary": "The part was taken: there is room for another one.",
                "contentType": "text/plain",
                "payload": _const(TAKEN.decode()),
            },
            "Stop": {
                "title": "Stop",
                "summary": "The rest is not wanted: its worker stops.",
                "contentType": "text/plain",
                "payload": _const(STOP.decode()),
            },
        },
    ),
}
