/**
 * A socket as a stream, against a peer that the test plays by hand.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { Receiver } from "../../lib/base/stream.ts";
import { closeDescriptor, pipe, writeNow } from "../../lib/sys/descriptors.ts";
import { EPOLLIN, EPOLLOUT } from "../../lib/sys/epoll.ts";
import { eventLoop } from "../../lib/sys/event_loop.ts";
import { SocketStream } from "../../lib/sys/socket_stream.ts";
import { until } from "../support/peers.ts";
import { randomFrom } from "../support/random.ts";
import {
  endSending,
  nameOf,
  openNames,
  receive,
  reset,
  send,
  type SocketPair,
  tcpPair,
  unixPair,
} from "../support/socket_pair.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

/** A helper thread may end a moment later than the test that made it wait. */
const streamTest = (name: string, fn: () => void | Promise<void>) =>
  Deno.test({ name, sanitizeOps: false, sanitizeResources: false, fn });

/** More than a socket takes from somebody whose peer does not read. */
const muchBytes = 16 << 20;

/** Resolves when the loop has told what there is to tell. */
async function settled(): Promise<void> {
  for (let i = 0; i < 3; i++) {
    await new Promise<void>((over) => eventLoop.defer(over));
  }
}

/** A stream that keeps what it is told, and a peer. */
function connect(pair: SocketPair = tcpPair()) {
  const stream = new SocketStream(pair.ours);
  const told: string[] = [];
  const receiver: Receiver = {
    received: (bytes) => told.push(new TextDecoder().decode(bytes)),
    ended: () => told.push("(end)"),
    drained: () => told.push("(drained)"),
  };
  let calls = 0;
  const ready = stream.ready.bind(stream);
  stream.ready = (events) => {
    calls++;
    ready(events);
  };
  let peerOpen = true;
  return {
    stream,
    receiver,
    told,
    peer: pair.peer,
    /** How often the event loop has called. */
    calls: () => calls,
    say: (text: string) =>
      assertEquals(send(pair.peer, bytesOf(text)), text.length),
    leave: (how: (fd: number) => void = closeDescriptor) => {
      peerOpen = false;
      how(pair.peer);
    },
    [Symbol.dispose]() {
      stream.close();
      if (peerOpen) closeDescriptor(pair.peer);
    },
  };
}

/** Reads all that comes to a peer, in pieces, until `total` or the end. */
async function readAll(
  fd: number,
  total: number,
  piece = 65536,
): Promise<Uint8Array<ArrayBuffer>> {
  const all = new Uint8Array(new ArrayBuffer(total));
  let at = 0;
  await until(`${total} bytes`, async () => {
    for (let i = 0; i < 50 && at < total; i++) {
      const bytes = receive(fd, Math.min(piece, total - at));
      if (typeof bytes === "string") throw new Error(`${bytes} after ${at}`);
      all.set(bytes, at);
      at += bytes.length;
      if (bytes.length === 0) await settled();
    }
    return at === total;
  });
  return all;
}

for (const [kind, pair] of [["TCP", tcpPair], ["unix", unixPair]] as const) {
  streamTest(
    `a ${kind} stream gives bytes in pieces, then the end`,
    async () => {
      using c = connect(pair());
      c.stream.readBytes = 4;
      c.say("0123456789");
      c.stream.open(c.receiver);
      assertEquals(c.told, [], "nothing before open returns");
      await until("all has come", () => c.told.join("").length === 10);
      assertEquals(c.told, ["0123", "4567", "89"]);
      c.stream.readBytes = 100;
      c.say("0123456789");
      endSending(c.peer);
      await until("the end has come", () => c.told.includes("(end)"));
      assertEquals(c.told.slice(3), ["0123456789", "(end)"]);
      const calls = c.calls();
      c.stream.write(bytesOf("still")); // the other direction is open
      assertEquals(new TextDecoder().decode(await readAll(c.peer, 5)), "still");
      await settled();
      assertEquals(c.calls(), calls, "an end is no event any more");
    },
  );
}

