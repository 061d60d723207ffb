/**
 * Routes, and next hops that do as a test wants: nothing acknowledged is lost,
 * whoever is killed, and one that stands still costs nobody else.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { TestGate, withGate } from "../support/gate.ts";
import { NextHop } from "../support/next_hop.ts";
import {
  codes,
  greeted,
  named,
  namesIn,
  send,
  serve,
  trusted,
} from "../support/passing_on.ts";
import { inFolder, needing, output, postern, until } from "../support/peers.ts";
import { runs } from "../support/random.ts";
import { freePort } from "../support/relays.ts";
import type { SmtpClient } from "../support/smtp_client.ts";

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

Deno.test(
  needing(
    { root: true },
    "passwords for next hops may be root's alone, whatever names these",
  ),
  () =>
    inFolder(async (folder) => {
      const hop = new NextHop({ offers: ["PIPELINING", "AUTH PLAIN"] });
      const auth = `${folder}/auth`, routes = `${folder}/routes`;
      await Deno.writeTextFile(auth, "* ann secret\n", { mode: 0o600 });
      await Deno.writeTextFile(routes, `else.example=${hop.target}\n`);
      const ids = ["-u65534", "-g65534"];
      const deliver = ["--deliver", "discard", "--relay-auth", auth];
      const ways = [
        ["--relay", hop.target],
        ["--routes", routes],
        // Another target that shares what was read.
        ["--relay", hop.target, "--route", `other.example=${hop.target}`],
      ];
      for (const way of ways) {
        for (const confined of ["--confine", "--no-confine"]) {
          const args = [
            ...[confined, ...ids, ...serve, ...named, ...deliver, ...way],
          ];
          const check = ["serve", "--check", ...args];
          const { code, stderr } = await output(postern, check, trusted);
          assertEquals([code, stderr], [0, ""]);
          const before = hop.lines.length;
          await withGate(args, trusted, async (gate) => {
            const client = await greeted(gate.port);
            assertEquals(
              codes(await send(client, ["a@else.example"])),
              ["250 2.1.5", "250 2.0.0"],
            );
            client.close();
          });
          assert(
            hop.lines.slice(before).some((line) => line.startsWith("AUTH ")),
          );
        }
      }
      hop.close();
    }),
);

Deno.test(
  needing({}, "a way that leads back to the gate by another address is seen"),
  async () => {
    const port = freePort();
    const target = `smtp:127.0.0.2:${port}`;
    const options = ["--deliver", "discard", "--relay", target];
    await withGate(
      ["-vRHl0", "0", `${port}`, "smtpd", ...named, ...options],
      trusted,
      async (gate) => {
        const client = await greeted(gate.port);
        for (let i = 0; i < 2; i++) {
          assertEquals(
            codes(await send(client, ["a@else.example", "a@ours.example"])),
            ["451 4.4.6", "250 2.1.5", "250 2.0.0"],
          );
        }
        await gate.logged(/warning: smtp:\S+ the next hop is this server/);
        client.close();
      },
    );
  },
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
      ...["--relay", hop.target, "--relay-connections", "50"],
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
      await until("they wait", () => hop.open === 50);
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
