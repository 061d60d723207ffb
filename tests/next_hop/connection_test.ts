/**
 * A next hop that answers byte by byte, and ever so slowly, has no more time
 * than one that says nothing.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { toBytes } from "../../lib/base/bytes.ts";
import type { Receiver, Stream } from "../../lib/base/stream.ts";
import type { Refusal } from "../../lib/mail/answers.ts";
import { Ticker } from "../../lib/net/deadlines.ts";
import { HopConnection } from "../../lib/next_hop/connection.ts";

class FakeHop implements Stream {
  receiver: Receiver | null = null;
  readBytes = 0;
  paused = false;
  unsent = 0;

  open(receiver: Receiver): void {
    this.receiver = receiver;
  }

  says(text: string): void {
    this.receiver!.received(toBytes(text));
  }

  write(): void {}
  endWriting(): void {}
  linger(): void {}
  close(): void {}
  what(): string {
    return "a next hop";
  }
}

const client = {
  ...{ ip: "192.0.2.1", port: 1, host: null, helo: null, user: null },
  protocol: "ESMTP",
  local: { ip: "192.0.2.2", port: 25 },
} as const;

const beginning = {
  ...{ sender: "a@b.example", sizeBytes: 0, eightBit: false, utf8: false },
  client,
};

function connected() {
  const hop = new FakeHop(), clock = new Ticker(true);
  const connection = new HopConnection(
    hop,
    {
      protocol: "smtp",
      name: "gate.example",
      startTls: "never",
      credentials: null,
      mayLogInClear: false,
      xclient: false,
    },
    (stream) => Promise.resolve(stream),
    () => {},
    clock,
  );
  return { hop, clock, connection };
}

/** The seconds until it gives up a hop that says a byte each second. */
function patience(
  { hop, clock, connection }: ReturnType<typeof connected>,
): number {
  for (let seconds = 0; seconds < 1000; seconds++) {
    if (connection.lost) return seconds;
    hop.says(seconds === 0 ? "250-" : "x");
    clock.advance();
  }
  return Infinity;
}

Deno.test("a reply that drips has no more time than one that does not come", async () => {
  const greeting = connected();
  assertEquals(patience(greeting), 31);
  assertEquals(greeting.connection.lost?.enhanced, "4.4.2");

  const asked = connected();
  const { hop, connection } = asked;
  hop.says("220 hop.example\r\n");
  hop.says("250 hop.example\r\n");
  assertEquals(await connection.ready(), null);
  connection.begin(beginning);
  const answer = connection.recipient("c@d.example");
  hop.says("250 ok\r\n"); // to MAIL; RCPT has a time of its own
  assertEquals(patience(asked), 61);
  assertEquals((await answer as Refusal).enhanced, "4.4.2");
});

Deno.test("a text that is not read is given up, whatever is said meanwhile", async () => {
  const stuck = connected();
  const { hop, connection } = stuck;
  for (const line of ["220 hop.example", "250 hop.example"]) {
    hop.says(`${line}\r\n`);
  }
  connection.begin(beginning);
  const answer = connection.recipient("c@d.example");
  hop.says("250 ok\r\n");
  hop.says("250 ok\r\n");
  assertEquals(await answer, null);
  const asked = connection.data();
  hop.says("354 go ahead\r\n");
  assertEquals(await asked, null);
  hop.unsent = 1;
  const taken = connection.write(toBytes("x"));
  assertEquals(patience(stuck), 121);
  await taken;
});
