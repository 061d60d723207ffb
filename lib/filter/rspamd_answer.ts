/**
 * What an answer of rspamd's means (its protocol's `/checkv2`): JSON in, a
 * judgement out. Pure.
 *
 * @module
 */
import { bytesOf } from "../base/bytes.ts";
import { printable } from "../base/foreign_text.ts";
import type { Refusal } from "../mail/answers.ts";
import { type Edit, editedMessage } from "./edited_header.ts";
import type { Judgement } from "./filter.ts";
import { addressIn } from "./written_address.ts";

/** Of its own words to the client. */
const textLimit = 200;
/** Who changes more than this is out of its mind. */
const editsLimit = 1000;

type Json = { readonly [name: string]: unknown };

/**
 * @param folder where a message goes that is to be put aside
 * @throws Error that says why it is no answer
 */
export function rspamdJudgement(text: string, folder: string): Judgement {
  const answer = objectIn(JSON.parse(text));
  const { action } = answer;
  if (typeof action !== "string") throw new Error("it names no action");
  const remark = remarkOf(answer, action);
  const said = objectIn(answer.messages ?? {}).smtp_message;
  const words = typeof said === "string" ? printable(said, textLimit) : "";
  const milter = objectIn(answer.milter ?? {});
  const passes = (more: Edit[] = [], aside?: string): Judgement => {
    const edits = [
      ...editsOf(milter),
      ...more,
      ...signaturesIn(answer["dkim-signature"]),
    ];
    const sender = milter.change_from;
    return {
      verdict: "pass",
      remark,
      ...(aside !== undefined && { folder: aside }),
      ...(typeof sender === "string" && { sender: addressIn(bytesOf(sender)) }),
      ...(edits.length > 0 && {
        rewrite: (read, own) => editedMessage(read, edits, { own }),
      }),
    };
  };
  switch (action) {
    case "no action":
    // Its greylisting says soft reject when it means it, and this otherwise.
    case "greylist":
      return passes();
    case "add header":
      return passes([spamField]);
    case "rewrite subject": {
      const { subject } = answer;
      return passes(
        typeof subject === "string"
          ? [spamField, changed("Subject", subject)]
          : [spamField],
      );
    }
    case "quarantine":
      return passes([spamField], folder);
    case "discard":
      return { verdict: "discard", remark };
    case "reject":
      return { verdict: refused(words || "rejected as spam"), remark };
    case "soft reject":
      return { verdict: deferred(words || "try again later"), remark };
    default:
      throw new Error(`it wants ${printable(action, 40)}, which is unknown`);
  }
}

const refused = (text: string): Refusal => ({
  type: "never",
  code: 550,
  enhanced: "5.7.1",
  text,
});

const deferred = (text: string): Refusal => ({
  type: "later",
  code: 451,
  enhanced: "4.7.1",
  text,
});

function remarkOf({ score, required_score }: Json, action: string): string {
  const known = typeof score === "number" && typeof required_score === "number"
    ? `, ${score.toFixed(2)} of ${required_score.toFixed(2)}`
    : "";
  return `${printable(action, 40)}${known}`;
}

function objectIn(value: unknown): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Json;
  }
  throw new Error("its answer is not what it should be");
}

/** What readers and sieve scripts look for. */
const spamField: Edit = changed("X-Spam", "Yes");

function changed(name: string, value: string): Edit {
  return { type: "change", name, which: 1, field: fieldOf(name, value) };
}

/**
 * Removals first, as in rspamd's own proxy, then additions; a field with an
 * order is where Postfix would put it for that proxy.
 */
function editsOf({ remove_headers, add_headers }: Json): Edit[] {
  const edits: Edit[] = [];
  for (const [name, wanted] of Object.entries(objectIn(remove_headers ?? {}))) {
    for (const which of list(wanted)) {
      edits.push(
        which === 0
          ? { type: "removeAll", name }
          : { type: "remove", name, which: Number(which) || 1 },
      );
    }
  }
  for (const [name, wanted] of Object.entries(objectIn(add_headers ?? {}))) {
    if (!isFieldName(name)) continue;
    for (const each of list(wanted)) {
      if (typeof each === "string") {
        edits.push({ type: "append", field: fieldOf(name, each) });
        continue;
      }
      const { value, order } = objectIn(each);
      if (typeof value !== "string") continue;
      const field = fieldOf(name, value);
      edits.push(
        typeof order === "number" && order >= 0
          ? { type: "insert", place: order, field }
          : { type: "append", field },
      );
    }
  }
  if (edits.length > editsLimit) throw new Error("it changes too much");
  return edits;
}

const list = (value: unknown): readonly unknown[] =>
  Array.isArray(value) ? value : [value];

const isFieldName = (name: string) => /^[!-9;-~]+$/.test(name);

/** As a byte string; a value that has lines keeps them folded. */
function fieldOf(name: string, value: string): string {
  const lines = bytesOf(value).replace(/\r\n?/g, "\n").split("\n")
    .map((line) => line.replace(/[\0\r]/g, "").trimEnd())
    .filter((line) => line !== "");
  return `${name}: ${
    lines.map((line, i) => i === 0 || /^[ \t]/.test(line) ? line : `\t${line}`)
      .join("\n")
  }`;
}

/** Those that rspamd has signed it with, beneath our own Received field. */
const signaturesIn = (wanted: unknown): Edit[] =>
  list(wanted).filter((each) => typeof each === "string").map((each) => ({
    type: "insert",
    place: 1,
    field: fieldOf("DKIM-Signature", each),
  }));