streamTest("readBytes above what is read at once loses nothing", async () => {
  using c = connect(unixPair());
  let length = 0, most = 0;
  c.stream.readBytes = 1 << 20;
  c.stream.open({
    ...c.receiver,
    received(bytes) {
      length += bytes.length;
      most = Math.max(most, bytes.length);
    },
  });
  const bytes = new Uint8Array(100_000);
  const sent = send(c.peer, bytes);
  await until("all has come", () => length === sent);
  assert(most <= 65536);
});

streamTest(
  "nothing is received while paused, and nothing is lost",
  async () => {
    using c = connect();
    c.stream.readBytes = 3;
    c.stream.open({
      ...c.receiver,
      received(bytes) {
        c.receiver.received(bytes);
        c.stream.paused = true;
      },
    });
    c.say("abcdefgh");
    for (const expected of [["abc"], ["abc", "def"], ["abc", "def", "gh"]]) {
      await until("a piece has come", () => c.told.length === expected.length);
      await settled();
      assertEquals(c.told, expected);
      c.say("");
      c.stream.paused = false;
    }
  },
);

streamTest("pausing and resuming without a wait changes nothing", async () => {
  using c = connect();
  c.stream.paused = true;
  c.stream.open(c.receiver);
  c.say("a");
  await settled();
  assertEquals(c.told, []);
  for (let i = 0; i < 5; i++) {
    c.stream.paused = false;
    c.stream.paused = true;
  }
  await settled();
  assertEquals(c.told, []);
  c.stream.paused = false;
  await until("it has come", () => c.told.length > 0);
  assertEquals(c.told, ["a"]);
});

for (const how of ["end", "close", "reset"]) {
  streamTest(
    `a peer's ${how} while paused does not spin, and is told later`,
    async () => {
      using c = connect();
      c.stream.open(c.receiver);
      c.stream.paused = true;
      await settled();
      if (how === "end") endSending(c.peer);
      else c.leave(how === "reset" ? reset : closeDescriptor);
      for (let i = 0; i < 10; i++) await settled();
      assert(c.calls() <= 1, `${c.calls()} calls for nothing`);
      assertEquals(c.told, []);
      c.stream.paused = false;
      await until("the end is told", () => c.told.length > 0);
      const calls = c.calls();
      for (let i = 0; i < 10; i++) await settled();
      assertEquals(c.told, ["(end)"]);
      assertEquals(c.calls(), calls);
      c.stream.paused = true;
      c.stream.paused = false;
      await settled();
      assertEquals(c.told, ["(end)"], "told once");
    },
  );
}

streamTest(
  "a peer that reads nothing is not listened to until it does",
  async () => {
    using c = connect();
    c.stream.open(c.receiver);
    c.stream.write(new Uint8Array(muchBytes));
    const { unsent } = c.stream;
    assert(unsent > 0 && unsent < muchBytes, `${unsent}`);
    c.say("a question");
    await settled();
    assertEquals(c.told, []);
    const calls = c.calls();
    for (let i = 0; i < 10; i++) await settled();
    assertEquals(c.calls(), calls, "what is not wanted wakes nobody");
    await readAll(c.peer, muchBytes);
    await until("the question is heard", () => c.told.length === 2);
    assertEquals(c.told, ["(drained)", "a question"]);
    assertEquals(c.stream.unsent, 0);
  },
);

streamTest("drained() is told for each time that it had to wait", async () => {
  using c = connect();
  c.stream.open(c.receiver);
  for (let i = 1; i <= 3; i++) {
    c.stream.write(new Uint8Array(muchBytes));
    c.stream.write(bytesOf("more"));
    await readAll(c.peer, muchBytes + 4);
    await until("it is told", () => c.told.length === i);
    c.stream.write(bytesOf("little")); // is taken at once
    await readAll(c.peer, 6);
    await settled();
  }
  assertEquals(c.told, ["(drained)", "(drained)", "(drained)"]);
});

