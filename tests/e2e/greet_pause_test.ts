/**
 * Clients that talk before they are greeted.
 *
 * @module
 */
import { createConnection, type Socket } from "node:net";
import { assertEquals, assertMatch } from "@std/assert";
import { type TestGate, withGate } from "../support/gate.ts";
import { needing } from "../support/peers.ts";

const serve = (seconds: string) => [
  ...["-RHl0", "-v", "127.0.0.1", "0", "smtpd", "--me", "mx.example.org"],
  ...["--deliver", "discard", "--rcpthosts", "example.org"],
  ...["--greet-pause", seconds],
];

/** Talks at once, or only when it is greeted; all that it hears. */
async function talk(
  gate: TestGate,
  ip: string,
  isHasty: boolean,
): Promise<string> {
  // Of addresses that are not this machine's first one.
  const socket = await new Promise<Socket>((connected) => {
    const options = { host: "127.0.0.1", port: gate.port, localAddress: ip };
    const socket = createConnection(options, () => connected(socket));
  });
  if (isHasty) socket.write("QUIT\r\n");
  let heard = "";
  for await (const bytes of socket) {
    heard += bytes;
    if (!isHasty && heard.startsWith("220") && !heard.includes("221")) {
      socket.write("QUIT\r\n");
    }
  }
  return heard;
}

Deno.test(
  needing({}, "who does not wait for the greeting hears 554"),
  () =>
    withGate(serve("0.5"), {}, async (gate) => {
      assertEquals(
        await talk(gate, "127.0.0.9", true),
        "554 5.5.1 you talked before you were greeted\r\n",
      );
      await gate.logged(
        / client\.refused .*client=127\.0\.0\.9 .*by=greet-pause /,
      );
      // It has not waited, and has to the next time.
      assertMatch(await talk(gate, "127.0.0.9", true), /^554 /);
      assertMatch(await talk(gate, "127.0.0.9", false), /^220 .*\r\n221 /);
      // Now it is known; and this machine is not in doubt.
      assertMatch(await talk(gate, "127.0.0.9", true), /^220 .*\r\n221 /);
      assertMatch(await talk(gate, "127.0.0.1", true), /^220 .*\r\n221 /);
    }),
);

Deno.test(
  needing({}, "who waits to be greeted holds nobody up"),
  () =>
    withGate(serve("30"), {}, async (gate) => {
      const waiting = talk(gate, "127.0.0.9", false);
      assertMatch(await talk(gate, "127.0.0.1", true), /^220 /);
      await gate.stop();
      assertEquals(await waiting, "");
    }),
);

Deno.test(
  needing({}, "a client that may relay is greeted at once"),
  () =>
    withGate(serve("30"), { env: { RELAYCLIENT: "" } }, async (gate) => {
      assertMatch(await talk(gate, "127.0.0.9", true), /^220 /);
    }),
);
