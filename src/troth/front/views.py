"""The public pages. Each reads the policy and nothing else; none needs to know who is reading."""

from __future__ import annotations

import base64

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render

from troth.doors.declare import NOTHING_PERSONAL, purpose
from troth.laws import packs
from troth.ledger import signer
from troth.policy import dpv
from troth.policy.asking import Unclear, ask
from troth.policy.engine import Compiled
from troth.policy.law import ANYWHERE
from troth.policy.registers import to_csv, to_json

from . import answers, changes, machines, reading, registers
from .errors import NotHere
from .house import House, of
from .render import parts
from .source import numbered

EXAMPLES = 8
Context = dict[str, object]


@purpose(NOTHING_PERSONAL)
def door(request: HttpRequest) -> HttpResponse:
    house = of(request)
    compiled = house.in_force
    brands = [(name, brand) for name, brand in compiled.policy.brands.items() if brand.begin <= house.today < brand.end]
    return render(request, "front/door.html", frame(house, compiled) | {"brands": brands})


@purpose(NOTHING_PERSONAL)
def privacy(request: HttpRequest) -> HttpResponse:
    return redirect("front:door")


@purpose(NOTHING_PERSONAL)
def policy(request: HttpRequest, brand: str, version: str = "") -> HttpResponse:
    house = of(request)
    compiled = house.version(version) if version else house.in_force
    house.brand(brand, compiled)
    region = house.region(request.GET.get("region", ""), compiled)
    page = house.page(compiled, brand, region)
    context = frame(house, compiled, brand) | parts(page, compiled) | _place(house, compiled)
    return render(request, "front/policy.html", context)


def _place(house: House, compiled: Compiled) -> Context:
    """Return where a version stands among the others."""
    begins = compiled.policy.about.version
    older = [one for one in reversed(house.archive.versions) if one.policy.about.version < begins]
    return {
        "current": compiled is house.in_force,
        "coming": begins > house.today,
        "ended": house.ends(compiled),
        "older": older,
        "next": house.coming if compiled is house.in_force else None,
    }


@purpose(NOTHING_PERSONAL)
def policy_json(request: HttpRequest, brand: str, version: str) -> HttpResponse:
    house = of(request)
    compiled = house.version(version)
    house.brand(brand, compiled)
    page = house.page(compiled, brand, house.region(request.GET.get("region", ""), compiled))
    return JsonResponse(machines.plain(page), json_dumps_params={"ensure_ascii": False, "indent": 1})


@purpose(NOTHING_PERSONAL)
def versions(request: HttpRequest, brand: str) -> HttpResponse:
    house = of(request)
    house.brand(brand, house.in_force)
    known = [(c, house.standing(c)) for c in reversed(house.archive.versions) if brand in c.policy.brands]
    return render(request, "front/versions.html", frame(house, house.in_force, brand) | {"known": known})


@purpose(NOTHING_PERSONAL)
def changed(request: HttpRequest, brand: str) -> HttpResponse:
    house = of(request)
    new = house.in_force
    house.brand(brand, new)
    wanted = request.GET.get("since", "")
    before = [c for c in house.archive.versions if c.policy.about.version < new.policy.about.version]
    old = house.since(wanted) if wanted else before[-1] if before else new
    found = changes.between(old, new) if old in before else ()
    counts = {name: sum(c.direction == name for chapter in found for c in chapter.changes) for name in changes.SIGNS}
    context = {
        "old": old,
        "new": new,
        "choices": before,
        "chapters": found,
        "counts": counts,
        "total": sum(counts.values()),
    }
    return render(request, "front/changes.html", frame(house, new, brand) | context)


@purpose(NOTHING_PERSONAL)  # the question is answered and forgotten: it is not kept, not even in the log
def ask_policy(request: HttpRequest) -> HttpResponse:
    house = of(request)
    compiled, question = house.in_force, request.GET.get("q", "").strip()
    context = frame(house, compiled) | {"question": question, "examples": _examples(compiled)}
    context |= {"purposes": [(name, p.say) for name, p in compiled.policy.purposes.items() if p.uses]}
    if not question:
        return render(request, "front/ask.html", context)
    try:
        found = ask(compiled, question, house.today)
    except Unclear as unclear:
        return render(
            request, "front/ask.html", context | {"unclear": str(unclear), "question": _shown(question)}, status=400
        )
    told = answers.outcomes(compiled, found, reading.marker(compiled))
    context |= {"verdict": answers.verdict(told), "outcomes": told, "count": len(found)}
    return render(request, "front/ask.html", context | {"anywhere": found[0].standing.residence == ANYWHERE})


