/**
 * A client that takes its time: how long it is waited for, and how it is left.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { discard } from "../../lib/deliver/discard.ts";
import { noOffers } from "../../lib/smtp/commands.ts";
import { until } from "../support/peers.ts";
import {
  codes,
  drivenFor,
  envelope,
  hello,
  nobody,
  slow,
  targetOf,
  text,
} from "./driven.ts";
import { FakeClient } from "./fake_client.ts";

for (const last of ["NOOP", "QUIT", "STARTTLS", "GET / HTTP/1.1"]) {
  Deno.test(
    `a reply that is never read is not written for ever: ${last}`,
    async () => {
      const client = new FakeClient(`${last}\r\n`);
      client.take("220 mx.example.org ESMTP\r\n".length);
      const { exitCode, ends, pass } = drivenFor(client, {
        config: { offers: { ...noOffers, startTls: true } },
        patience: { idleSeconds: 9 },
      });
      await pass(9);
      assertEquals(ends, []);
      await pass(3);
      assertEquals(await exitCode, 1);
      assertEquals(client.closed, 1);
    },
  );
}

for (const leaving of ["resets", "is silent"]) {
  Deno.test(
    `a message that cannot be abandoned costs one session: a client that ${leaving}`,
    async () => {
      const client = new FakeClient(
        `${hello}${envelope}DATA\r\nSubject: x\r\n`,
      );
      if (leaving === "resets") client.leave();
      const { exitCode, ends, pass } = drivenFor(client, {
        services: {
          target: targetOf({
            commit: nobody,
            abandon: () => Promise.reject(new Error("still there")),
          }),
        },
        patience: { idleSeconds: 1 },
      });
      await pass(2);
      await assertRejects(() => exitCode, Error, "still there");
      assertEquals([client.closed, ends.length], [1, 1]);
    },
  );
}

Deno.test(
  "a stored message is acknowledged before the next takes its time",
  async () => {
    const client = new FakeClient(
      `${hello}${envelope}${text}${envelope}${text}QUIT\r\n`,
    );
    const heard: string[] = [];
    let committed = 0;
    const { exitCode } = drivenFor(client, {
      services: {
        target: targetOf({
          commit: async () => {
            await Promise.resolve();
            heard.push(client.heard);
            return { type: "stored", id: `${++committed}` };
          },
        }),
      },
    });
    assertEquals(await exitCode, 0);
    assertEquals(heard.length, 2);
    assertEquals(/ok 1\r\n/.test(heard[1]), true, heard[1]);
  },
);

Deno.test(
  "a target that takes its time is not the client's idleness",
  async () => {
    const step = slow<void>();
    const client = new FakeClient(
      `${hello}${envelope}DATA\r\n${"x\r\n".repeat(2500)}.\r\nQUIT\r\n`,
    );
    let isFirst = true;
    const { exitCode, pass } = drivenFor(client, {
      services: {
        target: targetOf({
          append: () => {
            const wait = isFirst ? step.answer() : undefined;
            isFirst = false;
            return wait;
          },
        }),
      },
      patience: { idleSeconds: 1 },
    });
    await until("the target has the word", () => step.asked.length === 1);
    await pass(4);
    step.asked[0]();
    assertEquals(await exitCode, 0);
    assertEquals(/ok 1\r\n/.test(client.heard), true, client.heard);
  },
);

Deno.test(
  "after a long answer too a client that does not read is left",
  async () => {
    const client = new FakeClient(`${hello}${envelope}DATA\r\n`);
    const opening = slow<void>();
    const { exitCode, ends, pass } = drivenFor(client, {
      services: {
        target: {
          ...discard(),
          open: async (...about) => {
            client.take(0);
            await opening.answer();
            return discard().open(...about);
          },
        },
      },
      patience: { idleSeconds: 1 },
    });
    await until("the target has the word", () => opening.asked.length === 1);
    await pass(4);
    opening.asked[0]();
    await pass(1);
    assertEquals(ends, []);
    await pass(3);
    assertEquals(await exitCode, 1);
    assertEquals(codes(client), ["220"]);
  },
);

Deno.test(
  "a client that never reads the last reply is left when the session's time is over",
  async () => {
    const client = new FakeClient("QUIT\r\n");
    client.take(30);
    const { exitCode, ends, pass } = drivenFor(client, {
      patience: { sessionSeconds: 9 },
    });
    await pass(9);
    assertEquals(ends, []);
    await pass(3);
    assertEquals(await exitCode, 1);
  },
);

Deno.test("a session whose time is over says so", async () => {
  const client = new FakeClient(hello);
  const { exitCode, pass } = drivenFor(client, {
    patience: { sessionSeconds: 1 },
  });
  await pass(2);
  assertEquals(await exitCode, 1);
  assertEquals(codes(client), ["220", "250", "451"]);
});
