/**
 * Connections that a protocol serves within this process.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { Connection } from "../../lib/base/connection.ts";
import type { Ending, Protocol, Serving } from "../../lib/base/protocol.ts";
import type { Receiver, Stream } from "../../lib/base/stream.ts";
import { ProtocolServer } from "../../lib/gate/protocol_server.ts";
import type { TlsAccess } from "../../lib/net/tls_access.ts";
import { until } from "../support/peers.ts";
import { nameOf } from "../support/socket_pair.ts";
import {
  connect,
  connectionOf,
  desk,
  gateTest,
  heard,
  isOpen,
  OpenDoor,
} from "./desk.ts";

const ip = "127.0.0.1";

/** One that is served until the test, or a `stop`, ends it. */
class Session implements Serving {
  stopped = 0;

  constructor(
    readonly stream: Stream,
    readonly connection: Connection,
    readonly ending: Ending,
  ) {}

  end(exitCode: number): void {
    this.stream.close();
    this.ending.ended(exitCode);
  }
  fail(): void {
    this.stream.close();
    this.ending.broken(new Error("a bug"));
  }
  stop(): void {
    this.stopped++;
  }
}

class Sessions implements Protocol {
  readonly replies = [];
  readonly descriptors = 0;
  readonly all: Session[] = [];
  refreshed = 0;
  isBroken = false;
  /** Ends each before it is known to be served. */
  isQuick = false;

  prepare = () => Promise.resolve();
  problems = () => Promise.resolve([]);
  refresh(): void {
    this.refreshed++;
  }
  serve(stream: Stream, connection: Connection, ending: Ending): Serving {
    if (this.isBroken) throw new Error("a bug");
    const session = new Session(stream, connection, ending);
    this.all.push(session);
    if (this.isQuick) session.end(1);
    return session;
  }
}

/** Says what a TLS handshake comes to. */
class FakeTls {
  refreshed = 0;
  asked: { stream: Stream; ip: string }[] = [];
  answer!: (secured: Stream | null | Promise<never>) => void;

  secure(stream: Stream, _seconds: number, ip: string) {
    this.asked.push({ stream, ip });
    return new Promise<Stream | null>((answer) => this.answer = answer);
  }
  refresh(): void {
    this.refreshed++;
  }
}

/** A reception whose connections a protocol gets. */
function sessions(tls: FakeTls | null = null) {
  const door = new OpenDoor();
  const protocol = new Sessions();
  const access = tls as unknown as TlsAccess | null;
  const server = new ProtocolServer(protocol, access);
  return Object.assign(desk(server, door.admission), {
    door,
    protocol,
    server,
  });
}

for (const exitCode of [0, 1]) {
  Deno.test(gateTest(`a session ends with exit code ${exitCode}`), async () => {
    using d = sessions();
    const client = await d.client();
    assertEquals(d.lines, [`1 from ${ip}`, `ok 1 ${ip}`]);
    d.protocol.all[0].end(exitCode);
    assertEquals(await heard(client), "");
    assertEquals(d.lines.slice(2), [`end 1 status ${exitCode << 8}`]);
    assertEquals(d.slots.active, 0);
    assertEquals([d.door.entered, d.door.inside], [1, 0]);
    await d.reception.empty();
  });
}

Deno.test(
  gateTest("a session may be over before it is known to have begun"),
  async () => {
    using d = sessions();
    d.protocol.isQuick = true;
    const client = await d.client();
    assertEquals(d.lines.slice(2), ["end 1 status 256"]);
    assertEquals([d.slots.active, d.door.inside], [0, 0]);
    d.server.stop();
    assertEquals(d.protocol.all[0].stopped, 0);
    assertEquals(await heard(client), "");
  },
);

Deno.test(gateTest("a session that breaks costs one connection"), async () => {
  using d = sessions();
  const client = await d.client();
  d.protocol.all[0].fail();
  assertEquals(await heard(client), "");
  await until("its end is known", () => d.slots.active === 0);
  assertEquals(d.lines.slice(2), ["unexpected: a bug"]);
  assertEquals([d.door.entered, d.door.inside], [1, 0]);
  await d.reception.empty();
});

Deno.test(
  gateTest("a session that does not even begin costs one connection"),
  async () => {
    using d = sessions();
    d.protocol.isBroken = true;
    const { client, conn } = await connect(d.listener);
    const name = nameOf(conn.fd);
    d.reception.receive(conn);
    assertEquals([d.slots.active, isOpen(name)], [0, false]);
    assertEquals(d.lines.at(-1), "unexpected: a bug");
    assertEquals(await heard(client), "");
    assertEquals([d.door.entered, d.door.inside], [1, 0]);
    await d.reception.empty();
  },
);

Deno.test(gateTest("a session has the stream of its connection"), async () => {
  using d = sessions();
  const client = await d.client("hello");
  const { stream, connection } = d.protocol.all[0];
  let told = "";
  const receiver: Receiver = {
    received: (bytes) => told += new TextDecoder().decode(bytes),
    ended: () => told += "(end)",
    drained() {},
  };
  stream.open(receiver);
  stream.write(new TextEncoder().encode("good day"));
  await client.closeWrite();
  await until("all is told", () => told.endsWith("(end)"));
  assertEquals(told, "hello(end)");
  assertEquals(connection.remote.ip, ip);
  assertEquals(connection.encrypted, false);
  d.protocol.all[0].end(0);
  assertEquals(await heard(client), "good day");
});

