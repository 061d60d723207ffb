/**
 * Milters, and rspamd, that are slow, gone or out of their minds.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type MilterFault, says, TestMilter, u32 } from "../support/milter.ts";
import {
  send,
  sendIn,
  serve,
  stored,
  withMilterGate,
} from "../support/milter_gate.ts";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, until } from "../support/peers.ts";
import { descriptorsIn } from "../support/processes.ts";
import { freePort } from "../support/relays.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const faults: [what: string, fault: MilterFault][] = [
  ["hangs up", "hang up"],
  ["stands still", "stall"],
  ["talks garbage", { bytes: "HTTP/1.1 400 Bad Request\r\n\r\n" }],
  ["says nothing of length 0", { bytes: u32(0) }],
  ["claims 4 GB", { bytes: `${u32(0xffffffff)}c` }],
  ["stops in the middle of a packet", { bytes: `${u32(9)}y55` }],
  ["answers what nobody knows", { bytes: `${u32(1)}Z` }],
  ["skips what cannot be skipped", { bytes: `${u32(1)}s` }],
];

for (const failure of ["defer", "accept"] as const) {
  Deno.test(
    needing({}, `a milter that fails at whatever stage: ${failure}`),
    () =>
      withMilterGate({
        smtpd: ["--filter-seconds", "1", "--filter-failure", failure],
      }, async ({ gate, milter, maildir }) => {
        const wanted = failure === "defer" ? /^451 4\.7\.1 / : /^250 /;
        const tried = faults.flatMap(([what, fault]) =>
          [..."CHMRTLNBE"].map((letter) => ({ what, fault, letter }))
        ).filter(({ what, letter }) =>
          !what.startsWith("skips") || "E".includes(letter)
        );
        // Each has a gate's session of its own; they do not wait for another.
        milter.manners = {
          script: (sender) => {
            const i = Number(/^<t(\d+)@/.exec(sender)?.[1] ?? NaN);
            const { letter, fault } = tried[i] ?? {};
            return letter === undefined ? {} : { at: { [letter]: fault } };
          },
        };
        let kept = 0;
        await inTurns(tried, 30, async ({ what, letter }, i) => {
          // Before MAIL it cannot know whose it is.
          if ("CH".includes(letter)) return;
          const sender = `t${i}@sender.example`;
          const said = await send(gate.port, { sender });
          assertMatch(said, wanted, `${what} at ${letter}`);
          kept++;
        });
        for (const { what, letter, fault } of tried) {
          if (!"CH".includes(letter) || fault === "stall") continue;
          milter.manners = { script: () => ({ at: { [letter]: fault } }) };
          if (what.startsWith("stops")) continue; // it takes its second
          assertMatch(await send(gate.port), wanted, `${what} at ${letter}`);
          kept++;
        }
        assertEquals(
          stored(maildir).length,
          failure === "defer" ? 0 : kept,
        );
        milter.manners = {};
        assertMatch(await send(gate.port), /^250 /);
        await gate.logged(/unable to ask milter:inet:[^]*it hung up/);
        await gate.logged(/no answer within 1 seconds/);
        await until("milters are left", () => milter.open === 0);
      }),
  );
}

/** So many at once. */
async function inTurns<T>(
  all: readonly T[],
  atOnce: number,
  act: (each: T, i: number) => Promise<void>,
): Promise<void> {
  const rest = all.entries();
  await Promise.all(Array.from({ length: atOnce }, async () => {
    for (const [i, each] of rest) await act(each, i);
  }));
}

Deno.test(
  needing(
    {},
    "a milter that negotiates as none does, and one that is not there",
  ),
  () =>
    inFolder(async (folder) => {
      const answers = [
        u32(13) + "O" + u32(99) + u32(0) + u32(0),
        u32(13) + "O" + u32(6) + u32(0x8000000) + u32(0),
        u32(5) + "O" + u32(6),
        "220 mx ESMTP\r\n",
        "",
      ];
      const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
      const { port } = listener.addr;
      const serving = (async () => {
        for await (const conn of listener) {
          const answer = answers.shift();
          if (answer !== undefined) {
            await conn.read(new Uint8Array(100));
            const bytes = Uint8Array.from(answer, (c) => c.charCodeAt(0));
            await conn.write(bytes).catch(() => {}); // it has left
          }
          conn.close();
        }
      })();
      await withGate(
        [...serve, "--milter", `127.0.0.1:${port}`, "--maildir", folder],
        {},
        async (gate) => {
          for (let i = answers.length; i > 0; i--) {
            assertMatch(await send(gate.port), /^451 4\.7\.1 /);
          }
          assertEquals(answers, []);
          listener.close();
          await serving;
          assertMatch(await send(gate.port), /^451 4\.7\.1 /);
          await gate.logged(/it speaks version 99/);
          await gate.logged(/it wants to do what we cannot/);
          await gate.logged(/it does not speak the milter protocol/);
          await gate.logged(/connection refused/);
        },
      );
    }),
);