streamTest("what is written in drained() comes after the rest", async () => {
  using c = connect();
  let drained = 0;
  c.stream.open({
    ...c.receiver,
    drained() {
      if (++drained < 4) {
        c.stream.write(new Uint8Array(muchBytes).fill(drained));
      }
    },
  });
  c.stream.write(new Uint8Array(muchBytes));
  const all = await readAll(c.peer, 4 * muchBytes);
  await until("it is told", () => drained === 4);
  for (let i = 0; i < 4; i++) {
    const part = all.subarray(i * muchBytes, (i + 1) * muchBytes);
    assert(part.every((byte) => byte === i));
  }
});

streamTest("10 MB arrive in order at a peer that reads slowly", async () => {
  using c = connect();
  c.stream.open(c.receiver);
  const random = randomFrom(1);
  const all = new Uint8Array(10 << 20).map(() => random() * 256);
  // In pieces of all sizes, from one buffer that is used again at once.
  const buffer = new Uint8Array(new ArrayBuffer(300_000));
  let mostUnsent = 0;
  for (let at = 0; at < all.length;) {
    const length = Math.min(
      1 + Math.floor(random() * buffer.length),
      all.length - at,
    );
    buffer.set(all.subarray(at, at + length));
    c.stream.write(buffer.subarray(0, length));
    buffer.fill(0);
    at += length;
    mostUnsent = Math.max(mostUnsent, c.stream.unsent);
  }
  assert(mostUnsent > 0);
  const come = await readAll(c.peer, all.length, 10_000);
  const digest = async (bytes: Uint8Array<ArrayBuffer>) =>
    new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  assertEquals(await digest(come), await digest(all));
  await until("it is told", () => c.told.length > 0);
  assertEquals(c.told, ["(drained)"]);
});

streamTest(
  "what is written before open is sent, and what waits is told",
  async () => {
    using c = connect();
    c.stream.write(new Uint8Array(muchBytes));
    assert(c.stream.unsent > 0);
    c.say("early");
    await settled();
    assertEquals(c.calls(), 0);
    c.stream.open(c.receiver);
    await readAll(c.peer, muchBytes);
    await until("all is told", () => c.told.length === 2);
    assertEquals(c.told, ["(drained)", "early"]);
  },
);

for (const paused of [false, true]) {
  const when = paused ? ", after it is resumed" : "";
  streamTest(
    `a peer's reset while there is much to write is told once${when}`,
    async () => {
      using c = connect();
      c.stream.open(c.receiver);
      c.stream.paused = paused;
      c.stream.write(new Uint8Array(muchBytes));
      await settled();
      assert(c.stream.unsent > 0);
      c.leave(reset);
      await until("it is noticed", () => c.told.length > 0);
      assertEquals(c.stream.unsent, 0, "nobody waits for it");
      c.stream.write(new Uint8Array(muchBytes));
      assertEquals(c.stream.unsent, 0);
      c.stream.paused = false;
      await until("the end is told", () => c.told.includes("(end)"));
      const calls = c.calls();
      c.stream.write(new Uint8Array(muchBytes));
      for (let i = 0; i < 10; i++) await settled();
      assertEquals(c.told, ["(drained)", "(end)"]);
      assertEquals(c.calls(), calls);
    },
  );
}

streamTest("bytes before a reset or an end are received first", async () => {
  using c = connect(unixPair());
  c.stream.readBytes = 2;
  c.stream.open(c.receiver);
  c.stream.write(bytesOf("unread")); // so that closing is a reset
  c.say("abcd");
  c.leave();
  await until("the end is told", () => c.told.includes("(end)"));
  assert(["ab,cd,(end)", "(end)"].includes(c.told.join()), c.told.join());
  using d = connect();
  d.stream.readBytes = 2;
  d.stream.open(d.receiver);
  d.say("abcd");
  d.leave();
  await until("the end is told", () => d.told.includes("(end)"));
  assertEquals(d.told, ["ab", "cd", "(end)"]);
});

