// Checks a receipt in the browser, with nothing but what is on this page: docs/ledger.md says how, step by step.
"use strict";

const form = document.querySelector("#receipt-form");
const result = document.querySelector("#receipt-result");
const house = form.dataset.key;

const bytes = (text) => new TextEncoder().encode(text);
const unbase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
const same = (a, b) => a.length === b.length && a.every((value, at) => value === b[at]);
const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => Array.from(part)));
const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", joined(...parts)));
const node = (left, right) => sha256([1], left, right);

// RFC 9162 §2.1.3.2. Places and sizes are numbers up to 2^53, so halves are taken by division.
async function included(leaf, place, size, path, root) {
  if (!(place >= 0 && place < size)) return false;
  let at = place, last = size - 1, found = leaf;
  const half = (n) => Math.floor(n / 2);
  for (const step of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      found = await node(step, found);
      while (at % 2 === 0 && at !== 0) { at = half(at); last = half(last); }
    } else {
      found = await node(found, step);
    }
    at = half(at); last = half(last);
  }
  return last === 0 && same(found, root);
}

async function signed(note, key) {
  const cut = note.indexOf("\n\n");
  const text = note.slice(0, cut + 1);
  const [origin, size, root] = text.split("\n");
  const line = note.slice(cut + 2).split("\n").find((one) => one.startsWith(`\u2014 ${origin} `));
  if (cut < 0 || !line) throw new Error("The head of this receipt is not a signed checkpoint.");
  const signature = unbase64(line.slice(line.lastIndexOf(" ") + 1));
  const id = (await sha256(bytes(`${origin}\n`), [1], key)).slice(0, 4);
  let imported;
  try {
    imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
  } catch {
    throw new Error("This browser cannot check Ed25519 signatures yet. A newer one can, or `troth ledger` on a computer.");
  }
  const holds = same(signature.slice(0, 4), id) &&
    await crypto.subtle.verify({ name: "Ed25519" }, imported, signature.slice(4), bytes(text));
  return { holds, size: Number(size), root: unbase64(root) };
}

const STATES = {
  consent: "consent given", refusal: "consent refused", withdrawal: "consent withdrawn", objection: "objection",
  signal: "opt-out signal received", signal_off: "opt-out signal ended", soft: "marketing permitted by a sale",
};

// Does a consent receipt (ISO/IEC TS 27560, or Kantara 1.1) tell what its entry in the log says?
function tells(receipt, entry) {
  const said = (entry.facts || {}).said;
  if (receipt.version) {
    return receipt.version === "KI-CR-v1.1.0" && receipt.piiPrincipalId === (entry.subject || "") &&
      receipt.consentTimestamp === Math.floor(Date.parse(entry.at) / 1000);
  }
  const record = receipt.consent_record;
  return record.policy_digest === entry.policy && record.pii_principal_id === (entry.subject || "") &&
    record.events.every((one) => one.event_time === entry.at && (said
      ? one.event_state === STATES[said] && entry.facts.to.split(" ").includes(one.event_scope)
      : one.event_type === "notice" && one.event_scope === entry.purpose));
}

async function verify(text) {
  let receipt;
  try { receipt = JSON.parse(text); } catch { throw new Error("This is not a receipt: it is not JSON."); }
  const around = receipt && receipt.proof ? receipt : null; // a consent receipt: the proof travels in it
  if (around) receipt = around.proof;
  if (receipt.format !== "troth-receipt-1") throw new Error("This is not a receipt of a kind this page knows.");
  const key = unbase64(receipt.key);
  const head = await signed(receipt.head, key);
  if (receipt.key !== house) throw new Error("It was signed with another key than this house's.");
  if (!head.holds) throw new Error("The signature on the head of the log does not hold.");
  const leaf = await sha256([0], bytes(receipt.entry));
  const path = receipt.path.map(unbase64);
  if (!await included(leaf, receipt.place, head.size, path, head.root)) {
    throw new Error("The entry is not in the log that was signed: the receipt or the log was changed.");
  }
  const entry = JSON.parse(receipt.entry);
  if (around && !tells(around, entry)) {
    throw new Error("Its proof holds, but it is the proof of something else: the receipt around it was changed.");
  }
  return { entry, place: receipt.place, size: head.size };
}

function say(entry) {
  const when = new Date(entry.at).toLocaleString("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });
  const rows = [
    ["When", `${when} UTC`],
    ["What", `${entry.verb}${entry.purpose ? ` for ${entry.purpose}` : ""}: ${entry.allowed ? "allowed" : "refused"}`],
    ["Of your data", (entry.items || []).join(", ") || "nothing"],
    ["Given to", entry.to], ["By", entry.channel], ["Brand", entry.brand], ["Acted", entry.actor],
    ["The line that decided", entry.clause || entry.law],
  ];
  return rows.filter(([, value]) => value);
}

function show(kind, title, rows) {
  const list = document.createElement("dl");
  for (const [name, value] of rows) {
    const term = document.createElement("dt"), told = document.createElement("dd");
    term.textContent = name; told.textContent = value;
    list.append(term, told);
  }
  const heading = document.createElement("h2");
  heading.textContent = title;
  result.dataset.kind = kind;
  result.replaceChildren(heading, list);
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const file = form.elements.file.files[0];
  try {
    const found = await verify(file ? await file.text() : form.elements.text.value);
    show("yes", "This receipt holds", [...say(found.entry), ["Its place", `entry ${found.place} of ${found.size} in the log`]]);
  } catch (problem) {
    show("no", "This receipt does not hold", [["Why", problem.message]]);
  }
});
