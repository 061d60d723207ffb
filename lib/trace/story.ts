/**
 * Records as sentences for a person. Pure.
 *
 * @module
 */
import { escaped } from "../base/foreign_text.ts";
import { type Record, text, values } from "./record.ts";

type Paint = (text: string) => string;

export interface Palette {
  readonly good: Paint;
  readonly bad: Paint;
  readonly odd: Paint;
  readonly faint: Paint;
}

const plain: Paint = (text) => text;

export const noColours: Palette = {
  good: plain,
  bad: plain,
  odd: plain,
  faint: plain,
};

/** Select Graphic Rendition (ECMA-48 8.3.117). */
const rendition = (code: number): Paint => (text) =>
  `\x1b[${code}m${text}\x1b[0m`;

export const colours: Palette = {
  good: rendition(32),
  bad: rendition(31),
  odd: rendition(33),
  faint: rendition(2),
};

/** What a verb is called, and how it looks. */
const names: {
  readonly [verb: string]: readonly [name: string, look: keyof Palette];
} = {
  "message.stored": ["stored", "good"],
  "message.refused": ["refused", "bad"],
  "message.abandoned": ["abandoned", "odd"],
  "recipient.refused": ["recipient refused", "bad"],
  "client.refused": ["client refused", "bad"],
  "filter.answered": ["filter", "faint"],
  "delivery.stored": ["delivered", "good"],
  "delivery.deferred": ["put off", "odd"],
  "delivery.failed": ["given up", "bad"],
  "login.accepted": ["logged in", "good"],
  "login.refused": ["log-in refused", "bad"],
  "login.deferred": ["log-in deferred", "odd"],
  "tls.begun": ["encrypted", "faint"],
  "tls.failed": ["handshake failed", "bad"],
  "connection.deny": ["denied", "bad"],
  "log.lost": ["lines lost", "odd"],
  "settings.refreshed": ["settings are read again", "faint"],
  "rules.read": ["rules are read again", "faint"],
  "certificate.taken": ["certificate taken", "faint"],
};

/** Why a message did not come to its end, by the word in the log. */
const reasons: { readonly [why: string]: string } = {
  client: "the client went away",
  reset: "the client gave it up",
  timeout: "the client took too long",
  shutdown: "we were shut down",
};

/**
 * One line: when, what happened, and the rest. A stranger's bytes cannot move
 * a cursor or look like another line.
 */
export function sentence(record: Record, palette: Palette): string {
  const [name, look] = names[record.verb] ?? [record.verb, "faint"];
  const id = text(record, "id") || text(record, "session");
  const parts = [envelopeOf(record), outcomeOf(record), peerOf(record)];
  const said = parts.filter((part) => part !== "").map(escaped).join("; ");
  return [
    palette.faint(record.time),
    ...(id === "" ? [] : [escaped(id)]),
    palette[look](said === "" ? name : `${name}:`),
    ...[said].filter((part) => part !== ""),
    ...[durationsOf(record)].filter((part) => part !== "").map(palette.faint),
  ].join(" ");
}

function envelopeOf(record: Record): string {
  const to = values(record, "to");
  const count = Number(text(record, "rcpts") || to.length);
  const more = count - to.length;
  const size = text(record, "size");
  return [
    record.fields.has("from") ? `from ${text(record, "from")}` : "",
    to.length === 0 ? "" : `to ${to.join(", ")}`,
    more > 0 ? `and ${more} more` : "",
    size === "" || size === "0" ? "" : `(${size} bytes)`,
  ].filter((part) => part !== "").join(" ");
}

function outcomeOf(record: Record): string {
  const by = text(record, "by"), code = text(record, "code");
  switch (record.verb) {
    case "message.stored":
    case "delivery.stored":
      return `in ${text(record, "target") || "its target"} as ` +
        text(record, "queued");
    case "message.abandoned":
      return reasons[by] ?? by;
    case "log.lost":
      return text(record, "lines");
    case "tls.failed":
      return text(record, "reason");
    case "filter.answered":
      return `${text(record, "filter")} says ${text(record, "answer")} ${
        text(record, "remark")
      }`.trimEnd();
    case "rules.read":
      return text(record, "path");
    case "certificate.taken":
      return `${text(record, "path")}, until ${text(record, "until")}`;
    default: {
      const reply = `${code} ${text(record, "reply")}`.trim();
      const who = `by ${by} ${text(record, "rule")}`.trimEnd();
      return by === "" ? reply : `${reply} (${who})`.trim();
    }
  }
}

/** Who the client is. */
function peerOf(record: Record): string {
  const client = text(record, "client");
  if (client === "") return "";
  const ident = text(record, "ident"), name = text(record, "name");
  const helo = text(record, "helo"), user = text(record, "user");
  const who = `client ${ident === "" ? "" : `${ident}@`}${client}`;
  const tls = [text(record, "tls"), text(record, "cipher")].join(" ").trim();
  return [
    name === "" ? who : `${who} ${name}`,
    helo === "" || helo === name ? "" : `HELO ${helo}`,
    user === "" ? "" : `user ${user}`,
    tls,
  ].filter((part) => part !== "").join(", ");
}

const phases = [
  "wait",
  "envelope",
  "text",
  "delivery",
  "handshake",
  "login",
  "filter",
];

function durationsOf(record: Record): string {
  const known = phases.map((phase) => [phase, text(record, `${phase}_ms`)])
    .filter(([, ms]) => ms !== "")
    .map(([phase, ms]) => `${phase} ${ms}`);
  return known.length === 0 ? "" : `[ms: ${known.join(", ")}]`;
}

const numbers = [
  ...["conn", "port", "rcpts", "size", "code", "lines", "attempts"],
];
const isNumber = (key: string) => numbers.includes(key) || key.endsWith("_ms");

/** A record as JSON, with the names that the log has for it. */
export function json(record: Record): string {
  const { time, verb, fields } = record;
  const members = [...fields].map((
    [key, value],
  ) => [
    key,
    isNumber(key) && /^\d+$/.test(`${value}`) ? Number(value) : value,
  ]);
  return JSON.stringify({
    ...{ time, event: verb },
    ...Object.fromEntries(members),
  });
}
