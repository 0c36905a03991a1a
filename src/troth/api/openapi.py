"""The API's description, by OpenAPI 3.1. A test holds it to the addresses there are."""

from __future__ import annotations

from typing import Any, NamedTuple

from troth.doors import policies
from troth.mobile.rules import FIELDS

Schema = dict[str, Any]
TEXT: Schema = {"type": "string"}
DEVICE: Schema = {
    "type": "object",
    "properties": {name: {"type": ["string", "null"]} for name in FIELDS},
    "additionalProperties": False,
}
DEGREES: Schema = {
    "type": "object",
    "properties": {"latitude": {"type": "number"}, "longitude": {"type": "number"}},
    "required": ["latitude", "longitude"],
}
ANSWER: Schema = {"type": "object", "properties": {"answer": {"enum": ["yes", "no"]}}, "required": ["answer"]}
KEY: Schema = {"type": "object", "properties": {"key": TEXT}, "required": ["key"]}
SHOPS: Schema = {
    "type": "object",
    "properties": {
        "shops": {
            "type": "array",
            "items": {"type": "object", "properties": {"name": TEXT, "kilometres": {"type": "number"}}},
        }
    },
}
PROBLEM: Schema = {
    "type": "object",
    "properties": {
        **dict.fromkeys(("title", "detail", "policy", "law", "code"), TEXT), "status": {"type": "integer"},
    },
}  # fmt: skip


class Endpoint(NamedTuple):
    """One of them: its method and address, what it does, what it takes and what it answers."""

    method: str
    address: str
    say: str
    takes: Schema | None = None
    gives: Schema | None = None
    status: int = 200
    keyed: bool = True  # the app shows its key
    once: bool = False  # needs an Idempotency-Key


ENDPOINTS = (
    Endpoint("post", "/{brand}/app/{system}", "Ask for the mobile service", DEVICE, KEY, 201, keyed=False, once=True),
    Endpoint("delete", "/{brand}/app", "Take the link back, and all that was told with it", status=204),
    Endpoint("post", "/{brand}/app/key/renew", "Change the key for a new one", None, KEY, 201, once=True),
    Endpoint("patch", "/{brand}/device", "Tell what changed about the device", DEVICE),
    Endpoint("put", "/{brand}/choices/nearby", "Say yes or no to being located", ANSWER),
    Endpoint("post", "/{brand}/locations", "Find shops near a place; needs a yes", DEGREES, SHOPS),
)


def described(server: str) -> Schema:
    """Return the description, for a server at this address."""
    paths: dict[str, dict[str, Schema]] = {}
    for one in ENDPOINTS:
        paths.setdefault(one.address, {})[one.method] = _operation(one)
    compiled = policies.archive().in_force(policies.today())
    return {
        "openapi": "3.1.0",
        "info": {
            "title": compiled.policy.about.name,
            "version": compiled.policy.about.version.isoformat(),
            "description": "Every request passes the policy of this version; a refusal names the line that said no.",
        },
        "servers": [{"url": server}],
        "paths": paths,
        "components": {"securitySchemes": {"key": {"type": "http", "scheme": "bearer"}}},
    }


def _operation(one: Endpoint) -> Schema:
    names = [part.strip("{}") for part in one.address.split("/") if part.startswith("{")]
    parameters: list[Schema] = [{"name": name, "in": "path", "required": True, "schema": TEXT} for name in names]
    if one.once:
        parameters.append({"name": "Idempotency-Key", "in": "header", "required": True, "schema": TEXT})
    done: Schema = {"description": "Done"} | ({"content": _json(one.gives)} if one.gives else {})
    answers: Schema = {str(one.status): done}
    for code, why in ((400, "Cannot be used"), (401, "Not linked"), (403, "Refused, with the line that said no")):
        answers[str(code)] = {"description": why, "content": {"application/problem+json": {"schema": PROBLEM}}}
    return (
        {"summary": one.say, "parameters": parameters, "responses": answers}
        | ({"security": [{"key": []}]} if one.keyed else {})
        | ({"requestBody": {"required": True, "content": _json(one.takes)}} if one.takes else {})
    )


def _json(schema: Schema) -> Schema:
    return {"application/json": {"schema": schema}}
