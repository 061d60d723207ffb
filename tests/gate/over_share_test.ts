/**
 * Clients that have their share already: whose last connection ends by then is
 * let in, others are turned away.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Admission } from "../../lib/gate/admission.ts";
import { until } from "../support/peers.ts";
import {
  connect,
  desk,
  gateTest,
  heard,
  HoldingServer,
  options,
} from "./desk.ts";

const stranger = "192.0.2.7";

/** A gate with two slots, and what receives a stranger's connection there. */
function smallGate(hasPids: boolean) {
  const server = new HoldingServer(hasPids);
  const of = { ...options, limit: 2, busyReply: true };
  const d = desk(server, new Admission(of), of);
  const come = async (ip = stranger) => {
    const { client, conn } = await connect(d.listener);
    d.reception.receive({ ...conn, remote: { ip, port: 4711 } });
    return client;
  };
  return { server, d, come };
}

for (const hasPids of [false, true]) {
  const whose = hasPids ? "a program's" : "a protocol's";

  Deno.test(
    gateTest(`${whose} client whose last connection ends is let in`),
    async () => {
      const { server, d, come } = smallGate(hasPids);
      using _ = d;
      const first = await come();
      const second = await come();
      assertEquals(server.held.length, 1, "it has its share");
      server.end();
      await until("it is let in", () => server.held.length === 1);
      assertEquals(d.lines.filter((line) => /dropping/.test(line)), []);
      server.end();
      assertEquals(d.slots.active, 0);
      first.close();
      second.close();
    },
  );

  Deno.test(
    gateTest(`${whose} client over its share is turned away in the end`),
    async () => {
      const { server, d, come } = smallGate(hasPids);
      using _ = d;
      const first = await come();
      assertEquals(
        await heard(await come()),
        "421 4.7.0 too many connections, try again later\r\n",
      );
      assertEquals(
        d.lines.at(-2),
        `dropping, too many connections from ${stranger}: ` +
          "1 are its share of what is free",
      );
      assertEquals([server.held.length, d.slots.active], [1, 1]);
      const other = await come("192.0.2.8");
      assertEquals(server.held.length, 2, "another one is let in");
      server.end();
      server.end();
      assertEquals(d.slots.active, 0);
      for (const client of [first, other]) client.close();
    },
  );

  Deno.test(
    gateTest(`${whose} gate is not empty while somebody waits for a share`),
    async () => {
      const { server, d, come } = smallGate(hasPids);
      using _ = d;
      const first = await come();
      const second = await come();
      server.end();
      let isEmpty = false;
      const empty = d.reception.empty().then(() => isEmpty = true);
      await until("it is let in", () => server.held.length === 1);
      assertEquals(isEmpty, hasPids, "a program's needs this process no more");
      server.end();
      await empty;
      first.close();
      second.close();
    },
  );
}