for (const failure of ["defer", "accept"]) {
  Deno.test(
    needing({}, `who cannot be asked is told of once in a time: ${failure}`),
    async () => {
      const port = freePort();
      const address = `inet:127.0.0.1:${port}`;
      await withGate(
        [
          ...[...serve, "--deliver", "discard", "--mail-log", "stderr"],
          ...[
            "--milter",
            address,
            "--rspamd",
            `http://127.0.0.1:${freePort()}`,
          ],
          ...["--filter-failure", failure],
        ],
        {},
        async (gate) => {
          const troubles = (who: string) =>
            gate.log.split(`unable to ask ${who}: connection refused`).length -
            1;
          const answers = () =>
            gate.log.split(/filter=milter:.*remark="connection refused"/)
              .length -
            1;
          for (let i = 0; i < 3; i++) await send(gate.port);
          await until("all are told", () => answers() === 3);
          assertEquals(troubles(`milter:${address}`), 1);
          assertEquals(troubles("rspamd"), failure === "accept" ? 1 : 0);
          const milter = new TestMilter({ port });
          await send(gate.port);
          milter.close();
          for (let i = 0; i < 3; i++) await send(gate.port);
          await until("all are told", () => answers() === 6);
          assertEquals(troubles(`milter:${address}`), 2);
          assertEquals(troubles("rspamd"), 1);
        },
      );
    },
  );
}

Deno.test(
  needing({}, "a milter that is restarted between messages of a session"),
  async () => {
    const port = freePort();
    const milters = [new TestMilter({ port })];
    await withGate(
      [...serve, "--milter", `127.0.0.1:${port}`, "--deliver", "discard"],
      {},
      async (gate) => {
        const client = await SmtpClient.connect(gate.port);
        await client.reply();
        await client.ask("EHLO client.example");
        assertMatch(await sendIn(client), /^250 /);
        milters[0].close();
        assertMatch(await sendIn(client), /^451 4\.7\.1 /);
        await client.ask("RSET");
        milters.push(new TestMilter({ port }));
        assertMatch(await sendIn(client), /^250 /);
        // It hung up while the session was idle: nobody hears of that.
        milters[1].hangUp();
        await until("it has hung up", () => milters[1].open === 0);
        assertMatch(await sendIn(client), /^250 /);
        client.close();
      },
    );
    milters[1].close();
  },
);

Deno.test(
  needing({}, "a milter that is at work has more time, one that drips has not"),
  () =>
    withMilterGate({
      smtpd: ["--filter-seconds", "1"],
    }, async ({ gate, milter, maildir }) => {
      const text = "X: 1\n".repeat(30) + "\n";
      milter.manners = { script: () => ({ delayMs: 100 }) };
      const since = performance.now();
      assertMatch(await send(gate.port, { text }), /^451 /);
      assert(performance.now() - since < 8000);
      assertEquals(stored(maildir), []);
      // Of what is said within the second there are five.
      milter.manners = {
        script: () => ({ at: { E: [["p"], ["p"], ["c"]] } }),
      };
      assertMatch(await send(gate.port), /^250 /);
    }),
);

Deno.test(
  needing({}, "a message that one filter has changed, and the next refuses"),
  () =>
    withMilterGate(
      {
        at: {
          E: [says.body("x".repeat(60_000)), says.body("y".repeat(60_000)), [
            "c",
          ]],
        },
      },
      async (first) => {
        await withMilterGate({
          at: { E: [["r"]] },
          gate: ["-1"],
          smtpd: ["--milter", first.milter.address],
          env: { TMPDIR: first.folder },
        }, async ({ gate, milter, folder }) => {
          milter.manners = {};
          first.milter.manners = {
            script: () => ({
              at: { E: [says.body("x".repeat(90_000)), ["r"]] },
            }),
          };
          assertMatch(await send(gate.port), /^550 /);
          first.milter.manners = {
            script: () => ({
              at: { E: [says.body("x".repeat(90_000)), ["c"]] },
            }),
          };
          milter.manners = {
            script: () => ({
              at: { E: [says.body("y".repeat(90_000)), ["c"]] },
            }),
          };
          assertMatch(await send(gate.port), /^250 /);
          assertEquals(stored(`${folder}/Maildir`).length, 1);
          assertEquals(descriptorsIn(first.folder, gate.child.pid), 0);
        });
      },
    ),
);