def _shown(question: str, most: int = 300) -> str:
    """Return a question that could not be read so that it can be shown and mended."""
    plain = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in question[: most + 1])
    return f"{plain[:most]}…" if len(plain) > most else plain


def _examples(compiled: Compiled) -> list[str]:
    """The policy's own promises are questions: show a few of different kinds."""
    by_verb: dict[str, list[str]] = {}
    for promise in compiled.policy.promises.values():
        by_verb.setdefault(promise.act.partition(" ")[0], []).append(promise.act)
    rounds = max(map(len, by_verb.values()), default=0)
    return [acts[turn] for turn in range(rounds) for acts in by_verb.values() if turn < len(acts)][:EXAMPLES]


@purpose(NOTHING_PERSONAL)
def verify(request: HttpRequest) -> HttpResponse:
    """The one page with a script: our own, which checks a receipt without telling anybody."""
    house = of(request)
    context = frame(house, house.in_force) | {"key": base64.b64encode(signer.public()).decode()}
    response = render(request, "front/verify.html", context)
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
    )
    return response


@purpose(NOTHING_PERSONAL)
def record(request: HttpRequest) -> HttpResponse:
    house = of(request)
    compiled = house.in_force
    entries = registers.entries(registers.record(compiled, house.today, house.seen), reading.marker(compiled))
    return render(request, "front/record.html", frame(house, compiled) | {"entries": entries})


@purpose(NOTHING_PERSONAL)
def record_csv(request: HttpRequest) -> HttpResponse:
    house = of(request)
    rows = registers.record(house.in_force, house.today, house.seen)
    return HttpResponse(to_csv(rows), content_type="text/csv; charset=utf-8")


@purpose(NOTHING_PERSONAL)
def record_json(request: HttpRequest) -> HttpResponse:
    house = of(request)
    rows = registers.record(house.in_force, house.today, house.seen)
    return HttpResponse(to_json(rows), content_type="application/json")


@purpose(NOTHING_PERSONAL)
def vocabulary(request: HttpRequest, version: str) -> HttpResponse:
    house = of(request)
    compiled = house.version(version)
    return JsonResponse(dpv.graph(compiled, house.read_on(compiled), house.seen), content_type="application/ld+json")


@purpose(NOTHING_PERSONAL)
def choices(request: HttpRequest) -> HttpResponse:
    house = of(request)
    compiled = house.in_force
    brand = house.brand(request.GET.get("brand", "") or next(iter(compiled.policy.brands)), compiled)
    region = house.region(request.GET.get("region", ""), compiled)
    asked = registers.questions(compiled, brand, region, house.today, reading.marker(compiled))
    name = compiled.policy.brands[brand].say or brand.title()
    context = {"questions": tuple(asked), "region": region, "packs": compiled.book.packs, "brand_name": name}
    return render(request, "front/choices.html", frame(house, compiled, brand) | context)


@purpose(NOTHING_PERSONAL)
def source(request: HttpRequest, version: str) -> HttpResponse:
    house = of(request)
    compiled = house.version(version)
    context = {"listing": numbered(compiled.book.file.reader.text), "file": compiled.book.file.file}
    return render(request, "front/source.html", frame(house, compiled) | context)


@purpose(NOTHING_PERSONAL)
def source_file(request: HttpRequest, version: str) -> HttpResponse:
    compiled = of(request).version(version)
    response = HttpResponse(compiled.book.file.reader.text, content_type="application/toml; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="policy-{compiled.policy.about.version}.toml"'
    return response


@purpose(NOTHING_PERSONAL)
def law(request: HttpRequest, code: str) -> HttpResponse:
    house = of(request)
    known = house.in_force.book.packs
    if code not in packs():
        raise NotHere(
            "We hold no law of that name.", tuple((p.head.say, f"/privacy/law/{name}/") for name, p in known.items())
        )
    return render(request, "front/law.html", frame(house, house.in_force) | {"pack": packs()[code]})


def frame(house: House, compiled: Compiled, brand: str = "") -> Context:
    """Return what every page of the house shows around its own matter."""
    about = compiled.policy.about
    brands = [
        (name, b.say or name.title()) for name, b in compiled.policy.brands.items() if b.begin <= house.today < b.end
    ]
    return {
        "about": about, "brand": brand, "house_brands": brands, "compiled": compiled, "digest": compiled.digest,
        "standing": house.standing(compiled),
        "controller": about.entities[about.controller].say if about.controller in about.entities else about.controller,
    }  # fmt: skip
