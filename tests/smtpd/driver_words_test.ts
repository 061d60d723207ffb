/**
 * Others who have the word, a policy or a target: nothing is received then, and
 * a session that is to end waits for it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { discard } from "../../lib/deliver/discard.ts";
import type { Message } from "../../lib/deliver/target.ts";
import type { Answer, Login } from "../../lib/mail/answers.ts";
import { noOffers } from "../../lib/smtp/commands.ts";
import { testConfig } from "../smtp/run.ts";
import { until } from "../support/peers.ts";
import {
  codes,
  drivenFor,
  envelope,
  type Given,
  hello,
  settled,
  slow,
  targetOf,
  text,
} from "./driven.ts";
import { stranger } from "../deliver/submitter.ts";
import { FakeClient } from "./fake_client.ts";

/** Each way to have the word: what leads to it, what ends it. */
function words() {
  const ask = slow<Answer>(), login = slow<Login>();
  const step = slow<void>(), stored = slow<{ type: "stored"; id: string }>();
  const opened = slow<Message>();
  const message = discard()
    .open({ sender: "", recipients: [] }, stranger) as Message;
  const encrypted = { ...testConfig.connection, encrypted: true };
  return {
    "a policy": {
      given: { config: { asks: true }, services: { ask: ask.answer } },
      says: `${hello}${envelope}`,
      word: () => ask.asked.shift()?.({ type: "accept" }),
      waits: ask.asked,
    },
    "a log-in": {
      given: {
        config: { connection: encrypted, offers: { ...noOffers, auth: true } },
        services: { authenticate: login.answer },
      },
      says: "AUTH PLAIN AGpvZQBzZWNyZXQ=\r\n",
      word: () => login.asked.shift()?.({ type: "ok" }),
      waits: login.asked,
    },
    "a target that opens": {
      given: { services: { target: { ...discard(), open: opened.answer } } },
      says: `${hello}${envelope}${text}`,
      word: () => opened.asked.shift()?.(message),
      waits: opened.asked,
    },
    "a target that takes text": {
      given: { services: { target: targetOf({ append: step.answer }) } },
      says: `${hello}${envelope}${text}`,
      word: () => step.asked.shift()?.(),
      waits: step.asked,
    },
    "a target that stores": {
      given: { services: { target: targetOf({ commit: stored.answer }) } },
      says: `${hello}${envelope}${text}`,
      word: () => stored.asked.shift()?.({ type: "stored", id: "1" }),
      waits: stored.asked,
    },
    "a target that forgets": {
      given: {
        config: { databytes: 1 },
        services: { target: targetOf({ abandon: step.answer }) },
      },
      says: `${hello}${envelope}${text}`,
      word: () => step.asked.shift()?.(),
      waits: step.asked,
    },
  } satisfies Record<string, {
    given: Given;
    says: string;
    word: () => void;
    waits: unknown[];
  }>;
}

for (const who of Object.keys(words()) as (keyof ReturnType<typeof words>)[]) {
  Deno.test(`nothing is received while ${who} has the word`, async () => {
    const { given, says, word, waits } = words()[who];
    const client = new FakeClient(says);
    const { exitCode } = drivenFor(client, given);
    await until("somebody has the word", () => waits.length === 1);
    client.say("NOOP\r\nQUIT\r\n");
    await settled();
    assertEquals([client.paused, client.unread], [true, 12]);
    word();
    assertEquals(await exitCode, 0);
    assertEquals(codes(client)!.slice(-2), ["250", "221"]);
  });

  Deno.test(
    `a session that is to end waits while ${who} has the word`,
    async () => {
      const { given, says, word, waits } = words()[who];
      const client = new FakeClient(`${says}NOOP\r\n${says}`);
      const { stop, exitCode, ends } = drivenFor(client, given);
      await until("somebody has the word", () => waits.length === 1);
      stop();
      stop();
      await settled();
      assertEquals([client.closed, ends], [0, []]);
      const before = codes(client)!;
      word();
      assertEquals(await exitCode, 1);
      assertEquals([client.closed, ends], [1, ["1"]]);
      assertEquals(waits.length, 0, "nothing is begun any more");
      // What was asked for is still told, if it was for the client.
      const told = codes(client)!.slice(before.length);
      assertEquals(told.at(-1), "421", `${told}`);
      assertEquals(told.filter((code) => code === "421").length, 1);
    },
  );
}

Deno.test(
  "a message that is being stored is acknowledged before the session ends",
  async () => {
    const { given, says, word, waits } = words()["a target that stores"];
    const client = new FakeClient(says);
    const { stop, exitCode } = drivenFor(client, given);
    await until("it is being stored", () => waits.length === 1);
    stop();
    word();
    assertEquals(await exitCode, 1);
    assertEquals(codes(client)!.slice(-2), ["250", "421"]);
    assertEquals(/ok 1\r\n421/.test(client.heard), true, client.heard);
  },
);
