/**
 * How slowly text may come, by a clock that the tests move.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import {
  codes,
  drivenFor,
  envelope,
  type Given,
  hello,
  settled,
  sleep,
  slow,
  targetOf,
} from "./driven.ts";
import { FakeClient } from "./fake_client.ts";

/** A clock that a test moves, in the place of the process's own. */
async function withClock(
  fn: (pass: (seconds: number) => void) => Promise<void>,
): Promise<void> {
  let now = 0;
  Object.defineProperty(performance, "now", {
    value: () => now,
    configurable: true,
  });
  try {
    await fn((seconds) => now += seconds * 1000);
  } finally {
    delete (performance as { now?: unknown }).now;
  }
}

/** The client of a message, and time that goes by between its pieces. */
function sendText(
  pieces: readonly [seconds: number, says: string][],
  given: Given = {},
): Promise<{ client: FakeClient; abandoned: number }> {
  return new Promise((resolve, reject) => {
    withClock(async (pass) => {
      let abandoned = 0;
      const client = new FakeClient(hello + envelope);
      const target = targetOf({ abandon: () => void abandoned++ });
      const { exitCode } = drivenFor(client, {
        services: { target },
        patience: { textBytesPerSecond: 500 },
        ...given,
      });
      for (const [seconds, says] of pieces) {
        await settled();
        pass(seconds);
        client.say(says);
      }
      client.leave();
      await exitCode;
      resolve({ client, abandoned });
    }).catch(reject);
  });
}

Deno.test("text that comes too slowly is not waited for", async () => {
  const { client, abandoned } = await sendText([
    [100, "DATA\r\n"],
    [0, "Subject: x\r\n"],
    [29, "\r\n"],
    [2, "x\r\n"],
    [0, ".\r\nQUIT\r\n"],
  ]);
  assertEquals(codes(client)!.slice(-2), ["354", "451"]);
  assertEquals(abandoned, 1);
});

Deno.test("text may come as slowly as it should", async () => {
  const { client, abandoned } = await sendText([
    [100, "DATA\r\n"],
    [0, "x".repeat(990) + "\r\n"],
    [31, "x".repeat(990) + "\r\n"], // 30, and what they take at 500 a second
    [2, "x".repeat(990) + "\r\n"],
    [0, ".\r\n"],
    [100, "QUIT\r\n"],
  ]);
  assertEquals(codes(client)!.slice(-3), ["354", "250", "221"]);
  assertEquals(abandoned, 0);
});

Deno.test("each message has a time of its own", async () => {
  const { client } = await sendText([
    [0, "DATA\r\n"],
    [0, "x\r\n"],
    [20, ".\r\n"],
    [0, `${envelope}DATA\r\n`],
    [0, "x\r\n"],
    [20, "x\r\n"],
    [0, ".\r\nQUIT\r\n"],
  ]);
  assertEquals(codes(client)!.filter((code) => code === "354").length, 2);
  assertEquals(codes(client)!.at(-1), "221");
});

Deno.test("a pause between two chunks is no slow text", async () => {
  const { client } = await sendText([
    [0, "BDAT 4\r\nx"],
    [0, "x\r\n"],
    [100, "BDAT 8 LAST\r\nx"],
    [0, "x"],
    [5, "xxxx\r\n"],
    [0, "QUIT\r\n"],
  ]);
  assertEquals(codes(client)!.slice(-3), ["250", "250", "221"]);
});

Deno.test(
  "a target that takes its time is not the client's slowness",
  () =>
    withClock(async (pass) => {
      const client = new FakeClient(`${hello}${envelope}DATA\r\n`);
      const step = slow<void>();
      const { exitCode } = drivenFor(client, {
        services: { target: targetOf({ append: step.answer }) },
        patience: { textBytesPerSecond: 500 },
      });
      for (const says of ["x".repeat(5000), "x", ".\r\nQUIT\r\n"]) {
        client.say(`${says}\r\n`.replace("\n\r\n", "\n"));
        while (client.unread > 0) await sleep(0);
        await settled();
        pass(60);
        step.asked.shift()?.();
      }
      await settled();
      step.asked.shift()?.();
      assertEquals(await exitCode, 0);
      assertEquals(codes(client)!.slice(-2), ["250", "221"]);
    }),
);
