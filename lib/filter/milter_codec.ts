/**
 * The milter protocol in bytes, version 6 (libmilter's mfdef.h): packets of
 * four bytes of length, a letter, and what belongs to it. Pure.
 *
 * @module
 */
import { concat, fromBytes, toBytes } from "../base/bytes.ts";

type Bytes = Uint8Array<ArrayBuffer>;

/** What we say; the letters are the protocol's. */
export const command = {
  negotiate: "O",
  macros: "D",
  connect: "C",
  helo: "H",
  mail: "M",
  recipient: "R",
  data: "T",
  header: "L",
  endOfHeader: "N",
  body: "B",
  endOfMessage: "E",
  abort: "A",
  quit: "Q",
} as const;

export type Command = (typeof command)[keyof typeof command];

/** What a milter may want to do to a message (SMFIF_). */
export const actions = {
  addHeaders: 0x01,
  changeBody: 0x02,
  addRecipients: 0x04,
  deleteRecipients: 0x08,
  changeHeaders: 0x10,
  quarantine: 0x20,
  changeSender: 0x40,
  addRecipientsWithParameters: 0x80,
  chooseMacros: 0x100,
} as const;

/** What a milter may want us not to send, or how (SMFIP_). */
export const steps = {
  noConnect: 0x1,
  noHelo: 0x2,
  noMail: 0x4,
  noRecipient: 0x8,
  noBody: 0x10,
  noHeaders: 0x20,
  noEndOfHeader: 0x40,
  noReplyToHeader: 0x80,
  noUnknown: 0x100,
  noData: 0x200,
  skip: 0x400,
  wantsRejectedRecipients: 0x800,
  noReplyToConnect: 0x1000,
  noReplyToHelo: 0x2000,
  noReplyToMail: 0x4000,
  noReplyToRecipient: 0x8000,
  noReplyToData: 0x10000,
  noReplyToUnknown: 0x20000,
  noReplyToEndOfHeader: 0x40000,
  noReplyToBody: 0x80000,
  leadingSpace: 0x100000,
} as const;

const all = (flags: Readonly<Record<string, number>>) =>
  Object.values(flags).reduce((sum, flag) => sum | flag, 0);

/** We can do all of it, and hand on nothing that was refused. */
const ourActions = all(actions);
const ourSteps = all(steps) & ~steps.wantsRejectedRecipients;
const ourVersion = 6;

/** A body comes in pieces of this much at most (MILTER_CHUNK_SIZE). */
export const bodyPieceBytes = 65_535;

/** A reply can be a piece of a new body, no more. */
const packetBytesLimit = 1 << 20;

/** A packet of ours. */
export function packet(letter: Command, data: Bytes | string = ""): Bytes {
  const bytes = typeof data === "string" ? toBytes(data) : data;
  const out = new Uint8Array(5 + bytes.length);
  new DataView(out.buffer).setUint32(0, 1 + bytes.length);
  out[4] = letter.charCodeAt(0);
  out.set(bytes, 5);
  return out;
}

/** Strings, each ended by a NUL, which none of them can have. */
export const strings = (...texts: readonly string[]): string =>
  texts.map((text) => `${text.replaceAll("\0", "")}\0`).join("");

/** 16 or 32 bits, the highest first. */
export function number(value: number, bits: 16 | 32): Bytes {
  const bytes = new Uint8Array(bits / 8);
  const view = new DataView(bytes.buffer);
  if (bits === 16) view.setUint16(0, value);
  else view.setUint32(0, value);
  return bytes;
}

export const negotiation = (): Bytes =>
  packet(
    command.negotiate,
    concat([
      number(ourVersion, 32),
      number(ourActions, 32),
      number(ourSteps, 32),
    ]),
  );

/** What is known by now; those without a value are left out. */
export function macros(
  about: Command,
  values: Readonly<Record<string, string | null>>,
): Bytes {
  const pairs = Object.entries(values)
    .filter(([, value]) => value !== null && value !== "")
    .flatMap(([name, value]) => [name, value!]);
  return packet(command.macros, about + strings(...pairs));
}

/** A packet of a milter's: its letter, and a byte string. */
export interface Reply {
  readonly letter: string;
  readonly data: string;
}

/** Takes bytes as they come, and gives replies. */
export class Replies {
  #rest: Bytes = new Uint8Array(0);

  /** @throws Error if no milter talks like this */
  push(bytes: Bytes): Reply[] {
    this.#rest = this.#rest.length === 0
      ? bytes.slice()
      : concat([this.#rest, bytes]);
    const replies: Reply[] = [];
    for (;;) {
      if (this.#rest.length < 4) return replies;
      const length = new DataView(this.#rest.buffer, this.#rest.byteOffset)
        .getUint32(0);
      if (length === 0 || length > packetBytesLimit) {
        throw new Error("it does not speak the milter protocol");
      }
      if (this.#rest.length < 4 + length) return replies;
      replies.push({
        letter: String.fromCharCode(this.#rest[4]),
        data: fromBytes(this.#rest.subarray(5, 4 + length)),
      });
      this.#rest = this.#rest.subarray(4 + length);
    }
  }
}

/** What a milter has agreed to. */
export interface Agreement {
  readonly version: number;
  readonly actions: number;
  readonly steps: number;
}

/** @throws Error that says why there is none */
export function agreementIn({ letter, data }: Reply): Agreement {
  if (letter !== command.negotiate || data.length < 12) {
    throw new Error("it does not negotiate as a milter does");
  }
  const version = unsigned(data, 0);
  const agreed = { actions: unsigned(data, 4), steps: unsigned(data, 8) };
  if (version < 2 || version > ourVersion) {
    throw new Error(`it speaks version ${version}, not 2 to ${ourVersion}`);
  }
  if ((agreed.actions & ~ourActions) !== 0) {
    throw new Error("it wants to do what we cannot");
  }
  if ((agreed.steps & ~ourSteps) !== 0) {
    throw new Error("it wants steps that we do not know");
  }
  return { version, ...agreed };
}

/** 32 bits of a byte string. */
export function unsigned(data: string, at: number): number {
  return new DataView(toBytes(data.slice(at, at + 4)).buffer).getUint32(0);
}
