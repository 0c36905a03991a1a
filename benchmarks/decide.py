"""How fast deciding is, and whether it is right: `make bench NAME=decide`, about five minutes.

Random policies against Cedar, ten million people against DuckDB, our two engines against each other, and the time to
start. The last line is one JSON object.
"""

from __future__ import annotations

import json
import sys
import time
from datetime import date
from pathlib import Path

from deciding.crowd import people
from deciding.policies import random_policy
from deciding.questions import questions, standing_of
from deciding.starting import compile_ms, import_ms
from deciding.timing import alternated
from deciding.versus_cedar import DAY, Asking, cold, compare, fresh_words, time_both
from deciding.versus_duckdb import RESIDENCES, count_both, twins

from troth.laws import packs
from troth.policy import Act, Compiled, loads

SIZES = (8, 64, 512, 4096)
ROUNDS = {8: 15, 64: 15, 512: 7, 4096: 3}
TIMED_REQUESTS = {8: 500, 64: 500, 512: 250, 4096: 100}  # Cedar needs milliseconds for each of the last
POLICIES, REQUESTS = 50, 500
MANY, RANDOM_PEOPLE = 10_000_000, 1_000_000
DEMO = Path(__file__).parents[1] / "policies" / "2026-11-01.toml"
BARS = {
    "disagreements": ("<=", 0), "ratio_64": (">=", 100), "ratio_512": (">=", 300), "ratio_4096": (">=", 1000),
    "decision_us": ("<=", 1.5), "columns_10m_ms": ("<=", 100), "columns_ratio_duckdb": (">=", 2),
    "columns_ratio_reasons": (">=", 2),
    "compile_ms": ("<=", 100), "import_ms": ("<=", 50),
}  # fmt: skip
Figures = dict[str, float]

started = time.monotonic()


def say(line: str) -> None:
    print(f"{time.monotonic() - started:5.0f} s  {line}", flush=True)


def agreement() -> Figures:
    say(f"{POLICIES} random policies a size, {REQUESTS} requests each: do Troth and Cedar agree?")
    figures: Figures = {"disagreements": 0, "policies": 0, "requests": 0, "allowed": 0}
    for size, found in compare(SIZES, POLICIES, REQUESTS):
        noticed = f"; with every 7th Cedar line left out, {found.noticed} of {POLICIES} differ" if size <= 64 else ""
        share, lines = found.allowed / found.requests, found.cedar_policies / POLICIES
        say(f"  {size:5,} rules ({lines:7,.1f} in Cedar): {found.differ} differ, {share:.0%} allowed{noticed}")
        say(f"    {found.example}") if found.example else None
        figures["disagreements"] += found.differ
        figures["policies"] += POLICIES
        figures["requests"] += found.requests
        figures["allowed"] += found.allowed
    figures["allowed_share"] = round(figures.pop("allowed") / figures["requests"], 3)
    return figures


def ratios() -> Figures:
    say("microseconds a decision, in turns. Ours is warm: it has seen each act before; cold: it has not")
    say("  rules      ours      cold   Cedar, one by one   batched     ratio of warm to Cedar's faster way")
    figures: Figures = {}
    for size in SIZES:
        timed = time_both(size, range(3), ROUNDS[size], TIMED_REQUESTS[size])
        cedar = min(timed["cedar_us"], timed["cedar_batch_us"])
        figures |= {f"ratio_{size}": round(cedar / timed["ours_us"], 1), f"cedar_us_{size}": round(cedar, 1)}
        figures |= {f"ours_us_{size}": round(timed["ours_us"], 3), f"cold_us_{size}": round(timed["cold_us"], 1)}
        say(
            f"  {size:5,} {timed['ours_us']:9.3f} {timed['cold_us']:9.1f} {timed['cedar_us']:19.1f} "
            f"{timed['cedar_batch_us']:9.1f} {figures[f'ratio_{size}']:9,.0f}"
        )
    return figures


def shipped(data: bytes) -> Figures:
    """Time our own policy under the law packs, for people of several residences."""
    compiled = Compiled(loads(data), packs())
    asked = questions(compiled.policy, REQUESTS, 1)
    ours = [(act, standing_of(p, compiled, RESIDENCES[n % len(RESIDENCES)])) for n, (act, p) in enumerate(asked)]
    allowed = sum(compiled.decide(act, standing, DAY).allowed for act, standing in ours) / len(ours)
    return {
        "decision_us": round(alternated(99, Asking(compiled, ours))[0] / len(ours) * 1e6, 3),
        "fresh_words_us": round(fresh_words(compiled, ours), 3),
        "cold_decision_us": round(cold(compiled, ours), 1),
        "demo_allowed_share": round(allowed, 3),
    }


