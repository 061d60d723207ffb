/**
 * Mail goes on: to Dovecot by LMTP, to other servers by SMTP. What the client
 * hears is what the next hop says, and nothing acknowledged is lost.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { makeCertificate } from "../support/certificate.ts";
import { dovecotPeers, withDovecot } from "../support/dovecot.ts";
import { TestGate, withGate } from "../support/gate.ts";
import { NextHop } from "../support/next_hop.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { runs } from "../support/random.ts";
import {
  exim,
  freePort,
  openSmtpd,
  postfix,
  withRelay,
} from "../support/relays.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const serve = ["-vRHl0", "-c1000", "127.0.0.1", "0", "smtpd"];
const named = ["--me", "gate.example", "--rcpthosts", "ours.example"];
const trusted = { env: { RELAYCLIENT: "" } };

async function greeted(port: number): Promise<SmtpClient> {
  const client = await SmtpClient.connect(port);
  assertMatch(await client.reply(), /^220/);
  assertMatch(await client.ask("EHLO client.example"), /^250/);
  return client;
}

/** The replies to all recipients, and to the text if one was taken. */
async function send(
  client: SmtpClient,
  recipients: readonly string[],
  text = "Subject: x\r\n\r\n.\r\nbody\r\n",
): Promise<string[]> {
  assertMatch(await client.ask("MAIL FROM:<a@sender.example>"), /^250/);
  const replies: string[] = [];
  for (const each of recipients) {
    replies.push(await client.ask(`RCPT TO:<${each}>`));
  }
  if (replies.some((reply) => reply.startsWith("250"))) {
    const reply = await client.ask("DATA");
    if (!reply.startsWith("354")) replies.push(reply);
    else {
      await client.send(text.replace(/^\./gm, "..") + ".\r\n");
      replies.push(await client.reply());
    }
  } else await client.ask("RSET");
  return replies;
}

const codes = (replies: readonly string[]) =>
  replies.map((reply) => reply.slice(0, 9));

Deno.test(
  needing(
    { peers: dovecotPeers, root: true },
    "Dovecot is asked while the client waits, and has the mail at 250",
  ),
  () =>
    inFolder((folder) =>
      withDovecot(folder, async (dovecot) => {
        for (
          const target of [
            `lmtp:127.0.0.1:${dovecot.port}`,
            `lmtp:unix:${dovecot.path}`,
          ]
        ) {
          const before = dovecot.stored("ann").length;
          await withGate(
            [...serve, ...named, "--deliver", target],
            {},
            async (gate) => {
              const client = await greeted(gate.port);
              for (let i = 0; i < 5; i++) {
                const replies = await send(client, [
                  "nobody@ours.example",
                  "full@ours.example",
                  "ann@ours.example",
                ]);
                assertEquals(codes(replies), [
                  "550 5.1.1",
                  "552 5.2.2",
                  "250 2.1.5",
                  "250 2.0.0",
                ]);
                assertEquals(dovecot.stored("ann").length, before + i + 1);
              }
              client.close();
            },
          );
        }
        const [text] = dovecot.stored("ann");
        assertMatch(text, /^Delivered-To: ann@ours\.example$/m);
        assertMatch(text, /\n\n\.\nbody\n$/);
      })
    ),
);

const count = 12;

