/**
 * What attackers do, for attackers.ts: `attack.ts KIND PORT TLS_PORT` goes on
 * until it is ended. Each attacker has an address of its own, and the name
 * server is theirs.
 *
 * @module
 */
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import {
  type Answer,
  DnsServer,
  encodeName,
  ptr,
  txt,
  type Zone,
} from "../../tests/support/dns_server.ts";

/** Where the attackers' name server listens, port 53. */
export const nameServer = "127.9.9.9";
const attackers = 20;
/** Users that have mailboxes, for them to write to. */
export const attacked = Array.from({ length: 990 }, (_, i) => `u${i}`);
/** An attacker that is turned away comes back so soon. */
const againMs = 20;

interface Target {
  readonly port: number;
  readonly tlsPort: number;
}

/** One attacker's life; resolves or throws when it has to begin again. */
type Attack = (from: string, target: Target) => Promise<void>;

/** A socket that waits to be heard, or not. */
class Attacker {
  received = "";
  readonly gone: Promise<void>;
  #heard = () => {};

  private constructor(readonly socket: Socket) {
    socket.on("data", (bytes) => {
      this.received += bytes;
      this.#heard();
    });
    this.gone = new Promise((resolve) => socket.on("close", () => resolve()));
    this.gone.then(() => this.#heard());
    socket.on("error", () => {}); // "close" comes after it
  }

  static open(localAddress: string, port: number): Attacker {
    return new Attacker(connect({ host: "127.0.0.1", port, localAddress }));
  }

  static openTls(localAddress: string, port: number): Attacker {
    const socket = connect({ host: "127.0.0.1", port, localAddress });
    socket.on("error", () => {}); // the encrypted one has it too
    return new Attacker(connectTls({ socket, rejectUnauthorized: false }));
  }

  /** Says a line when its turn has come; resolves to the reply. */
  async say(line: string, code = /^\d{3} .*\r\n/m): Promise<string> {
    this.received = "";
    if (line !== "") await this.write(`${line}\r\n`);
    while (!code.test(this.received)) {
      if (this.socket.destroyed) throw new Error("turned away");
      await new Promise<void>((resolve) => this.#heard = resolve);
    }
    return this.received;
  }

  write(text: string): Promise<void> {
    return new Promise((resolve) => {
      if (this.socket.write(text)) resolve();
      else {
        this.socket.once("drain", () => resolve());
        this.gone.then(resolve);
      }
    });
  }
}

const pause = (ms: number) => new Promise((over) => setTimeout(over, ms));

/** Opens, and says nothing. */
const idle: Attack = async (from, { port }) => {
  await Attacker.open(from, port).gone;
};

const resets: Attack = (from, { port }) => {
  const { socket } = Attacker.open(from, port);
  return new Promise((resolve) => {
    socket.once("connect", () => {
      socket.resetAndDestroy();
      resolve();
    });
    socket.once("error", () => resolve());
  });
};

const harmless: Attack = async (from, { port }) => {
  const attacker = Attacker.open(from, port);
  await attacker.say("");
  while (!attacker.socket.destroyed) {
    await attacker.write("EHLO a.example\r\nNOOP\r\nRSET\r\n".repeat(300));
  }
};

const recipients: Attack = async (from, { port }) => {
  const attacker = Attacker.open(from, port);
  await attacker.say("");
  await attacker.say("EHLO a.example");
  await attacker.say("MAIL FROM:<a@a.example>");
  for (const user of attacked) {
    await attacker.say(`RCPT TO:<${user}@localhost>`);
  }
  await attacker.say("DATA");
  const line = `${"x".repeat(78)}\r\n`;
  await attacker.write(line.repeat(1000));
  while (!attacker.socket.destroyed) {
    await attacker.write(line.repeat(8));
    await pause(1000);
  }
};

/** Long messages without a pause. */
const messages: Attack = async (from, { port }) => {
  const attacker = Attacker.open(from, port);
  await attacker.say("");
  await attacker.say("EHLO a.example");
  const text = `Subject: x\r\n\r\n${`${"x".repeat(78)}\r\n`.repeat(12_000)}.`;
  for (;;) {
    await attacker.say("MAIL FROM:<a@a.example>");
    await attacker.say("RCPT TO:<u0@localhost>");
    await attacker.say("DATA");
    await attacker.say(text);
  }
};

const silence: Attack = async (from, { port }) => {
  const attacker = Attacker.open(from, port);
  await attacker.say("");
  await attacker.say("EHLO a.example");
  await attacker.say("MAIL FROM:<a@a.example>");
  await attacker.say("RCPT TO:<u0@localhost>");
  await attacker.say("DATA");
  while (!attacker.socket.destroyed) {
    await attacker.write("x");
    await pause(1000);
  }
};

/** A name and a local part that a record makes work of. */
const macros: Attack = async (from, { port }) => {
  const attacker = Attacker.open(from, port);
  await attacker.say("");
  await attacker.say(`EHLO ${"h".repeat(2000)}`);
  for (const domain of ["names", "parts", "includes"]) {
    await attacker.say(`MAIL FROM:<${"l".repeat(200)}@${domain}.example>`);
    await attacker.say("RCPT TO:<u0@localhost>");
    await attacker.say("RSET");
  }
};

/** Signatures, and heads that are slow to read. */
const heads: Attack = async (from, { port }) => {
  const attacker = Attacker.open(from, port);
  await attacker.say("");
  await attacker.say("EHLO a.example");
  const signature = "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; " +
    "d=names.example; s=k; h=from:from:from; bh=abc; b=abc\r\n";
  const head = `From: a@a.example\r\n${signature.repeat(300)}` +
    `X: ${" ".repeat(900)}x\r\n`.repeat(200);
  const text = `${head}\r\n${` \t `.repeat(250)}\r\n`;
  for (;;) {
    await attacker.say("MAIL FROM:<a@a.example>");
    await attacker.say("RCPT TO:<u0@localhost>");
    await attacker.say("DATA");
    await attacker.say(`${text.repeat(20)}\r\n.`);
  }
};

/** Comes and goes: each time its name is looked up. */
const names: Attack = async (from, { port }) => {
  const attacker = Attacker.open(from, port);
  await attacker.say("");
  await attacker.say("QUIT");
};

const passwords: Attack = async (from, { tlsPort }) => {
  const attacker = Attacker.openTls(from, tlsPort);
  await attacker.say("");
  await attacker.say("EHLO a.example");
  const guess = btoa("\0ann\0guess");
  for (;;) await attacker.say(`AUTH PLAIN ${guess}`);
};

const handshakes: Attack = async (from, { tlsPort }) => {
  const attacker = Attacker.openTls(from, tlsPort);
  await attacker.say("");
  attacker.socket.destroy();
};

export const attacks: Record<string, Attack> = {
  idle,
  resets,
  harmless,
  recipients,
  messages,
  silence,
  macros,
  heads,
  names,
  passwords,
  handshakes,
};

/** 64 kB of names that all end in the same 120 labels; they are `pointerAt`. */
function longNames(pointerAt: number): Answer {
  const labels = Array.from({ length: 120 }, () => "x").join(".");
  const first = encodeName(labels);
  return {
    type: "truncated",
    records: [
      { type: "PTR", data: first },
      // Each is a pointer to the first one's labels.
      ...Array.from({ length: 4600 }, (_, i) => ({
        type: "PTR" as const,
        data: new Uint8Array([1, 97 + i % 26, 0xc0, pointerAt]),
      })),
    ],
  };
}

function zone(): Zone {
  const all: Zone = {
    "names.example TXT": txt(`v=spf1 redirect=x.${"%{h}".repeat(20)}!`),
    "parts.example TXT": txt(`v=spf1 exists:${"%{l}".repeat(55)}.example -all`),
    "includes.example TXT": txt("v=spf1 include:includes.example ~all"),
  };
  for (let i = 1; i <= attackers; i++) {
    const name = `${i}.0.1.127.in-addr.arpa`;
    // After the header, the question, and the head of the first record.
    const first = 12 + encodeName(name).length + 4 + 12;
    all[`${name} PTR`] = kind === "names" ? longNames(first) : ptr("a.example");
  }
  return all;
}

const [kind, ...ports] = Deno.args;

if (import.meta.main) {
  const [port, tlsPort] = ports.map(Number);
  new DnsServer(nameServer, zone());
  for (let i = 1; i <= attackers; i++) {
    const from = `127.1.0.${i}`;
    (async () => {
      for (;;) {
        await attacks[kind](from, { port, tlsPort }).catch(() =>
          pause(againMs)
        );
      }
    })();
  }
}
