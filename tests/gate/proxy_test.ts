/**
 * The PROXY header on a socket: however it comes, it is taken whole, and
 * nothing that is behind it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { concat } from "../../lib/base/bytes.ts";
import { type Ends, readProxyHeader } from "../../lib/gate/proxy.ts";
import { closeDescriptor } from "../../lib/sys/descriptors.ts";
import { eventLoop } from "../../lib/sys/event_loop.ts";
import {
  endSending,
  receive,
  reset,
  send,
  tcpPair,
} from "../support/socket_pair.ts";
import { gateTest } from "./desk.ts";

const local = { ip: "127.0.0.1", port: 25 };
const remote = { ip: "127.0.0.1", port: 50000 };

const bytesOf = (text: string) => new TextEncoder().encode(text);

const v1 = bytesOf("PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n");
const signature = bytesOf("\r\n\r\n\0\r\nQUIT\n");
const v2 = concat([
  signature,
  new Uint8Array([0x21, 0x11, 0, 12]),
  new Uint8Array([192, 0, 2, 7, 192, 0, 2, 1, 0x12, 0x67, 0, 25]),
]);
const v2Local = concat([signature, new Uint8Array([0x20, 0, 0, 0])]);

const client: Ends = {
  local: { ip: "192.0.2.1", port: 25 },
  remote: { ip: "192.0.2.7", port: 4711 },
  byHeader: true,
};
const proxy: Ends = { local, remote, byProxy: true };

/** A connection whose header is being read, and its proxy's end. */
function connect() {
  const { ours, peer } = tcpPair();
  let peerOpen = true;
  return {
    reading: () => readProxyHeader({ fd: ours, local, remote }),
    say: (bytes: Uint8Array<ArrayBuffer>) =>
      assertEquals(send(peer, bytes), bytes.length),
    hangUp: () => endSending(peer),
    leave: (how: (fd: number) => void) => {
      peerOpen = false;
      how(peer);
    },
    /** What is left for whoever serves the connection. */
    rest: () => {
      const bytes = receive(ours, 100);
      return typeof bytes === "string"
        ? bytes
        : new TextDecoder().decode(bytes);
    },
    [Symbol.dispose]() {
      closeDescriptor(ours);
      if (peerOpen) closeDescriptor(peer);
    },
  };
}

/** Resolves when the loop has told what there is to tell. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await new Promise<void>((over) => eventLoop.defer(over));
  }
}

for (
  const [name, header, ends] of [
    ["version 1", v1, client],
    ["version 2", v2, client],
    ["version 1, UNKNOWN", bytesOf("PROXY UNKNOWN x y\r\n"), proxy],
    ["version 2, LOCAL", v2Local, proxy],
    [
      "version 1, of the proxy itself",
      bytesOf("PROXY TCP4 127.0.0.1 127.0.0.1 50000 25\r\n"),
      { local, remote, byHeader: true, byProxy: true },
    ],
  ] as [string, Uint8Array<ArrayBuffer>, Ends][]
) {
  Deno.test(gateTest(`a header in one piece: ${name}`), async () => {
    using c = connect();
    c.say(header);
    assertEquals(await c.reading(), ends);
    assertEquals(c.rest(), "");
  });

  Deno.test(gateTest(`a header with data behind it: ${name}`), async () => {
    using c = connect();
    c.say(concat([header, bytesOf("EHLO x\r\nQUIT\r\n")]));
    assertEquals(await c.reading(), ends);
    assertEquals(c.rest(), "EHLO x\r\nQUIT\r\n");
  });

  Deno.test(gateTest(`a header byte by byte: ${name}`), async () => {
    using c = connect();
    let isRead = false;
    const reading = c.reading().finally(() => isRead = true);
    for (let i = 0; i < header.length; i++) {
      await settled();
      assertEquals(isRead, false, `after ${i} bytes`);
      c.say(header.subarray(i, i + 1));
    }
    assertEquals(await reading, ends);
    assertEquals(c.rest(), "");
  });

  Deno.test(gateTest(`a header, then a hang-up: ${name}`), async () => {
    using c = connect();
    c.say(concat([header, bytesOf("x")]));
    c.hangUp();
    assertEquals(await c.reading(), ends);
    assertEquals([c.rest(), c.rest()], ["x", "ended"]);
  });

  Deno.test(gateTest(`half a header, then a hang-up: ${name}`), async () => {
    using c = connect();
    const reading = c.reading();
    c.say(header.subarray(0, header.length - 1));
    await settled();
    c.hangUp();
    assertEquals(await reading, null);
  });
}

Deno.test(gateTest("what is no header is none at once"), async () => {
  for (
    const wrong of [
      "EHLO x\r\n",
      "PROXY TCP4 192.0.2.7\r\n",
      `PROXY ${"x".repeat(200)}`,
      "\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c",
    ]
  ) {
    using c = connect();
    c.say(bytesOf(wrong));
    assertEquals(await c.reading(), null, wrong);
  }
});

Deno.test(
  gateTest("a proxy that leaves without a word has sent none"),
  async () => {
    for (const how of [closeDescriptor, reset]) {
      using before = connect();
      before.leave(how);
      assertEquals(await before.reading(), null);
      using c = connect();
      const reading = c.reading();
      await settled();
      c.leave(how);
      assertEquals(await reading, null);
    }
  },
);

Deno.test(
  gateTest("a descriptor whose header was read is watched no more"),
  async () => {
    using c = connect();
    const before = eventLoop.watched;
    const reading = c.reading();
    assertEquals(eventLoop.watched, before + 1);
    c.say(v1);
    await reading;
    assertEquals(eventLoop.watched, before);
  },
);
