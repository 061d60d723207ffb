/**
 * Bad weather: clients that say nothing, or leave as soon as they came.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { type TestGate, withGate } from "../support/gate.ts";
import { needing, until } from "../support/peers.ts";
import { runs } from "../support/random.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import {
  descriptorsOf,
  fetchAll,
  isServed,
  memoryOf,
  programs,
  quiet,
  resetClients,
  silentClients,
} from "../support/weather.ts";

const many = runs(2000, 500);
const roomy = ["-c3000", "-b1000", "127.0.0.1", "0"];
const isSocket = (link: string) => link.startsWith("socket:");

/** Many clients that say nothing, once it is seen how little they cost. */
async function cheapClients(gate: TestGate): Promise<Deno.TcpConn[]> {
  const { pid } = gate.child;
  assert(await isServed(gate.port));
  const before = memoryOf(pid);
  const clients = await silentClients(gate.port, many);
  assert(await isServed(gate.port), "others are served");
  const each = (memoryOf(pid) - before) / many;
  assert(each < 60, `${each} KB for each silent client`);
  return clients;
}

Deno.test(
  needing({}, "silent clients cost little, and are let go"),
  () =>
    withGate(
      [
        ...[...quiet, "-v", ...roomy, "smtpd", "--deliver", "discard"],
        ...["--timeoutsmtpd", "2"],
      ],
      {},
      async (gate) => {
        const { pid } = gate.child;
        const clients = await cheapClients(gate);
        const farewells = await Promise.all(
          clients.map((client) => new Response(client.readable).text()),
        );
        for (const farewell of farewells) {
          assertEquals(
            farewell.replaceAll(/^220 .*\r\n/g, "").slice(0, 4),
            "451 ",
          );
        }
        await gate.logged(/status: 0\/3000\n$/);
        await until(
          "their sockets are closed",
          () => descriptorsOf(pid).filter(isSocket).length < 10,
        );
      },
    ),
);

Deno.test(
  needing({}, "silent clients of a program leave room for others"),
  () =>
    withGate(
      [...quiet, ...roomy, ...programs[1][1]],
      {},
      async (gate) => {
        const { pid } = gate.child;
        const clients = await cheapClients(gate);
        for (const client of clients) client.close();
        for (let i = 0; i < 20; i++) assert(await isServed(gate.port));
        await until(
          "no child is left",
          () =>
            Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`) === "",
        );
      },
    ),
);

for (const [name, program] of programs) {
  Deno.test(
    needing({}, `silent proxies leave room for others: ${name}`),
    () =>
      withGate(
        [...quiet, "--proxy-protocol", "127.0.0.1", ...roomy, ...program],
        {},
        async (gate) => {
          // More than the runtime has helper threads (512).
          const proxies = await silentClients(gate.port, 700);
          const client = await SmtpClient.connect(gate.port);
          await client.send("PROXY UNKNOWN\r\n");
          assert((await client.reply()).startsWith("220"));
          client.close();
          for (const proxy of proxies) proxy.close();
        },
      ),
  );

  Deno.test(
    needing({ peers: ["python3"] }, `clients that reset at once: ${name}`),
    () =>
      withGate(
        [...quiet, "-v", "-b200", "127.0.0.1", "0", ...program],
        {},
        async (gate) => {
          await Promise.all([1, 2, 3].map(() => resetClients(gate.port, 300)));
          for (let i = 0; i < 20; i++) assert(await isServed(gate.port));
          await gate.logged(/status: 0\/40\n$/);
          assert(!/unable to accept|broken off/.test(gate.log));
          await until(
            "their descriptors are closed",
            () => descriptorsOf(gate.child.pid).filter(isSocket).length < 10,
          );
          assertEquals((await gate.stop()).code, 0);
        },
      ),
  );

  Deno.test(
    needing({ peers: ["python3"] }, `resets hold nobody up: ${name}`),
    () =>
      withGate(
        [...quiet, "-b200", "127.0.0.1", "0", ...program],
        {},
        async (gate) => {
          let resetting = true;
          const resets = resetClients(gate.port, 200).then(() =>
            resetting = false
          );
          let served = 0;
          do {
            assert(await isServed(gate.port));
            served++;
          } while (resetting);
          await resets;
          assert(served > 0);
        },
      ),
  );

  Deno.test(
    needing({ peers: ["python3"] }, `a denied client that resets: ${name}`),
    () =>
      withGate(
        [
          ...quiet,
          "--rate",
          "1/3600",
          "--busy-reply",
          "-B",
          "hello",
          "127.0.0.1",
          "0",
          ...program,
        ],
        {},
        async (gate) => {
          // The one that it may have.
          const conn = await Deno.connect({ port: gate.port });
          await conn.read(new Uint8Array(5));
          conn.close();
          await resetClients(gate.port, 200);
          assert((await fetchAll(gate.port)).startsWith("421 "));
        },
      ),
  );
}