for (const relay of [postfix, exim, openSmtpd]) {
  Deno.test(
    needing(
      { peers: ["openssl", ...relay.peers], root: true },
      `${relay.name} is a smart host, and passes on what it was given`,
    ),
    () =>
      inFolder(async (folder) => {
        const { certPath, keyPath } = await makeCertificate(folder);
        const stored = `${folder}/Maildir/new`;
        const last = [
          ...[...serve, "--me", "mx.example", "--rcpthosts", "to.example"],
          ...["--tls-cert", certPath, "--tls-key", keyPath],
          ...["--deliver", `maildir:${folder}/Maildir`],
        ];
        await withGate(last, {}, async (mx) => {
          await Deno.mkdir(`${folder}/relay`);
          const port = freePort();
          const route = { folder: `${folder}/relay`, port, next: mx.port };
          await withRelay(relay, route, async () => {
            const first = [
              ...[...serve, ...named, "--relay", `smtp:127.0.0.1:${port}`],
              ...["--deliver", `maildir:${folder}/none`],
            ];
            await withGate(first, trusted, async (gate) => {
              const client = await greeted(gate.port);
              for (let i = 0; i < count; i++) {
                const replies = await send(client, [`b${i}@to.example`]);
                assertEquals(codes(replies), ["250 2.1.5", "250 2.0.0"]);
              }
              client.close();
            });
            await until(
              `${count} messages are there`,
              () => namesIn(stored).length >= count,
              60,
            );
          });
        });
        const texts = namesIn(stored).map((name) =>
          Deno.readTextFileSync(`${stored}/${name}`)
        );
        assertEquals(texts.length, count);
        for (const text of texts) {
          assertMatch(text, relay.received);
          assertMatch(text, /\n\n\.\nbody\n$/);
        }
      }),
  );
}

function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return []; // there is none yet
  }
}

Deno.test(
  needing({}, "each domain goes its way, one to a message"),
  () =>
    inFolder(async (folder) => {
      const hop = new NextHop(), other = new NextHop();
      await Deno.writeTextFile(
        `${folder}/routes`,
        `# of our partners\n.deep.example=${other.target}\n`,
      );
      const options = [
        ...["--deliver", `maildir:${folder}/Maildir`, "--relay", hop.target],
        ...["--route", `special.example=${other.target}`],
        ...["--route", `ours.example=maildir:${folder}/Maildir`],
        ...["--routes", `${folder}/routes`],
      ];
      await withGate(
        [...serve, ...named, ...options],
        trusted,
        async (gate) => {
          const client = await greeted(gate.port);
          const ways: [string, () => number][] = [
            ["a@ours.example", () => namesIn(`${folder}/Maildir/new`).length],
            ["a@else.example", () => hop.messages.length],
            ["a@special.example", () => other.messages.length],
            ["a@very.deep.example", () => other.messages.length],
          ];
          for (const [recipient, arrived] of ways) {
            const before = arrived();
            const replies = await send(client, [recipient]);
            assertEquals(codes(replies), ["250 2.1.5", "250 2.0.0"], recipient);
            assertEquals(arrived(), before + 1, recipient);
          }
          // Two ways: the second is for a message of its own.
          assertEquals(
            codes(await send(client, ["b@else.example", "b@special.example"])),
            ["250 2.1.5", "452 4.5.3", "250 2.0.0"],
          );
          assertEquals(hop.messages.at(-1)!.recipients, ["b@else.example"]);
          // Two domains that go the same way are one message.
          assertEquals(
            codes(
              await send(client, ["c@special.example", "c@x.deep.example"]),
            ),
            ["250 2.1.5", "250 2.1.5", "250 2.0.0"],
          );
          client.close();
        },
      );
      hop.close();
      other.close();
    }),
);

Deno.test(
  needing({}, "who may relay has no way elsewhere until there is one"),
  () =>
    inFolder(async (folder) => {
      const deliver = ["--deliver", `maildir:${folder}/Maildir`];
      const all = [...serve, ...named, ...deliver];
      const checked = await output(
        postern,
        ["serve", "--check", ...all],
        trusted,
      );
      assertEquals(checked.code, 100);
      assertMatch(checked.stderr, /--relay TARGET/);
      await withGate(all, trusted, async (gate) => {
        await gate.logged(/clients may relay .* --relay TARGET/);
        const client = await greeted(gate.port);
        assertEquals(
          codes(await send(client, ["a@else.example", "a@ours.example"])),
          ["550 5.7.1", "250 2.1.5", "250 2.0.0"],
        );
        client.close();
      });
    }),
);

