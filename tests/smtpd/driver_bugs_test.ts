/**
 * What a bug costs: one session, wherever it is.
 *
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import { discard } from "../../lib/deliver/discard.ts";
import type { Target } from "../../lib/deliver/target.ts";
import type { Services } from "../../lib/smtpd/services.ts";
import {
  codes,
  drivenFor,
  envelope,
  type Given,
  hello,
  nobody,
  settled,
  sleep,
  targetOf,
  text,
} from "./driven.ts";
import { FakeClient } from "./fake_client.ts";

/** Throws, as nothing should. */
const bug = (): never => {
  throw new Error("a bug");
};

/** A target whose messages count how often they are abandoned. */
function counting({ target, ...rest }: Partial<Services> = {}) {
  let abandoned = 0;
  const open: Target["open"] = (...about) => {
    const message = (target ?? discard()).open(...about);
    return Object.assign(message, { abandon: () => void abandoned++ });
  };
  const services = { ...rest, target: { ...discard(), ...target, open } };
  return { services, abandoned: () => abandoned };
}

const cases: Record<string, [given: Given, abandoned: number]> = {
  "ask": [{ config: { asks: true }, services: { ask: bug } }, 0],
  "ask, later": [{ config: { asks: true } }, 0],
  "open": [{ services: { target: { ...discard(), open: bug } } }, 0],
  "append": [{ services: { target: targetOf({ append: bug }) } }, 1],
  "append, later": [{ services: { target: targetOf({ append: nobody }) } }, 1],
  "the session": [{ config: { acceptsRecipientDomain: bug } }, 0],
};

for (const [where, [given, expected]] of Object.entries(cases)) {
  Deno.test(`a bug costs one session: ${where}`, async () => {
    const { services, abandoned } = counting(given.services);
    const client = new FakeClient(`${hello}${envelope}${text}QUIT\r\n`);
    const { exitCode, ends, stop } = drivenFor(client, { ...given, services });
    await assertRejects(() => exitCode, Error);
    assertEquals([client.closed, ends.length], [1, 1]);
    stop();
    await settled();
    assertEquals([client.closed, ends.length], [1, 1]);
    assertEquals(abandoned(), expected);
  });
}

Deno.test(
  "a bug costs one session: behind replies that were waited for",
  async () => {
    const client = new FakeClient(
      `${hello}${"VRFY x\r\n".repeat(90)}${envelope}QUIT\r\n`,
    );
    client.take(100);
    const { exitCode } = drivenFor(client, {
      config: { acceptsRecipientDomain: bug },
    });
    while (client.unsent === 0) await sleep(0);
    client.take(Infinity);
    await assertRejects(() => exitCode, Error, "a bug");
    assertEquals(client.closed, 1);
  },
);

Deno.test("a bug costs one session: while it ends", async () => {
  const client = new FakeClient(`${hello}${envelope}DATA\r\nSubject: x\r\n`);
  const { exitCode, stop } = drivenFor(client, {
    services: { target: targetOf({ abandon: bug }) },
  });
  while (client.unread > 0) await sleep(0);
  await settled();
  stop();
  await assertRejects(() => exitCode, Error, "a bug");
  assertEquals(codes(client)!.at(-1), "421");
  assertEquals(client.closed, 1);
});
