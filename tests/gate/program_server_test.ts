/**
 * A program for each connection: how it is found and started, what it has, and
 * what is said where it cannot be started.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { fromBytes } from "../../lib/base/bytes.ts";
import { ProgramServer } from "../../lib/gate/program_server.ts";
import { inFolder, until } from "../support/peers.ts";
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
const abovePids = 4_194_304;

/** A reception whose connections a program gets. */
function programs(...args: string[]) {
  const door = new OpenDoor();
  const server = new ProgramServer(args);
  return Object.assign(desk(server, door.admission), { door, server });
}

Deno.test(
  gateTest("a program has the socket as its descriptors 0 and 1"),
  async () => {
    using d = programs("/bin/sh", "-c", 'read line; echo "$line, $0"', "zero");
    const client = await d.client("hello\n");
    assertEquals(await heard(client), "hello, zero\n");
    await until("its end is known", () => d.slots.active === 0);
    const pid = Number(d.lines[0].split(" ")[0]);
    assert(pid > 1 && pid < abovePids, d.lines[0]);
    assertEquals(d.lines, [
      `${pid} from ${ip}`,
      `ok ${pid} ${ip}`,
      `end ${pid} status 0`,
    ]);
    assertEquals([d.door.entered, d.door.inside], [1, 0]);
  },
);

Deno.test(
  gateTest("nothing of a program's connection stays in this process"),
  async () => {
    using d = programs("/bin/cat");
    const { client, conn } = await connect(d.listener);
    const name = nameOf(conn.fd);
    d.reception.receive(conn);
    assertEquals([isOpen(name), d.slots.active], [false, 1]);
    await client.write(new TextEncoder().encode("x"));
    await client.closeWrite();
    assertEquals(await heard(client), "x");
    await until("its end is known", () => d.slots.active === 0);
  },
);

Deno.test(
  gateTest("how a program ends is told as the system tells it"),
  async () => {
    for (
      const [script, status] of [["exit 3", 3 << 8], ["kill -9 $$", 9]] as const
    ) {
      using d = programs("/bin/sh", "-c", script);
      await heard(await d.client());
      await until("its end is known", () => d.slots.active === 0);
      assertEquals(d.lines.at(-1)!.split(" ").slice(2), [
        "status",
        `${status}`,
      ]);
    }
  },
);

Deno.test(
  gateTest("a program is looked for in PATH, anew for each connection"),
  async () => {
    using d = programs("echo", "found");
    assertEquals(await heard(await d.client()), "found\n");
    await until("its end is known", () => d.slots.active === 0);
  },
);

Deno.test(
  gateTest("a program's environment tells of its connection"),
  async () => {
    const door = new OpenDoor();
    door.admit = ({ local, remote }) => ({
      connection: connectionOf({
        local,
        remote,
        remoteHost: "client.example",
        variables: [["RELAYCLIENT", ""], ["TCPREMOTEINFO", "joe\xff"]],
      }),
      verdict: { type: "ok" },
    });
    using d = desk(new ProgramServer(["/usr/bin/env", "-0"]), door.admission);
    const { client, conn } = await connect(d.listener);
    d.reception.receive(conn);
    const output = await new Response(client.readable).bytes();
    const env = fromBytes(output).split("\0").slice(0, -1)
      .filter((entry) => /^(TCP|PROTO|RELAY)/.test(entry)).sort();
    assertEquals(env, [
      "PROTO=TCP",
      "RELAYCLIENT=",
      "TCPLOCALHOST=gate.example",
      `TCPLOCALIP=${ip}`,
      `TCPLOCALPORT=${d.listener.address.port}`,
      "TCPREMOTEHOST=client.example",
      "TCPREMOTEINFO=joe\xff",
      `TCPREMOTEIP=${ip}`,
      `TCPREMOTEPORT=${conn.remote.port}`,
    ]);
    await until("its end is known", () => d.slots.active === 0);
  },
);

Deno.test(
  gateTest("a program that cannot be run costs one connection, and is named"),
  () =>
    inFolder(async (folder) => {
      const plain = `${folder}/plain`, broken = `${folder}/broken`;
      await Deno.writeTextFile(plain, "#!/bin/sh\n", { mode: 0o644 });
      await Deno.writeTextFile(broken, "no program", { mode: 0o755 });
      const missing = `${folder}/m\xc3\xa4il`; // as argv has it: bytes
      const cases: [program: string, named: string, why: string][] = [
        [missing, `${folder}/m\xe4il`, "file does not exist"],
        [`${folder}/plain/x`, `${folder}/plain/x`, "not a directory"],
        [plain, plain, "access denied"],
        [broken, broken, "exec format error"],
        ["no-such-program", "no-such-program", "file does not exist"],
      ];
      for (const [program, named, why] of cases) {
        using d = programs(program);
        for (let i = 1; i <= 2; i++) {
          const { client, conn } = await connect(d.listener);
          const name = nameOf(conn.fd);
          d.reception.receive(conn);
          assertEquals(d.lines.splice(0), [
            `${abovePids + i} from ${ip}`,
            `ok ${abovePids + i} ${ip}`,
            `dropping, unable to run ${named}: ${why}`,
            `end ${abovePids + i} status 28416`,
          ]);
          assertEquals(await heard(client), "");
          assertEquals([isOpen(name), d.slots.active], [false, 0]);
        }
        assertEquals([d.door.entered, d.door.inside], [2, 0]);
        await d.reception.empty();
      }
    }),
);
