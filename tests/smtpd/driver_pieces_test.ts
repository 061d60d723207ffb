/**
 * A client that says much and reads little has little kept for it.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { run, testConfig } from "../smtp/run.ts";
import {
  drivenFor,
  envelope,
  hello,
  settled,
  sleep,
  targetOf,
  text,
} from "./driven.ts";
import { FakeClient } from "./fake_client.ts";

/** Commands with replies long and short, so that their order can be seen. */
function chatter(bytes: number): string {
  const commands = ["EHLO x", "NOOP", "HELP", "EHLO x", "VRFY y", "RSET"];
  let said = "";
  for (let i = 0; said.length < bytes; i++) {
    said += `${commands[i * i % commands.length]}\r\n`;
  }
  return said;
}

/** Behind its text much is read at once. */
const message = `${hello}${envelope}DATA\r\n${"x\r\n".repeat(1000)}.\r\n`;
const greetings = "EHLO x\r\n".repeat(25);

/** Of replies; a session stops when it has said 4096, or a little more. */
const mostUnsentBytes = 5000;

for (
  const [where, said, asks] of [
    ["after the greeting", chatter(65536), false],
    ["behind a message", message + chatter(65536), false],
    [
      "with recipients that are asked about",
      message + `${greetings}${envelope}RSET\r\n`.repeat(250),
      true,
    ],
    [
      "with small messages",
      message + `${greetings}${envelope}${text}`.repeat(250),
      false,
    ],
  ] as const
) {
  Deno.test(`64 kB of commands ${where} are answered in pieces`, async () => {
    const input = said + "QUIT\r\n";
    const limits = { harmlessCommands: Infinity };
    const config = { ...testConfig, asks, limits };
    const { replies } = run(config, [input]);
    const client = new FakeClient(input);
    client.take(0);
    const { exitCode } = drivenFor(client, {
      config,
      services: {
        ask: () => Promise.resolve({ type: "accept" }),
        target: targetOf({ commit: () => ({ type: "stored", id: "77" }) }),
      },
    });
    for (let piece = 0; client.closed === 0; piece++) {
      while (client.unsent === 0 && client.closed === 0) await sleep(0);
      if (piece % 20 === 0) {
        const { unread, unsent } = client;
        await settled();
        assertEquals(client.unread, unread, "nothing is read meanwhile");
        assertEquals(client.unsent, unsent, "nothing is added meanwhile");
      }
      client.take(client.unsent); // and not a byte more
    }
    assertEquals(await exitCode, 0);
    assertEquals(client.heard === replies, true, "all of them, in their order");
    assert(client.mostUnsent < mostUnsentBytes, `${client.mostUnsent} bytes`);
  });
}