/** Sends numbered messages, without pause, until it is told to end. */
async function traffic(
  port: () => number,
  next: () => number,
  acknowledged: Set<number>,
  goesOn: () => boolean,
): Promise<void> {
  while (goesOn()) {
    try {
      const client = await greeted(port());
      for (let i = 0; i < 3 && goesOn(); i++) {
        const id = next();
        const text = `Subject: ${id}\r\n\r\n${"x".repeat(id % 900)}\r\n`;
        const replies = await send(client, ["a@else.example"], text);
        if (replies.at(-1)?.startsWith("250 2.0.0")) acknowledged.add(id);
      }
      client.close();
    } catch {
      // The gate was killed; a client comes again.
      await new Promise((over) => setTimeout(over, 5));
    }
  }
}

const rounds = runs(200, 6);

Deno.test(
  needing(
    {},
    `${rounds} times the gate is killed, and ${rounds} times its next hop`,
  ),
  async () => {
    const hop = new NextHop();
    const options = [
      ...[...serve, ...named, "--deliver", "discard"],
      ...["--relay", hop.target],
    ];
    let gate = await TestGate.start(options, trusted);
    let id = 0, isOver = false;
    const acknowledged = new Set<number>();
    const clients = Array.from(
      { length: 5 },
      () => traffic(() => gate.port, () => ++id, acknowledged, () => !isOver),
    );
    for (let round = 0; round < rounds; round++) {
      const before = acknowledged.size;
      await until("mail goes on", () => acknowledged.size > before + 5);
      await gate.stop("SIGKILL");
      gate = await TestGate.start(options, trusted);
      const since = acknowledged.size;
      await until("mail goes on", () => acknowledged.size > since + 5);
      await hop.hangUp();
    }
    isOver = true;
    await Promise.all(clients);
    await gate.stop();
    hop.close();
    const there = new Map<number, number>();
    for (const { text } of hop.messages) {
      const found = Number(/^Subject: (\d+)\r$/m.exec(text)![1]);
      assert(
        text.endsWith(`\r\n\r\n${"x".repeat(found % 900)}\r\n`),
        "it is whole",
      );
      there.set(found, (there.get(found) ?? 0) + 1);
    }
    const lost = [...acknowledged].filter((each) => !there.has(each));
    assertEquals(lost, []);
    // No client here sends a message again: what comes twice would be ours.
    assertEquals([...there.values()].filter((times) => times > 1), []);
  },
);

/** Clients who wait for a next hop. */
const many = runs(1000, 500);

Deno.test(
  needing(
    {},
    "a next hop that stands still costs its clients, and is used again",
  ),
  async () => {
    let isStill = false;
    const hop = new NextHop({
      fault: (step) => step === "mail" && isStill ? "silence" : null,
    });
    const options = [
      ...[...serve, ...named, "--deliver", "discard"],
      ...["--relay", hop.target, "--relay-connections", "5"],
    ];
    await withGate(options, trusted, async (gate) => {
      const client = await greeted(gate.port);
      const stored = ["250 2.1.5", "250 2.0.0"];
      assertEquals(codes(await send(client, ["a@else.example"])), stored);
      const waiting: SmtpClient[] = [];
      for (let i = 0; i < many; i++) waiting.push(await greeted(gate.port));
      isStill = true;
      const before = memoryKilobytes(gate.child.pid);
      for (const client of waiting) {
        await client.send(
          "MAIL FROM:<a@sender.example>\r\nRCPT TO:<a@else.example>\r\n",
        );
      }
      await until("they wait", () => hop.open === 5);
      const more = memoryKilobytes(gate.child.pid) - before;
      assert(more < many * 15, `${more} kB more for ${many} that wait`);
      // Mail for our own domain is not held up by it.
      assertEquals(codes(await send(client, ["a@ours.example"])), stored);
      isStill = false;
      await hop.hangUp();
      for (const each of waiting) {
        assertMatch(await each.reply(), /^250/);
        await each.reply(); // taken by now, or to be sent again
        each.close();
      }
      await until(
        "it is used again",
        async () =>
          codes(await send(client, ["a@else.example"])).at(-1) === "250 2.0.0",
      );
      client.close();
    });
    hop.close();
  },
);

function memoryKilobytes(pid: number): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]);
}
