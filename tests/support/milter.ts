/**
 * A milter in this process that does as it is told, and remembers what it was
 * told: the protocol's bytes, with a fault wherever a test wants one.
 *
 * @module
 */
import { concat, fromBytes, toBytes } from "../../lib/base/bytes.ts";

/** A reply: its letter, and a byte string of data. */
export type Said = readonly [letter: string, data?: string];

/** In place of a reply. */
export type MilterFault =
  | "hang up"
  /** Nothing, for ever. */
  | "stall"
  /** Whatever these bytes are. */
  | { readonly bytes: string };

export interface MilterScript {
  /** By the letter of the command; the usual is to go on. */
  readonly at?: Readonly<Record<string, readonly Said[] | MilterFault>>;
  /** Before each reply. */
  readonly delayMs?: number;
}

export interface MilterManners {
  readonly version?: number;
  readonly actions?: number;
  /** What it wants left out, or unanswered (SMFIP_). */
  readonly steps?: number;
  /** By the sender of a message. */
  script?(sender: string): MilterScript;
  /** A path in place of a port. */
  readonly path?: string;
  readonly port?: number;
}

/** All that it was told of one message, by the commands' letters. */
export interface MilterMail {
  sender: string;
  readonly recipients: string[];
  /** Parameters of MAIL. */
  readonly parameters: string[];
  /** Names and values. */
  readonly header: [name: string, value: string][];
  body: string;
  /** All macros until then. */
  readonly macros: Map<string, string>;
  helo: string;
  /** Letters of what came, in order; repeated ones once. */
  letters: string;
  isAborted: boolean;
}

export const allSteps = 0x1fffff;
export const leadingSpace = 0x100000;

/** A packet. */
export function packetOf([letter, data = ""]: Said): Uint8Array<ArrayBuffer> {
  const length = new Uint8Array(4);
  new DataView(length.buffer).setUint32(0, 1 + data.length);
  return concat([length, toBytes(letter + data)]);
}

/** 32 bits as a byte string. */
export const u32 = (value: number) =>
  String.fromCharCode(
    value >>> 24 & 255,
    value >>> 16 & 255,
    value >>> 8 & 255,
    value & 255,
  );

/** Replies that change a message, as libmilter says them. */
export const says = {
  add: (name: string, value: string): Said => ["h", `${name}\0${value}\0`],
  insert: (place: number, name: string, value: string): Said => [
    "i",
    `${u32(place)}${name}\0${value}\0`,
  ],
  change: (which: number, name: string, value: string): Said => [
    "m",
    `${u32(which)}${name}\0${value}\0`,
  ],
  sender: (address: string): Said => ["e", `${address}\0`],
  addRecipient: (address: string): Said => ["+", `${address}\0`],
  deleteRecipient: (address: string): Said => ["-", `${address}\0`],
  body: (text: string): Said => ["b", text],
  quarantine: (why: string): Said => ["q", `${why}\0`],
  reply: (text: string): Said => ["y", `${text}\0`],
};

export class TestMilter {
  readonly mails: MilterMail[] = [];
  /** What it was told of connections: name, family and address. */
  readonly connects: string[] = [];
  connections = 0;
  open = 0;
  readonly #listener: Deno.Listener;
  readonly #conns = new Set<Deno.Conn>();

  constructor(public manners: MilterManners = {}) {
    const { path, port = 0 } = manners;
    this.#listener = path === undefined
      ? Deno.listen({ hostname: "127.0.0.1", port })
      : Deno.listen({ transport: "unix", path });
    this.#serve();
  }

  get port(): number {
    return (this.#listener.addr as Deno.NetAddr).port;
  }

  get address(): string {
    return this.manners.path ?? `inet:127.0.0.1:${this.port}`;
  }

  close(): void {
    this.#listener.close();
    this.hangUp();
  }

  hangUp(): void {
    for (const conn of this.#conns) end(conn);
  }

  async #serve(): Promise<void> {
    for await (const conn of this.#listener) {
      this.connections++;
      this.open++;
      this.#conns.add(conn);
      this.#talk(conn).catch(() => {}) // it has hung up
        .finally(() => {
          this.open--;
          this.#conns.delete(conn);
          end(conn);
        });
    }
  }

  async #talk(conn: Deno.Conn): Promise<void> {
    const { version = 6, actions = 0x1ff, steps = 0 } = this.manners;
    const packets = packetsFrom(conn);
    let mail = noMail();
    const macros = new Map<string, string>();
    let helo = "";
    for await (const [letter, data] of packets) {
      const strings = data.split("\0").slice(0, -1);
      let unanswered = 0;
      if ("RTLNBE".includes(letter) && !mail.letters.endsWith(letter)) {
        mail.letters += letter;
      }
      switch (letter) {
        case "O":
          await write(
            conn,
            packetOf(["O", u32(version) + u32(actions) + u32(steps)]),
          );
          continue;
        case "D":
          for (let i = 0; i + 1 < strings.length; i += 2) {
            const name = i === 0 ? strings[i].slice(1) : strings[i];
            macros.set(name, strings[i + 1]);
          }
          continue;
        case "Q":
          return;
        case "A":
          mail.isAborted = true;
          mail = noMail();
          continue;
        case "C":
          this.connects.push(data);
          unanswered = 0x1000;
          break;
        case "H":
          helo = strings[0];
          unanswered = 0x2000;
          break;
        case "M":
          mail = { ...noMail(), letters: "M", macros, helo };
          mail.sender = strings[0];
          mail.parameters.push(...strings.slice(1));
          this.mails.push(mail);
          unanswered = 0x4000;
          break;
        case "R":
          mail.recipients.push(strings[0]);
          unanswered = 0x8000;
          break;
        case "T":
          unanswered = 0x10000;
          break;
        case "L":
          mail.header.push([strings[0], strings[1]]);
          unanswered = 0x80;
          break;
        case "N":
          unanswered = 0x40000;
          break;
        case "B":
          mail.body += data;
          unanswered = 0x80000;
          break;
      }
      if ((steps & unanswered) !== 0) continue;
      const { at = {}, delayMs = 0 } = this.manners.script?.(mail.sender) ??
        {};
      if (delayMs > 0) await new Promise((go) => setTimeout(go, delayMs));
      const said = at[letter] ?? [["c"]];
      if (said === "hang up") return;
      if (said === "stall") continue;
      if ("bytes" in said) await write(conn, toBytes(said.bytes));
      else await write(conn, concat(said.map(packetOf)));
    }
  }
}

const noMail = (): MilterMail => ({
  ...{ sender: "", recipients: [], parameters: [], header: [], body: "" },
  ...{ macros: new Map(), helo: "", letters: "", isAborted: false },
});

async function write(
  conn: Deno.Conn,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  while (bytes.length > 0) bytes = bytes.subarray(await conn.write(bytes));
}

function end(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch {
    // It is closed already.
  }
}

async function* packetsFrom(conn: Deno.Conn) {
  let rest = new Uint8Array(0);
  const input = new Uint8Array(65_536);
  for (;;) {
    while (rest.length >= 4) {
      const length = new DataView(rest.buffer, rest.byteOffset).getUint32(0);
      if (rest.length < 4 + length) break;
      const text = fromBytes(rest.subarray(4, 4 + length));
      rest = rest.subarray(4 + length);
      yield [text[0], text.slice(1)] as const;
    }
    const n = await conn.read(input);
    if (n === null) return;
    rest = concat([rest, input.slice(0, n)]);
  }
}