Deno.test(
  gateTest("a session is told what the rules say of its connection"),
  async () => {
    using d = sessions();
    const variables = [["TCPREMOTEHOST", "other.example"], ["X", "y"]] as const;
    d.door.admit = ({ local, remote }) => ({
      connection: connectionOf({ local, remote, variables }),
      verdict: { type: "ok" },
    });
    const client = await d.client();
    const { connection } = d.protocol.all[0];
    assertEquals(connection.remoteHost, "other.example");
    assertEquals(connection.remote.ip, ip);
    assertEquals(connection.variables, variables);
    d.protocol.all[0].end(0);
    await heard(client);
  },
);

Deno.test(
  gateTest("stop() reaches all that are served, and nobody else"),
  async () => {
    using d = sessions();
    const clients = [await d.client(), await d.client(), await d.client()];
    const [over, ...served] = d.protocol.all;
    over.end(0);
    await until("its end is known", () => d.slots.active === 2);
    d.server.stop();
    assertEquals([over.stopped, ...served.map((s) => s.stopped)], [0, 1, 1]);
    served[0].fail();
    await until("its end is known", () => d.slots.active === 1);
    d.server.stop();
    assertEquals(served.map((session) => session.stopped), [1, 2]);
    served[1].end(0);
    await d.reception.empty();
    for (const client of clients) await heard(client);
  },
);

Deno.test(
  gateTest("a connection that is encrypted from its start"),
  async () => {
    const tls = new FakeTls();
    using d = sessions(tls);
    const { client, conn } = await connect(d.listener);
    const name = nameOf(conn.fd);
    d.reception.receive(conn);
    assertEquals(d.lines, [`1 from ${ip}`, `ok 1 ${ip}`]);
    assertEquals([tls.asked.length, tls.asked[0].ip], [1, ip]);
    assertEquals(d.protocol.all.length, 0, "not before the handshake");
    const { stream } = tls.asked[0];
    const secured: Stream = Object.create(stream);
    secured.close = () => stream.close();
    tls.answer(secured);
    await until("it is served", () => d.protocol.all.length === 1);
    const [session] = d.protocol.all;
    assertEquals(session.stream === secured, true);
    assertEquals(session.connection.encrypted, true);
    assertEquals(isOpen(name), true);
    session.end(0);
    assertEquals(await heard(client), "");
    await until("its end is known", () => d.slots.active === 0);
    assertEquals(d.lines.slice(2), ["end 1 status 0"]);
    assertEquals(d.door.inside, 0);
  },
);

Deno.test(
  gateTest("a handshake that fails is the end of its connection"),
  async () => {
    const tls = new FakeTls();
    using d = sessions(tls);
    const client = await d.client();
    tls.asked[0].stream.close(); // as TlsAccess does
    tls.answer(null);
    assertEquals(await heard(client), "");
    await until("its end is known", () => d.slots.active === 0);
    assertEquals(d.lines.slice(2), ["end 1 status 256"]);
    assertEquals([d.protocol.all.length, d.door.inside], [0, 0]);
    await d.reception.empty();
  },
);

Deno.test(
  gateTest("a handshake that breaks costs one connection"),
  async () => {
    const tls = new FakeTls();
    using d = sessions(tls);
    const client = await d.client();
    tls.answer(Promise.reject(new Error("a bug")));
    assertEquals(await heard(client), "");
    await until("its end is known", () => d.slots.active === 0);
    assertEquals(d.lines.slice(2), ["unexpected: a bug"]);
    assertEquals(d.door.inside, 0);
    await d.reception.empty();
  },
);

Deno.test(
  gateTest(
    "a session that does not begin after its handshake costs one connection",
  ),
  async () => {
    const tls = new FakeTls();
    using d = sessions(tls);
    d.protocol.isBroken = true;
    const client = await d.client();
    tls.answer(tls.asked[0].stream);
    assertEquals(await heard(client), "");
    await until("its end is known", () => d.slots.active === 0);
    assertEquals(d.lines.slice(2), ["unexpected: a bug"]);
    assertEquals(d.door.inside, 0);
  },
);

Deno.test(
  gateTest("stop() reaches those whose handshake is going on"),
  async () => {
    const tls = new FakeTls();
    using d = sessions(tls);
    const client = await d.client();
    d.server.stop();
    assertEquals(await heard(client), "");
    await until("its end is known", () => d.slots.active === 0);
    tls.answer(null);
    await d.reception.empty();
    assertEquals(d.lines.slice(2), ["end 1 status 256"]);
  },
);

Deno.test(
  gateTest("refresh() reaches the protocol and the certificate"),
  () => {
    const tls = new FakeTls();
    using d = sessions(tls);
    d.server.refresh();
    assertEquals([d.protocol.refreshed, tls.refreshed], [1, 1]);
    using plain = sessions();
    plain.server.refresh();
    assertEquals(plain.protocol.refreshed, 1);
  },
);
