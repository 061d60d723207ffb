/**
 * Real next hops whose processes are killed in the middle of everything:
 * whatever a client heard 250 for is there, whole. Clients send again what they
 * heard no answer to, as mail servers do, so that a message may be there twice;
 * each copy has its own attempt, and each attempt but the last was not answered.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type Dovecot, dovecotPeers, withDovecot } from "../support/dovecot.ts";
import { withGate } from "../support/gate.ts";
import {
  greeted,
  named,
  namesIn,
  send,
  serve,
  trusted,
} from "../support/passing_on.ts";
import { inFolder, needing, until } from "../support/peers.ts";
import { childrenNamed } from "../support/processes.ts";
import { runs } from "../support/random.ts";
import { freePort, postfix, type Relay, withRelay } from "../support/relays.ts";

const rounds = runs(200, 5);
const clients = 5;
const mostBytes = 20_000;

/** What became of the attempts to send each message. */
class Sent {
  readonly acknowledged = new Set<string>();
  /** Attempts, by the message's digest. */
  readonly attempts = new Map<string, number>();

  /** Sends message after message, each until it is acknowledged. */
  async go(port: number, goesOn: () => boolean): Promise<void> {
    while (goesOn()) {
      const { digest, text } = await randomMessage();
      while (!this.acknowledged.has(digest)) {
        const client = await greeted(port);
        this.attempts.set(digest, (this.attempts.get(digest) ?? 0) + 1);
        const replies = await send(client, ["ann@ours.example"], text);
        if (replies.at(-1)?.startsWith("250 2.0.0")) {
          this.acknowledged.add(digest);
        }
        client.close();
      }
    }
  }

  /** Whether all that was acknowledged is among the texts. */
  isIn(texts: readonly string[]): boolean {
    const there = new Set(texts.map(nameIn));
    return [...this.acknowledged].every((each) => there.has(each));
  }

  /** @param texts all that is there, as it lies there */
  async check(texts: readonly string[]): Promise<void> {
    const copies = new Map<string, number>();
    for (const text of texts) {
      const named = nameIn(text);
      const body = text.replaceAll("\r\n", "\n").split("\n\n").slice(1)
        .join("\n\n");
      assertEquals(await digestOf(body), named, "it is whole");
      copies.set(named!, (copies.get(named!) ?? 0) + 1);
    }
    const lost = [...this.acknowledged].filter((each) => !copies.has(each));
    assertEquals(lost, []);
    let more = 0;
    for (const [digest, count] of copies) {
      assert(count <= this.attempts.get(digest)!, "no copy without an attempt");
      more += count - 1;
    }
    const attempts = [...this.attempts.values()].reduce((a, b) => a + b, 0);
    console.log(
      `${rounds} rounds: ${this.acknowledged.size} messages acknowledged in ` +
        `${attempts} attempts, 0 lost, ${more} twice`,
    );
    // By chance none of a few rounds was in the middle of a message.
    assert(rounds < 50 || attempts > this.acknowledged.size);
  }
}

async function randomMessage(): Promise<{ digest: string; text: string }> {
  const bytes = crypto.getRandomValues(
    new Uint8Array(1 + Math.floor(Math.random() ** 4 * mostBytes)),
  );
  const body = bytes.toHex().replace(/.{1,70}/g, ".$&\n");
  const digest = await digestOf(body);
  const text = `Subject: ${digest}\r\n\r\n${body.replaceAll("\n", "\r\n")}`;
  return { digest, text };
}

/** The digest that a message is to have. */
const nameIn = (text: string) => /^Subject: (\S+)\r?$/m.exec(text)?.[1];

async function digestOf(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

/** Kills some of what `victims` finds, while mail goes on. */
async function killing(
  sent: Sent,
  port: number,
  victims: () => readonly number[],
): Promise<void> {
  let isOver = false;
  const all = Promise.all(
    Array.from({ length: clients }, () => sent.go(port, () => !isOver)),
  );
  all.catch(() => isOver = true); // it is told below
  try {
    for (let round = 0; round < rounds && !isOver; round++) {
      const before = sent.acknowledged.size;
      // Whoever kills what has just begun has its master wait with the next.
      await until("there is one", () => victims().length > 0);
      const old = victims();
      await until("mail goes on", () => sent.acknowledged.size > before + 5);
      // Anywhere between two messages or within one.
      await new Promise((over) => setTimeout(over, Math.random() * 10));
      const [first, ...others] = old;
      const some = others.filter(() => Math.random() < 0.5);
      for (const pid of [first, ...some]) {
        try {
          Deno.kill(pid, "SIGKILL");
        } catch {
          // It has ended by itself.
        }
      }
    }
  } finally {
    isOver = true;
    await all;
  }
}

Deno.test(
  needing(
    { peers: dovecotPeers, root: true },
    `${rounds} times Dovecot's LMTP is killed`,
  ),
  () =>
    inFolder((folder) =>
      withDovecot(folder, async (dovecot: Dovecot) => {
        const deliver = `lmtp:unix:${dovecot.path}`;
        const options = [...serve, ...named, "--deliver", deliver];
        const sent = new Sent();
        const victims = () => childrenNamed(dovecot.pid, "lmtp");
        await withGate(options, {}, async (gate) => {
          // Once one has ended well, it starts others without delay.
          await send(await greeted(gate.port), ["full@ours.example"]);
          for (const pid of victims()) Deno.kill(pid, "SIGTERM");
          await killing(sent, gate.port, victims);
        });
        await sent.check(dovecot.stored("ann"));
      })
    ),
);

/** It begins again soon what was killed; the server behind it has no TLS. */
const patientPostfix: Relay = {
  ...postfix,
  async prepare(route) {
    const command = await postfix.prepare(route);
    await Deno.writeTextFile(
      `${route.folder}/etc/main.cf`,
      "service_throttle_time = 1s\nsmtp_tls_security_level = none\n",
      { append: true },
    );
    return command;
  },
};

Deno.test(
  needing(
    { peers: postfix.peers, root: true },
    `${rounds} times Postfix's smtpd and cleanup are killed`,
  ),
  () =>
    inFolder(async (folder) => {
      const stored = `${folder}/Maildir/new`;
      const last = [
        ...[...serve, "--me", "mx.example", "--rcpthosts", "ours.example"],
        ...["--deliver", `maildir:${folder}/Maildir`],
      ];
      await withGate(last, {}, async (mx) => {
        await Deno.mkdir(`${folder}/relay`);
        const port = freePort();
        const route = { folder: `${folder}/relay`, port, next: mx.port };
        await withRelay(patientPostfix, route, async (pid) => {
          const options = [
            ...[...serve, ...named, "--deliver", `smtp:127.0.0.1:${port}`],
          ];
          const sent = new Sent();
          await withGate(
            options,
            trusted,
            (gate) =>
              killing(
                sent,
                gate.port,
                () => [
                  ...childrenNamed(pid, "smtpd"),
                  ...childrenNamed(pid, "cleanup"),
                ],
              ),
          );
          const texts = () =>
            namesIn(stored).map((name) =>
              Deno.readTextFileSync(`${stored}/${name}`)
            );
          // What a killed cleanup leaves in its queue is no message.
          await until("all are there", () => sent.isIn(texts()), 60);
          await sent.check(texts());
        });
      });
    }),
);
