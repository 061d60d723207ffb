/**
 * Accepting: as long as there are slots and descriptors, until it is closed.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Gate } from "../../lib/gate/gate.ts";
import { eventLoop } from "../../lib/sys/event_loop.ts";
import { SystemError } from "../../lib/sys/libc.ts";
import type { RawListener } from "../../lib/sys/listener.ts";
import { until } from "../support/peers.ts";
import { desk, gateTest, heard, HoldingServer, OpenDoor } from "./desk.ts";

const outOfDescriptors = new SystemError("accept", 24); // EMFILE
const clientHasGone = new SystemError("accept", 103); // ECONNABORTED

/** A gate that runs, on a listener that fails as a test wants it to. */
function open(limit = 40) {
  const server = new HoldingServer(false);
  const door = new OpenDoor();
  const d = desk(server, door.admission, { limit });
  const failures: Error[] = [];
  const listener: Pick<RawListener, "fd" | "address" | "accept" | "close"> = {
    fd: d.listener.fd,
    address: d.listener.address,
    close: () => d.listener.close(),
    accept: () => {
      const failure = failures.shift();
      if (!failure) return d.listener.accept();
      g.onFailure();
      throw failure;
    },
  };
  const gate = new Gate(listener as RawListener, d.reception, d.log.emit);
  const unwatched = eventLoop.watched;
  const running = gate.run();
  const g = {
    ...d,
    server,
    door,
    gate,
    running,
    failures,
    onFailure: () => {},
    /** Nothing else is watched here. */
    isWatching: () => eventLoop.watched > unwatched,
    connect: () => Deno.connect({ port: gate.port }),
    async close() {
      gate.close();
      await running;
    },
  };
  return g;
}

/** Resolves when the loop has told what there is to tell. */
async function settled(): Promise<void> {
  for (let i = 0; i < 5; i++) {
    await new Promise<void>((over) => eventLoop.defer(over));
  }
}

Deno.test(gateTest("a gate accepts nothing before it runs"), async () => {
  const server = new HoldingServer(false);
  using d = desk(server, new OpenDoor().admission);
  const gate = new Gate(d.listener, d.reception, d.log.emit);
  const client = await Deno.connect({ port: gate.port });
  await settled();
  assertEquals(server.held.length, 0);
  const running = gate.run();
  await until("it is accepted", () => server.held.length === 1);
  server.end();
  assertEquals(await heard(client), "");
  gate.close();
  await running;
});

Deno.test(gateTest("a gate accepts as long as there are slots"), async () => {
  const g = open(2);
  const clients = await Promise.all([1, 2, 3, 4, 5].map(() => g.connect()));
  for (let served = 2; served <= 5; served++) {
    await until("two are served", () => g.slots.active === 2);
    await settled();
    assertEquals([g.slots.active, g.isWatching()], [2, false]);
    assertEquals(g.door.entered, served);
    g.server.end();
  }
  await until("it waits for others", () => g.isWatching());
  assertEquals([g.slots.active, g.door.entered], [1, 5]);
  assertEquals(Math.max(...g.changes), 2);
  g.server.end();
  await Promise.all(clients.map(heard));
  await g.close();
});

Deno.test(
  gateTest("a closed gate lets those in who are there, and nobody else"),
  async () => {
    const g = open();
    g.gate.close();
    g.gate.close();
    const last = await g.connect(); // in the time of the last call
    await g.running;
    assertEquals(g.server.held.length, 1);
    await assertRejects(g.connect, Deno.errors.ConnectionRefused);
    g.server.end();
    assertEquals(await heard(last), "");
    await g.reception.empty();
  },
);

Deno.test(
  gateTest("a gate that is closed while its slots are full stays closed"),
  async () => {
    const g = open(1);
    const served = await g.connect(), waiting = await g.connect();
    await until("one is served", () => g.server.held.length === 1);
    await settled();
    await g.close();
    assertEquals(await heard(waiting), "", "the kernel's queue is no more");
    g.server.end(); // now there would be a slot
    await settled();
    assertEquals([g.server.held.length, g.slots.active], [0, 0]);
    assertEquals(g.isWatching(), false);
    assertEquals(await heard(served), "");
  },
);

Deno.test(
  gateTest("a lack of descriptors pauses accepting, and is complained of"),
  async () => {
    const g = open();
    g.failures.push(...Array(5).fill(outOfDescriptors));
    const since = performance.now();
    const client = await g.connect();
    await until("it is let in all the same", () => g.server.held.length === 1);
    const seconds = Math.floor((performance.now() - since) / 1000);
    const complaints = g.lines.filter((line) => line.startsWith("warning: "));
    const wrong = "warning: unable to accept: process file table is full";
    assertEquals(new Set(complaints), new Set([wrong]));
    assert(complaints.length <= 1 + seconds, `${complaints.length}`);
    g.server.end();
    await heard(client);
    await g.close();
  },
);

Deno.test(
  gateTest("a listener is not watched while accepting pauses"),
  async () => {
    const g = open();
    g.failures.push(outOfDescriptors);
    const watching = new Promise<boolean>((told) => {
      g.onFailure = () => queueMicrotask(() => told(g.isWatching()));
    });
    const client = await g.connect();
    assertEquals(await watching, false);
    await until("it is let in", () => g.server.held.length === 1);
    assertEquals(g.isWatching(), true);
    g.server.end();
    await heard(client);
    await g.close();
  },
);

Deno.test(
  gateTest("a gate that is closed while accepting pauses stays closed"),
  async () => {
    const g = open();
    g.failures.push(...Array(1000).fill(outOfDescriptors));
    const client = await g.connect();
    await until("it has failed", () => g.failures.length < 1000);
    await g.close();
    const left = g.failures.length;
    await new Promise((over) => setTimeout(over, 150)); // past the pause
    assertEquals(g.failures.length, left);
    assertEquals(g.isWatching(), false);
    assertEquals(await heard(client), "");
  },
);

Deno.test(
  gateTest(
    "a client that has gone before it was accepted is no reason to pause",
  ),
  async () => {
    const g = open();
    g.failures.push(clientHasGone);
    const watching = new Promise<boolean>((told) => {
      g.onFailure = () => queueMicrotask(() => told(g.isWatching()));
    });
    const client = await g.connect();
    assertEquals(await watching, true);
    await until("the next is let in", () => g.server.held.length === 1);
    assertEquals(g.lines.filter((line) => line.startsWith("warning: ")), []);
    g.server.end();
    await heard(client);
    await g.close();
  },
);
