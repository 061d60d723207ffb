/**
 * Many and large messages that filters are shown: in bounded memory, and nobody
 * else waits.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  send,
  sendIn,
  serve,
  stored,
  taken,
  withMilterGate,
} from "../support/milter_gate.ts";
import { says, TestMilter } from "../support/milter.ts";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, until } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

/** Of a process, in megabytes. */
function megabytes(pid: number, what: "VmHWM" | "VmRSS"): number {
  const status = Deno.readTextFileSync(`/proc/${pid}/status`);
  return Number(new RegExp(`${what}:\\s*(\\d+) kB`).exec(status)![1]) / 1024;
}

const long = `Subject: a\n\n${`${"x".repeat(76)}\n`.repeat(330_000)}`;

Deno.test(
  needing(
    {},
    "messages of 25 MB, three at once, go through a milter in bounded memory",
  ),
  () =>
    withMilterGate({
      smtpd: ["--databytes", "0"],
    }, async ({ gate, milter, maildir }) => {
      assertMatch(await send(gate.port), /^250 /);
      const before = megabytes(gate.child.pid, "VmHWM");
      taken(maildir);
      // It need not keep them.
      milter.manners = {
        script: () => ({
          at: { B: [["s"]], E: [says.add("X-Seen", "1"), ["c"]] },
        }),
      };
      const said = await Promise.all(
        Array.from({ length: 3 }, () => send(gate.port, { text: long })),
      );
      for (const each of said) assertMatch(each, /^250 /);
      const after = megabytes(gate.child.pid, "VmHWM");
      assert(after - before < 60, `${after - before} MB more`);
      const wanted = long.replace("\n\n", "\nX-Seen: 1\n\n");
      for (const text of stored(maildir)) assert(text.endsWith(`\n${wanted}`));
      assertEquals(stored(maildir).length, 3);
    }),
);

Deno.test(
  needing({}, "a message of 1000 recipients goes through a milter"),
  () =>
    withMilterGate({
      smtpd: ["--max-recipients", "1000"],
    }, async ({ gate, milter, maildir }) => {
      const recipients = Array.from(
        { length: 1000 },
        (_, i) => `user${i}@example.org`,
      );
      assertMatch(await send(gate.port, { recipients }), /^250 /);
      assertEquals(
        milter.mails[0].recipients,
        recipients.map((each) => `<${each}>`),
      );
      assertEquals(stored(maildir).length, 1);
    }),
);

const many = 1000;

for (const what of ["milter", "rspamd"] as const) {
  Deno.test(
    needing({}, `${many} sessions wait for a ${what} that stands still`),
    () =>
      inFolder(async (folder) => {
        const milter = new TestMilter({
          path: `${folder}/socket`,
          script: (sender) => ({
            at: sender === "<b@sender.example>" ? { E: "stall" } : {},
          }),
        });
        const rspamd = Deno.listen({ hostname: "127.0.0.1", port: 0 });
        const held: Deno.Conn[] = [];
        const holding = (async () => {
          for await (const conn of rspamd) held.push(conn);
        })();
        const asked = what === "milter"
          ? ["--milter", milter.address]
          : ["--rspamd", `127.0.0.1:${rspamd.addr.port}`];
        await withGate(
          [
            ...["-c1100", "-b1000", ...serve, "--deliver", "discard"],
            ...[...asked, "--filter-seconds", "2"],
          ],
          {},
          async (gate) => {
            const { pid } = gate.child;
            const before = megabytes(pid, "VmRSS");
            const clients = await Promise.all(
              Array.from({ length: many }, async () => {
                const client = await SmtpClient.connect(gate.port);
                await client.reply();
                await client.ask("HELO x");
                return client;
              }),
            );
            const since = performance.now();
            let over = 0;
            const all = clients.map(async (client) => {
              const said = await sendIn(client, {
                sender: "b@sender.example",
                text: `Subject: a\n\n${"x\n".repeat(500)}`,
              });
              over++;
              return said;
            });
            // Nobody else waits: not for a greeting, nor for a refusal.
            await until("they are asked", () =>
              over > 0 || (
                what === "milter"
                  ? milter.mails.length >= 500
                  : held.length >= 50
              ));
            const other = await SmtpClient.connect(gate.port);
            assertMatch(await other.reply(), /^220 /);
            assertMatch(await other.ask("EHLO y"), /^250/);
            assertMatch(await other.ask("RCPT TO:<a@b>"), /^503 /);
            other.close();
            const during = megabytes(pid, "VmRSS");
            assert(during - before < 250, `${during - before} MB more`);
            for (const said of await Promise.all(all)) {
              assertMatch(said, /^451 4\.7\.1 /);
            }
            // Within its time, not one after the other.
            assert(performance.now() - since < 15_000);
            for (const each of clients) each.close();
            await until("all have left", () => milter.open === 0);
          },
        );
        rspamd.close();
        await holding;
        for (const each of held) each.close();
        milter.close();
      }),
  );
}

Deno.test(
  needing({}, "who stands in line for a milter is let in when others are done"),
  () =>
    withMilterGate({
      gate: ["-c200", "-b200"],
      smtpd: ["--filter-seconds", "20"],
      deliver: "discard",
      script: () => ({ delayMs: 20 }),
    }, async ({ gate }) => {
      const said = await Promise.all(
        Array.from({ length: 150 }, () => send(gate.port)),
      );
      for (const each of said) assertMatch(each, /^250 /);
    }),
);
