/**
 * What a milter's replies mean: an answer, or, at the end of a message, a
 * change of it. Pure.
 *
 * @module
 */
import { printable } from "../base/foreign_text.ts";
import type { Refusal } from "../mail/answers.ts";
import { type Edit, headerBytesLimit } from "./edited_header.ts";
import { type Reply, unsigned } from "./milter_codec.ts";
import { addressIn } from "./written_address.ts";

/** Of its own words to the client. */
const textLimit = 400;
/** Postfix's: a place is a signed number. */
const placeLimit = 0x7fffffff;
/** A milter that changes more than this is out of its mind. */
const editsLimit = 1000;
const recipientsLimit = 10_000;

/** `goOn` is the usual one; `accept` asks no more about the message. */
export type Answer =
  | { readonly type: "goOn" | "accept" | "discard" | "skip" }
  | { readonly type: "refused"; readonly refusal: Refusal };

const rejected: Refusal = {
  type: "never",
  code: 550,
  enhanced: "5.7.1",
  text: "rejected by a filter",
};

const deferred: Refusal = {
  type: "later",
  code: 451,
  enhanced: "4.7.1",
  text: "a filter cannot say yet, try again later",
};

const shutDown: Refusal = {
  type: "later",
  code: 421,
  enhanced: "4.7.0",
  text: "a filter wants this connection ended",
};

/** The answer in a reply; null if it is a change. */
export function answerIn({ letter, data }: Reply): Answer | null {
  switch (letter) {
    case "c":
      return { type: "goOn" };
    case "a":
      return { type: "accept" };
    case "d":
      return { type: "discard" };
    case "s":
      return { type: "skip" };
    case "r":
      return { type: "refused", refusal: rejected };
    case "t":
    case "f": // it could not connect to whomever it asks
      return { type: "refused", refusal: deferred };
    case "4": // it wants the connection ended
      return { type: "refused", refusal: shutDown };
    case "y":
      return { type: "refused", refusal: ownReply(data) };
    default:
      return null;
  }
}

/**
 * `550 5.7.1 text`, maybe in several lines. It was made for sendmail's format
 * strings: `%%` is a percent sign.
 */
function ownReply(data: string): Refusal {
  const lines = textIn(data).replace(/%(.?)/g, "$1")
    .replace(/\r?\n$/, "").split(/\r?\n/);
  const [, digits, status = ""] =
    /^([45]\d\d)[ -](?:([45]\.\d{1,3}\.\d{1,3})(?: |$))?/.exec(lines[0]) ?? [];
  if (digits === undefined) return deferred;
  const own = digits + (status === "" ? "" : `[ -]${status}`);
  const start = new RegExp(`^${own.replaceAll(".", "\\.")}[ -]?`);
  const text = printable(
    lines.map((line) => line.replace(start, "").replace(/^\d{3}[ -]/, ""))
      .join(" "),
    textLimit,
  );
  const code = Number(digits);
  const enhanced = status[0] === digits[0] ? status : "";
  if (code >= 500) {
    const known = ([550, 552, 553, 554] as const).find((each) => each === code);
    return {
      type: "never",
      code: known ?? 550,
      enhanced: enhanced || "5.7.1",
      text,
    };
  }
  const known = ([421, 450, 451, 452] as const).find((each) => each === code);
  return {
    type: "later",
    code: known ?? 451,
    enhanced: enhanced || "4.7.1",
    text,
  };
}

/** What a milter has changed of a message, so far. */
export class Changes {
  readonly edits: Edit[] = [];
  #fieldBytes = 0;
  #recipients: string[];
  sender: string | null = null;
  #hasOthers = false;
  /** Why it wants the message put aside; null if it does not. */
  quarantine: string | null = null;

  /** @param leadsWithSpace whether values begin with what is after the colon */
  constructor(
    recipients: readonly string[],
    readonly leadsWithSpace: boolean,
  ) {
    this.#recipients = [...recipients];
  }

  /** null if they are the same. */
  get recipients(): readonly string[] | null {
    return this.#hasOthers ? this.#recipients : null;
  }

  /**
   * Takes a reply to the end of a message; a new body is not for it.
   *
   * @throws Error if it is no change
   */
  take({ letter, data }: Reply): void {
    switch (letter) {
      case "h": {
        const [name, value] = data.split("\0");
        return this.#edit({ type: "append", field: this.#field(name, value) });
      }
      case "i": {
        const [name, value] = data.slice(4).split("\0");
        return this.#edit({
          type: "insert",
          place: place(data),
          field: this.#field(name, value),
        });
      }
      case "m": {
        const [name, value = ""] = data.slice(4).split("\0");
        const which = Math.max(1, place(data));
        return this.#edit(
          value === "" ? { type: "remove", name, which } : {
            type: "change",
            name,
            which,
            field: this.#field(name, value),
          },
        );
      }
      case "e":
        this.sender = addressIn(textIn(data));
        return;
      case "+":
      case "2":
        return this.#add(addressIn(textIn(data)));
      case "-":
        return this.#remove(addressIn(textIn(data)));
      case "q":
        this.quarantine = printable(textIn(data), textLimit) ||
          "quarantined";
        return;
      default:
        throw new Error(`it answers ${JSON.stringify(letter)}`);
    }
  }

  #edit(edit: Edit): void {
    if (this.edits.length === editsLimit) {
      throw new Error("it changes too much");
    }
    if ("field" in edit) this.#fieldBytes += edit.field.length;
    if (this.#fieldBytes > headerBytesLimit) {
      throw new Error("its fields are too long for a header");
    }
    this.edits.push(edit);
  }

  #add(recipient: string): void {
    if (recipient === "") throw new Error("it adds a recipient without a name");
    if (this.#recipients.includes(recipient)) return;
    if (this.#recipients.length >= recipientsLimit) {
      throw new Error("it adds too many recipients");
    }
    this.#recipients.push(recipient);
    this.#hasOthers = true;
  }

  #remove(recipient: string): void {
    const left = this.#recipients.filter((each) => each !== recipient);
    if (left.length === this.#recipients.length) return;
    this.#recipients = left;
    this.#hasOthers = true;
  }

  #field(name: string, value = ""): string {
    if (!/^[!-9;-~]+$/.test(name)) {
      throw new Error("it names a field that cannot be");
    }
    return `${name}:${this.leadsWithSpace ? "" : " "}${folded(value)}`;
  }
}

/** A value's lines are folded: none of them can be a field, or end the header. */
const folded = (value: string): string =>
  value.replaceAll("\r", "").replace(/\n(?![ \t])/g, "\n\t");

/** Up to its NUL; parameters of ESMTP come after it. */
const textIn = (data: string): string => data.split("\0", 1)[0];

/** Of a field. @throws Error */
function place(data: string): number {
  const place = data.length < 4 ? Infinity : unsigned(data, 0);
  if (place <= placeLimit) return place;
  throw new Error("it counts fields beyond all numbers");
}
