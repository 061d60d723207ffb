/**
 * The way of a connection, each way out of it: what is logged in which order,
 * what the client hears, and that everything is given back once.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Subnets } from "../../lib/base/ip.ts";
import { Admission } from "../../lib/gate/admission.ts";
import type { Server } from "../../lib/gate/server.ts";
import { inFolder, until } from "../support/peers.ts";
import { nameOf, reset, tcpPair } from "../support/socket_pair.ts";
import {
  desk,
  gateTest,
  heard,
  HoldingServer,
  isOpen,
  OpenDoor,
  options,
  somePid,
  writeRules,
} from "./desk.ts";

const ip = "127.0.0.1";
const abovePids = 4_194_304;

/** Of both kinds: the number of the first connection without a process. */
const kinds = [
  ["a protocol's", false, 1, 1],
  ["a program's", true, abovePids + 1, somePid],
] as const;

for (const [whose, hasPids, refused, served] of kinds) {
  Deno.test(gateTest(`${whose} connection: from, ok, end`), async () => {
    const server = new HoldingServer(hasPids);
    const door = new OpenDoor();
    using d = desk(server, door.admission);
    const client = await d.client();
    assertEquals(d.lines, [`${served} from ${ip}`, `ok ${served} ${ip}`]);
    assertEquals([d.slots.active, door.inside], [1, 1]);
    const name = nameOf(server.held[0].client.conn.fd);
    server.end(256);
    assertEquals(d.lines.slice(2), [`end ${served} status 256`]);
    assertEquals([d.slots.active, door.inside, isOpen(name)], [0, 0, false]);
    assertEquals(await heard(client), "");
    assertEquals(d.changes, [1, 0]);
  });

  Deno.test(
    gateTest(`${whose} connection is denied`),
    () =>
      inFolder(async (folder) => {
        const rules = writeRules(folder, `${ip}:deny\n`);
        const server = new HoldingServer(hasPids);
        const admission = new Admission({ ...options, rules });
        using d = desk(server, admission, { banner: "hello\r\n" });
        assertEquals(await heard(await d.client()), "hello\r\n");
        assertEquals(d.lines, [
          `${refused} from ${ip}`,
          `deny ${refused} ${ip}`,
          `end ${refused} status 25600`,
        ]);
        assertEquals([server.held.length, d.slots.active], [0, 0]);
        assertEquals(d.changes, [1, 0]);
      }),
  );

  Deno.test(
    gateTest(`${whose} connection is dropped where rules cannot be read`),
    async () => {
      const rules = "/nonexistent/rules.cdb";
      const server = new HoldingServer(hasPids);
      using d = desk(server, new Admission({ ...options, rules }));
      assertEquals(await heard(await d.client()), "");
      assertEquals(d.lines, [
        `${refused} from ${ip}`,
        `dropping, unable to read ${rules}: file does not exist`,
        `end ${refused} status 28416`,
      ]);
      assertEquals([server.held.length, d.slots.active], [0, 0]);
    },
  );

  for (const busyReply of [false, true]) {
    const told = busyReply ? "is told so" : "is closed";
    Deno.test(
      gateTest(`${whose} client over its limit ${told}, until one leaves`),
      async () => {
        const server = new HoldingServer(hasPids);
        const admission = new Admission({ ...options, perClient: 1 });
        using d = desk(server, admission, { busyReply });
        const first = await d.client();
        const from = d.lines.length;
        const number = hasPids ? refused : 2;
        assertEquals(
          await heard(await d.client()),
          busyReply
            ? "421 4.7.0 too many connections, try again later\r\n"
            : "",
        );
        assertEquals(d.lines.slice(from), [
          `${number} from ${ip}`,
          `dropping, too many connections from ${ip}: at most 1 at once`,
          `end ${number} status 25600`,
        ]);
        assertEquals(d.slots.active, 1);
        // The refused one has given nothing back that was the first one's.
        assertEquals(await heard(await d.client()) === "", !busyReply);
        assertEquals(server.held.length, 1);
        server.end();
        first.close();
        const next = await d.client();
        assertEquals(server.held.length, 1);
        server.end();
        next.close();
        assertEquals(d.slots.active, 0);
      },
    );
  }

  Deno.test(
    gateTest(`${whose} connection without the PROXY header that it needs`),
    async () => {
      const server = new HoldingServer(hasPids);
      const admission = new Admission({
        ...options,
        proxies: new Subnets([ip]),
        perClient: 1,
      });
      using d = desk(server, admission);
      assertEquals(await heard(await d.client("EHLO x\r\n")), "");
      assertEquals(d.lines, [
        `${refused} from ${ip}`,
        "dropping, unable to read the PROXY header: " +
        "invalid, or later than 5 seconds",
        `end ${refused} status 28416`,
      ]);
      assertEquals([server.held.length, d.slots.active], [0, 0]);
    },
  );

  Deno.test(
    gateTest(`${whose} connection behind a proxy is its client's`),
    async () => {
      const server = new HoldingServer(hasPids);
      const admission = new Admission({
        ...options,
        proxies: new Subnets([ip]),
        perClient: 1,
      });
      using d = desk(server, admission);
      const header = "PROXY TCP4 192.0.2.7 192.0.2.1 4711 25\r\n";
      const client = await d.client(header);
      await until("the header is read", () => server.held.length === 1);
      assertEquals(d.lines, [
        `${served} from 192.0.2.7`,
        `ok ${served} 192.0.2.7`,
      ]);
      const { local, remote } = server.held[0].connection;
      assertEquals(local, { ip: "192.0.2.1", port: 25 });
      assertEquals(remote, { ip: "192.0.2.7", port: 4711 });
      const second = heard(await d.client(header));
      assertEquals(await second, "");
      assertEquals(
        d.lines.at(-2),
        "dropping, too many connections from 192.0.2.7: at most 1 at once",
      );
      server.end();
      client.close();
      const third = await d.client(header);
      await until("it is let in", () => server.held.length === 1);
      server.end();
      third.close();
      assertEquals(d.slots.active, 0);
    },
  );

  Deno.test(gateTest(`${whose} banner to a client that has gone`), () => {
    const server = new HoldingServer(hasPids);
    const door = new OpenDoor();
    using d = desk(server, door.admission, { banner: "hello\r\n" });
    const { ours, peer } = tcpPair();
    const name = nameOf(ours);
    reset(peer);
    const local = { ip, port: 25 }, remote = { ip, port: 4711 };
    d.reception.receive({ fd: ours, local, remote });
    assertEquals(d.lines, [
      `${refused} from ${ip}`,
      "dropping, unable to print banner: connection reset",
      `end ${refused} status 28416`,
    ]);
    assertEquals([door.entered, door.inside, d.slots.active], [1, 0, 0]);
    assertEquals([server.held.length, isOpen(name)], [0, false]);
  });

  for (
    const [how, fail] of [
      ["at once", (): never => {
        throw new Error("a bug");
      }],
      ["later", () => Promise.reject(new Error("a bug"))],
    ] as const
  ) {
    Deno.test(
      gateTest(
        `${whose} connection whose admission fails ${how} is closed, once`,
      ),
      async () => {
        const door = new OpenDoor();
        door.instead = fail;
        using d = desk(new HoldingServer(hasPids), door.admission, {
          limit: 1,
        });
        for (let i = 0; i < 3; i++) {
          assertEquals(await heard(await d.client()), "");
          await until("the slot is free", () => d.slots.active === 0);
        }
        assertEquals([door.entered, door.inside], [3, 0]);
        const broken = d.lines.filter((line) => !line.includes(" from "));
        assertEquals(broken, Array(3).fill("unexpected: a bug"));
        assertEquals(d.changes, [1, 0, 1, 0, 1, 0]);
        await d.reception.empty();
      },
    );
  }

  Deno.test(
    gateTest(`${whose} connection whose server fails is closed, once`),
    async () => {
      const door = new OpenDoor();
      const server = new HoldingServer(hasPids);
      server.serve = () => {
        throw new Error("a bug");
      };
      using d = desk(server, door.admission);
      assertEquals(await heard(await d.client()), "");
      assertEquals(d.lines.at(-1), "unexpected: a bug");
      assertEquals([door.inside, d.slots.active], [0, 0]);
      await d.reception.empty();
    },
  );
}