def columns(compiled: Compiled, act: Act) -> Figures:
    say(f"{MANY:,} people, one act: {act.verb} for {act.purpose} by {act.channel or 'no channel'}; milliseconds")
    found = []
    for residences in (RESIDENCES[:1], RESIDENCES):
        one = count_both(compiled, act, people(compiled, act, residences, MANY, DAY), DAY)
        found.append(one)
        agree = "the counts agree" if one.agree else "the counts DIFFER"
        say(f"  residences: {', '.join(residences)}; allowed: {one.allowed:,}; {agree}")
        say(f"    who gets which answer: ours {one.ours:.1f}, at most {one.peak_mib:.1f} MiB")
        say(f"    how many are allowed: ours {one.ours_allowed:.2f}, DuckDB {one.duckdb_allowed:.1f}")
        say(f"    how many get each reason: ours {one.ours_reasons:.1f}, DuckDB {one.duckdb_reasons:.1f}")
        say(f"    DuckDB over our bitmaps, a row for 64 people: allowed {one.duckdb_words:.1f}")
        say(f"    {one.statement}")
    return {
        "columns_10m_ms": round(max(one.ours for one in found), 1),
        "columns_counted_ms": round(max(one.ours_allowed for one in found), 2),
        "columns_reasons_ms": round(max(one.ours_reasons for one in found), 1),
        "columns_duckdb_ms": round(max(one.duckdb_allowed for one in found), 1),
        "columns_duckdb_words_ms": round(max(one.duckdb_words for one in found), 1),
        "columns_ratio_duckdb": round(min(one.duckdb_allowed / one.ours_allowed for one in found), 2),
        "columns_ratio_reasons": round(min(one.duckdb_reasons / one.ours_reasons for one in found), 2),
        "columns_peak_mib": round(max(one.peak_mib for one in found), 1),
        "columns_counting_peak_mib": round(max(one.counting_peak_mib for one in found), 1),
        "columns_differ": sum(not one.agree for one in found),
    }


def an_act(compiled: Compiled, day: date) -> Act:
    """Return a marketing message by email, under a choice with topics if the policy has one."""
    for name, purpose in compiled.policy.purposes.items():
        for choice in (compiled.policy.choices[one] for one in purpose.choice):
            if choice.topics and "email" in choice.channels:
                brand = next(iter(compiled.policy.brands))
                act = Act("contact", name, brand, channel="email", topic=choice.topics[0], hour=12)
                if compiled.rule(act, "GB", day).refusal is None:
                    return act
    return questions(compiled.policy, 1, 1)[0][0]


def main() -> int:
    data = DEMO.read_bytes() if DEMO.exists() else random_policy(64, 0)
    policy_used = DEMO.name if DEMO.exists() else "random, 64 rules"
    compiled = Compiled(loads(data), packs())
    figures = agreement() | ratios()
    say(f"our own policy ({policy_used}) under the law packs")
    figures |= shipped(data)
    say("  us: {decision_us} warm, {fresh_words_us} act and day made anew, {cold_decision_us} cold".format(**figures))
    act = an_act(compiled, DAY)
    figures |= columns(compiled, act)
    say(f"{RANDOM_PEOPLE:,} random people: do our two engines agree?")
    differ, allowed = twins(compiled, 20, RANDOM_PEOPLE, DAY)
    say(f"  {differ} differ, {allowed / RANDOM_PEOPLE:.0%} allowed")
    figures["disagreements"] += differ + figures.pop("columns_differ")
    say("starting")
    kept, compiled_too = import_ms()
    figures |= {"compile_ms": round(compile_ms(data, act, DAY), 1), "import_ms": round(kept, 1)}
    figures |= {"import_from_source_ms": round(compiled_too, 1)}
    figures["seconds"] = round(time.monotonic() - started)
    table(figures)
    print(json.dumps(figures | {"policy": policy_used, "python": sys.version.split()[0]}))
    return 1 if figures["disagreements"] else 0


def table(figures: Figures) -> None:
    print()
    for name, value in figures.items():
        sign, bar = BARS.get(name, ("", 0))
        met = {"<=": value <= bar, ">=": value >= bar}.get(sign)
        verdict = "" if met is None else f"bar {sign} {bar:<6} {'met' if met else 'MISSED'}"
        print(f"{name:22} {value:>12,}   {verdict}".rstrip())
    print()


if __name__ == "__main__":
    sys.exit(main())
