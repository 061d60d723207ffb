/**
 * How a session leaves its client: gently where that may still talk, and would
 * hear a reset; and who asks too much has to wait.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { until } from "../support/peers.ts";
import {
  codes,
  drivenFor,
  envelope,
  hello,
  settled,
  targetOf,
  text,
} from "./driven.ts";
import { FakeClient } from "./fake_client.ts";

/** What is said, then who leaves, and whether the client is left gently. */
const ends: [what: string, says: string, leaves: boolean, lingers: number][] = [
  ["too many errors", "X\r\n".repeat(20), false, 1],
  ["HTTP", "GET / HTTP/1.1\r\n", false, 1],
  ["a bare LF in a command", "NOOP\n", false, 1],
  [
    "a text that is refused",
    `${hello}${envelope}DATA\r\nx\ny\r\n.\r\nQUIT\r\n`,
    false,
    1,
  ],
  ["QUIT", `${hello}QUIT\r\n`, false, 0],
  ["a client that hangs up", hello, true, 0],
];

for (const [what, says, leaves, lingers] of ends) {
  Deno.test(`${what}: the client is ${lingers ? "" : "not "}listened to yet`, async () => {
    const client = new FakeClient(says);
    if (leaves) client.leave();
    const { exitCode, ends } = drivenFor(client);
    await exitCode;
    await settled();
    assertEquals([client.lingered, client.closed, ends.length], [
      lingers,
      1,
      1,
    ]);
  });
}

Deno.test("qmail-smtpd listens to nobody whom it leaves", async () => {
  const client = new FakeClient(`${envelope}DATA\r\nx\n`);
  const { exitCode } = drivenFor(client, { config: { classic: true } });
  assertEquals([await exitCode, client.lingered], [1, 0]);
  assertEquals(codes(client)!.at(-1), "451");
});

for (
  const [says, lingers] of [[hello, 0], [
    `${envelope}DATA\r\nx\r\n`,
    1,
  ]] as const
) {
  const where = lingers ? "in a text" : "between commands";
  Deno.test(`a session that is to end ${where} listens ${lingers ? "yet" : "no more"}`, async () => {
    const client = new FakeClient(says);
    const { stop, exitCode } = drivenFor(client);
    await until("it is read", () => client.unread === 0);
    await settled();
    stop();
    await exitCode;
    assertEquals(client.lingered, lingers);
  });
}

Deno.test("a text that is refused and stands still is left in seconds", async () => {
  const client = new FakeClient(`${envelope}DATA\r\nx\n.\r\n`);
  let abandoned = 0;
  const { exitCode, pass, ends } = drivenFor(client, {
    patience: { idleSeconds: 300 },
    services: { target: targetOf({ abandon: () => void abandoned++ }) },
  });
  await settled();
  assertEquals([codes(client)!.at(-1), abandoned, ends], ["354", 1, []]);
  await pass(3);
  client.say("more\r\n");
  await pass(4);
  assertEquals(ends, [], "it is no slower than it has to be");
  await pass(3);
  assertEquals(await exitCode, 1);
  assertEquals(codes(client)!.at(-1), "554");
  assertEquals(codes(client)!.filter((code) => code === "554").length, 1);
});

Deno.test("refused recipients beyond their limit wait, and spoil nothing", async () => {
  const refused = "RCPT TO:<x@elsewhere.example>\r\n";
  const client = new FakeClient(
    `${hello}${envelope}${refused.repeat(3)}${text}`,
  );
  const limits = { refusedRecipients: 1, errors: 1 };
  drivenFor(client, { config: { limits } });
  await settled();
  const before = codes(client)!;
  assertEquals(before.slice(-2), ["250", "553"]);
  await until(
    "all is answered",
    () =>
      codes(client)!.at(-1) === "250" && codes(client)!.length > before.length,
  );
  assertEquals(codes(client)!.slice(before.length), [
    "553",
    "553",
    "354",
    "250",
  ]);
});

Deno.test("a session that is to end makes nobody wait", async () => {
  const refused = "RCPT TO:<x@elsewhere.example>\r\n";
  const client = new FakeClient(`${envelope}${refused.repeat(20)}`);
  const { stop, exitCode } = drivenFor(client, {
    config: { limits: { refusedRecipients: 1 } },
  });
  await until("it waits", () => client.unread === 0);
  await settled();
  stop();
  assertEquals(await exitCode, 1);
  assertEquals(codes(client)!.at(-1), "421");
});