Deno.test(
  gateTest(
    "connections are numbered as they come, those behind a proxy as their headers do",
  ),
  async () => {
    const server = new HoldingServer(false);
    const admission = new Admission({ ...options, proxies: new Subnets([ip]) });
    using d = desk(server, admission);
    const slow = await d.client("PROXY TCP4 192.0.2.1");
    const quick = await d.client("PROXY TCP4 192.0.2.8 192.0.2.1 4711 25\r\n");
    await until("one is served", () => server.held.length === 1);
    await slow.write(new TextEncoder().encode(" 192.0.2.1 4711 25\r\n"));
    await until("both are served", () => server.held.length === 2);
    assertEquals(d.lines, [
      "1 from 192.0.2.8",
      "ok 1 192.0.2.8",
      "2 from 192.0.2.1",
      "ok 2 192.0.2.1",
    ]);
    server.end();
    server.end();
    quick.close();
    slow.close();
  },
);

Deno.test(
  gateTest("a reception is empty when a program has the connection"),
  async () => {
    const server = new HoldingServer(true);
    const door = new OpenDoor();
    using d = desk(server, door.admission);
    await d.reception.empty();
    const client = await d.client();
    assertEquals(d.slots.active, 1);
    await d.reception.empty(); // the program needs us no more
    server.end();
    client.close();
    await d.reception.empty();
  },
);

