/**
 * Clients that say little or nothing where they should: what they owe is not
 * waited for longer than what comes slowly.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { noOffers } from "../../lib/smtp/commands.ts";
import { testConfig } from "../smtp/run.ts";
import {
  codes,
  drivenFor,
  envelope,
  type Given,
  hello,
  settled,
  targetOf,
} from "./driven.ts";
import { FakeClient } from "./fake_client.ts";

/** The client of a test, and time that goes by. */
interface Course {
  readonly client: FakeClient;
  readonly ends: string[];
  /** Seconds go by, by both clocks: ticks, and the process's own. */
  pass(seconds: number): Promise<void>;
  /** Bytes come, so many seconds apart. */
  trickle(text: string, seconds: number): Promise<void>;
}

async function course(
  given: Given,
  fn: (course: Course) => Promise<void>,
): Promise<void> {
  let now = 0;
  Object.defineProperty(performance, "now", {
    value: () => now,
    configurable: true,
  });
  try {
    const client = new FakeClient();
    const { ends, tick } = drivenFor(client, {
      ...given,
      patience: {
        idleSeconds: 60,
        textBytesPerSecond: 500,
        ...given.patience,
      },
    });
    const passBoth = async (seconds: number) => {
      await settled();
      for (; seconds > 0 && ends.length === 0; seconds--) {
        now += 1000;
        tick();
      }
      await settled();
    };
    await fn({
      client,
      ends,
      pass: passBoth,
      async trickle(text, seconds) {
        for (const byte of text) {
          if (ends.length > 0) return;
          client.say(byte);
          await passBoth(seconds);
        }
      },
    });
  } finally {
    delete (performance as { now?: unknown }).now;
  }
}

const last = (client: FakeClient) => codes(client)!.at(-1);

for (
  const [what, says] of [
    ["DATA", "DATA\r\n"],
    ["a chunk", "BDAT 9\r\n"],
    ["a chunk that has begun", "BDAT 900 LAST\r\nSubject: x\r\n"],
    ["text that has begun", "DATA\r\nSubject: x\r\n"],
  ] as const
) {
  Deno.test(`silence after ${what} is text that is too slow`, async () => {
    let abandoned = 0;
    const target = targetOf({ abandon: () => void abandoned++ });
    await course({ services: { target } }, async (c) => {
      c.client.say(hello + envelope + says);
      await c.pass(29);
      assertEquals(c.ends, []);
      await c.pass(4);
      assertEquals([c.ends, last(c.client), abandoned], [["1"], "451", 1]);
    });
  });
}

Deno.test("silence in a chunk that is not taken is one, too", () =>
  course({}, async (c) => {
    c.client.say(`${hello}BDAT 5000\r\nx`);
    await c.pass(33);
    assertEquals([c.ends, last(c.client)], [["1"], "451"]);
  }));

Deno.test("a client that is silent in text is left though it hears nothing", () =>
  course({}, async (c) => {
    c.client.say(hello + envelope);
    await settled();
    c.client.take(0);
    c.client.say("DATA\r\nx");
    await c.pass(35);
    assertEquals([c.ends, c.client.closed], [["1"], 1]);
  }));

Deno.test("all chunks of a message have half a minute together", () =>
  course({}, async (c) => {
    c.client.say(hello + envelope);
    for (let i = 0; i < 3; i++) {
      c.client.say("BDAT 2\r\n");
      await c.pass(8);
      c.client.say("xx");
      await c.pass(15); // no text is due
    }
    assertEquals(last(c.client), "250");
    c.client.say("BDAT 2\r\n");
    await c.pass(10);
    assertEquals([c.ends, last(c.client)], [["1"], "451"]);
  }));

Deno.test("a message before does not make the next one slow", () =>
  course({}, async (c) => {
    c.client.say(hello);
    for (let i = 0; i < 3; i++) {
      c.client.say(`${envelope}DATA\r\nx\r\n`);
      await c.pass(20);
      c.client.say(".\r\n");
      await c.pass(1);
    }
    assertEquals([c.ends, last(c.client)], [[], "250"]);
  }));

Deno.test("without a least rate, text may be as silent as commands", () =>
  course({ patience: { textBytesPerSecond: 0 } }, async (c) => {
    c.client.say(`${hello}${envelope}DATA\r\n`);
    await c.pass(59);
    assertEquals(c.ends, []);
    await c.pass(5);
    assertEquals([c.ends, last(c.client)], [["1"], "451"]);
  }));

Deno.test("a command line that trickles has no more time than one", () =>
  course({}, async (c) => {
    await c.trickle("NOOP x", 9); // 54 seconds since its first byte
    assertEquals(c.ends, []);
    await c.trickle("xxxxxx", 9);
    assertEquals([c.ends, codes(c.client)], [["1"], ["220", "451"]]);
  }));

Deno.test("each line of a client that trickles has its own time", () =>
  course({}, async (c) => {
    for (let i = 0; i < 2; i++) await c.trickle("NOOP\r\n", 9);
    assertEquals([c.ends, codes(c.client)!.length], [[], 3]);
  }));

Deno.test("an answer to a challenge that trickles has no more time", () =>
  course(
    {
      config: {
        offers: { ...noOffers, auth: true },
        connection: { ...testConfig.connection, encrypted: true },
      },
    },
    async (c) => {
      c.client.say(`${hello}AUTH LOGIN\r\n`);
      await settled();
      assertEquals(last(c.client), "334");
      await c.trickle("am9lam9lam9l", 9);
      assertEquals([c.ends, last(c.client)], [["1"], "451"]);
    },
  ));

Deno.test("qmail-smtpd's patience begins anew with each byte", () =>
  course(
    { config: { classic: true }, patience: { textBytesPerSecond: 0 } },
    async (c) => {
      await c.trickle("NOOP x\r\n", 20);
      assertEquals([c.ends, codes(c.client)], [[], ["220", "250"]]);
    },
  ));
