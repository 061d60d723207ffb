/**
 * A client that takes its time: how long it is waited for, and how it is left.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { discard } from "../../lib/deliver/discard.ts";
import { noOffers } from "../../lib/smtp/commands.ts";
import {
  codes,
  drivenFor,
  driverTest,
  envelope,
  hello,
  nobody,
  sleep,
  targetOf,
  text,
} from "./driven.ts";
import { FakeClient } from "./fake_client.ts";

for (const last of ["NOOP", "QUIT", "STARTTLS", "GET / HTTP/1.1"]) {
  driverTest(
    `a reply that is never read is not written for ever: ${last}`,
    async () => {
      const client = new FakeClient(`${last}\r\n`);
      client.take("220 mx.example.org ESMTP\r\n".length);
      const { exitCode } = drivenFor(client, {
        config: { offers: { ...noOffers, startTls: true } },
        patience: { idleSeconds: 1 },
      });
      assertEquals(await exitCode, 1);
      assertEquals(client.closed, 1);
    },
  );
}

for (const leaving of ["resets", "is silent"]) {
  driverTest(
    `a message that cannot be abandoned costs one session: a client that ${leaving}`,
    async () => {
      const client = new FakeClient(
        `${hello}${envelope}DATA\r\nSubject: x\r\n`,
      );
      if (leaving === "resets") client.leave();
      const { exitCode, ends } = drivenFor(client, {
        services: {
          target: targetOf({
            commit: nobody,
            abandon: () => Promise.reject(new Error("still there")),
          }),
        },
        patience: { idleSeconds: 1 },
      });
      await assertRejects(() => exitCode, Error, "still there");
      assertEquals([client.closed, ends.length], [1, 1]);
    },
  );
}

driverTest(
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

driverTest(
  "a target that takes its time is not the client's idleness",
  async () => {
    let isFirst = true;
    const client = new FakeClient(
      `${hello}${envelope}DATA\r\n${"x\r\n".repeat(2500)}.\r\nQUIT\r\n`,
    );
    const { exitCode } = drivenFor(client, {
      services: {
        target: targetOf({
          append: () => {
            const wait = isFirst ? sleep(4000) : undefined;
            isFirst = false;
            return wait;
          },
        }),
      },
      patience: { idleSeconds: 1 },
    });
    assertEquals(await exitCode, 0);
    assertEquals(/ok 1\r\n/.test(client.heard), true, client.heard);
  },
);

driverTest(
  "after a long answer too a client that does not read is left",
  async () => {
    const client = new FakeClient(`${hello}${envelope}DATA\r\n`);
    const { exitCode } = drivenFor(client, {
      services: {
        target: {
          ...discard(),
          open: async (...about) => {
            client.take(0);
            await sleep(4000);
            return discard().open(...about);
          },
        },
      },
      patience: { idleSeconds: 1 },
    });
    assertEquals(await exitCode, 1);
    assertEquals(codes(client), ["220"]);
  },
);

driverTest(
  "a client that never reads the last reply is left when the session's time is over",
  async () => {
    const client = new FakeClient("QUIT\r\n");
    client.take(30);
    const { exitCode } = drivenFor(client, { patience: { sessionSeconds: 1 } });
    assertEquals(await exitCode, 1);
  },
);

driverTest("a session whose time is over says so", async () => {
  const client = new FakeClient(hello);
  const { exitCode } = drivenFor(client, { patience: { sessionSeconds: 1 } });
  assertEquals(await exitCode, 1);
  assertEquals(codes(client), ["220", "250", "451"]);
});