Deno.test(
  gateTest("a reception is empty when the last of its own sessions is over"),
  async () => {
    const server = new HoldingServer(false);
    const door = new OpenDoor();
    using d = desk(server, door.admission);
    const clients = [await d.client(), await d.client()];
    let isEmpty = false;
    const empty = d.reception.empty().then(() => isEmpty = true);
    server.end();
    await Promise.resolve();
    assertEquals(isEmpty, false);
    server.end();
    await empty;
    for (const client of clients) client.close();
  },
);

Deno.test(
  gateTest(
    "a connection that waits for its names keeps the reception from being empty",
  ),
  async () => {
    const server = new HoldingServer(true);
    const door = new OpenDoor();
    let decide = (_: Error) => {};
    door.instead = () => new Promise<never>((_, reject) => decide = reject);
    using d = desk(server, door.admission);
    const client = await d.client();
    let isEmpty = false;
    const empty = d.reception.empty().then(() => isEmpty = true);
    await Promise.resolve();
    assertEquals(isEmpty, false);
    decide(new Error("a bug"));
    await empty;
    assertEquals(await heard(client), "");
  },
);

Deno.test(
  gateTest(
    "one that could not be served says why under its number, or nothing of itself",
  ),
  async () => {
    for (const isSeen of [true, false]) {
      const door = new OpenDoor();
      const server: Server = {
        replies: [],
        activities: () => new Map(),
        hasPids: true,
        descriptors: 1,
        serve: (client, connection, desk) =>
          desk.dropped(client, isSeen ? connection : null, "unable to x", "y"),
        refresh() {},
        stop() {},
      };
      using d = desk(server, door.admission);
      assertEquals(await heard(await d.client()), "");
      const number = abovePids + 1;
      assertEquals(
        d.lines,
        isSeen
          ? [
            `${number} from ${ip}`,
            `ok ${number} ${ip}`,
            "dropping, unable to x: y",
            `end ${number} status 28416`,
          ]
          : ["dropping, unable to x: y"],
      );
      assertEquals([door.inside, d.slots.active], [0, 0]);
    }
  },
);