for (const during of ["received", "ended", "drained"] as const) {
  streamTest(`close() in ${during}() is the last that is told`, async () => {
    using c = connect();
    const name = nameOf(c.stream.fd);
    c.stream.readBytes = 1;
    c.stream.open({
      ...c.receiver,
      [during]() {
        c.told.push(during);
        c.stream.close();
        c.stream.write(bytesOf("is nothing"));
        c.stream.paused = true;
        c.stream.paused = false;
        c.stream.open(c.receiver);
      },
    });
    if (during === "drained") c.stream.write(new Uint8Array(muchBytes));
    if (during === "received") c.say("ab");
    if (during === "drained") await readAll(c.peer, muchBytes);
    endSending(c.peer);
    await until("it is told", () => c.told.length > 0);
    await settled();
    assertEquals(c.told, [during]);
    assertEquals(openNames().has(name), false);
    assertEquals(c.stream.unsent, 0);
  });
}

streamTest("close() while much is unsent leaves nothing behind", async () => {
  const before = eventLoop.watched;
  using c = connect();
  const name = nameOf(c.stream.fd);
  c.stream.open(c.receiver);
  c.stream.write(new Uint8Array(muchBytes));
  c.stream.close();
  assertEquals(c.stream.unsent, 0);
  assertEquals(eventLoop.watched, before);
  assertEquals(openNames().has(name), false);
  let come: ReturnType<typeof receive> = "ended";
  for (let i = 0; i < 1000; i++) {
    come = receive(c.peer, 1 << 20);
    if (typeof come === "string") break;
  }
  assertEquals(come, "ended");
  await settled();
  assertEquals(c.told, []);
});

streamTest(
  "close() again does not close whoever has the number now",
  async () => {
    using c = connect(unixPair());
    c.stream.open(c.receiver);
    await settled();
    c.stream.close();
    const pipes = [pipe(), pipe()]; // one end has the number, most likely
    c.stream.close();
    for (const { read, write } of pipes) {
      assert([read, write].every((fd) => nameOf(fd).startsWith("pipe:")));
      writeNow(write, bytesOf("x"));
      closeDescriptor(read);
      closeDescriptor(write);
    }
  },
);

streamTest("a stream that was never opened is closed all the same", () => {
  using c = connect();
  const name = nameOf(c.stream.fd);
  c.say("a");
  assert(openNames().has(name));
  c.stream.close();
  assertEquals(openNames().has(name), false);
});

streamTest("after close nothing is watched, whatever is asked", async () => {
  const before = eventLoop.watched;
  using c = connect();
  c.stream.open(c.receiver);
  c.stream.paused = true;
  c.say("a");
  await until("it is kept away", () => eventLoop.watched === before);
  c.stream.close();
  c.stream.paused = false;
  c.stream.open(c.receiver);
  c.stream.endWriting();
  assertEquals(eventLoop.watched, before);
  await settled();
  assertEquals(c.told, []);
});

streamTest("close() in drained() with bytes to read is the last", () => {
  using c = connect();
  c.stream.readsAlways = true;
  c.stream.open({
    ...c.receiver,
    drained() {
      c.told.push("drained");
      c.stream.close();
    },
  });
  c.stream.write(new Uint8Array(muchBytes));
  // As the event loop does where both have happened since it asked.
  for (let i = 0; !c.told.includes("drained") && i < 100_000; i++) {
    receive(c.peer, 1 << 20);
    c.say("a");
    c.stream.ready(EPOLLIN | EPOLLOUT);
  }
  assertEquals(c.told.at(-1), "drained");
});

streamTest("open() again hands the stream to another receiver", async () => {
  using c = connect();
  c.stream.readBytes = 1;
  const heard: string[] = [];
  const second: Receiver = {
    received: (bytes) => heard.push(new TextDecoder().decode(bytes)),
    ended: () => heard.push("(end)"),
    drained: () => heard.push("(drained)"),
  };
  c.stream.open({
    ...c.receiver,
    received(bytes) {
      c.receiver.received(bytes);
      c.stream.open(second);
    },
  });
  c.say("abc");
  endSending(c.peer);
  await until("the end is told", () => heard.includes("(end)"));
  assertEquals([c.told, heard], [["a"], ["b", "c", "(end)"]]);
  assertEquals(eventLoop.watched, 0);
});
