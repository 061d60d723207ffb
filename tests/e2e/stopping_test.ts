/**
 * TERM, when there is something that could keep a gate from ending.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { ClientFrom } from "../support/client_from.ts";
import { withGate } from "../support/gate.ts";
import { withIdent } from "../support/ident_server.ts";
import { needing, postern, until } from "../support/peers.ts";

const ip = "127.0.0.1";

for (
  const [name, program] of [
    ["smtpd", ["smtpd", "--deliver", "discard"]],
    ["a program", ["sh", "-c", "printf '220 hello\\r\\n'; exec sleep 60"]],
  ] as const
) {
  for (const workers of ["1", "2"]) {
    Deno.test(
      needing(
        {},
        `TERM ends a gate that is full: ${name}, ${workers} worker(s)`,
      ),
      () =>
        withGate(
          [
            ...["-v", "-RHl0", "--workers", workers, "-c", workers],
            ...["--grace", "1", ip, "0", ...program],
          ],
          {},
          async (gate) => {
            // Those who find their worker full wait in its queue.
            const clients = await Promise.all(
              Array.from(
                { length: 8 },
                () => ClientFrom.connect(ip, { ip, port: gate.port }),
              ),
            );
            await gate.logged(new RegExp(`status: [12]/${workers}\\n`));
            assertEquals((await gate.stop()).code, 0);
            for (const client of clients) client.close();
          },
        ),
    );
  }
}

Deno.test(
  needing(
    { root: true },
    "TERM waits for those about whom somebody is being asked",
  ),
  () =>
    withIdent(
      "127.0.0.77",
      () => null,
      (ident) =>
        withGate(
          ["-vHl0", "-t60", "--grace", "60", ip, "0", "echo", "hello"],
          {},
          async (gate) => {
            const client = await ClientFrom.connect("127.0.0.77", {
              ip,
              port: gate.port,
            });
            await until("ident is asked", () => ident.asked.length > 0);
            gate.child.kill("SIGTERM");
            await until("the gate has closed", () => isRefused(gate.port));
            ident.hangUp();
            assertEquals(await client.all(), "hello\n");
            assertEquals((await gate.child.status).code, 0);
            assertMatch(gate.log, /tcpserver: ok \d+ 0:127\.0\.0\.1:/);
          },
        ),
    ),
);

async function isRefused(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ port })).close();
    return false;
  } catch {
    return true;
  }
}

Deno.test(
  needing({}, "a parent that ignores SIGCHLD is no reason to lose children"),
  () =>
    withGate(
      ["-c", `trap '' CHLD; exec ${postern} serve "$@"`, "sh"].concat(
        ["-1", "-v", "-RHl0", "-c2", ip, "0", "echo", "hello"],
      ),
      { program: "/bin/sh", asGiven: true },
      async (gate) => {
        for (let i = 0; i < 5; i++) {
          const client = await ClientFrom.connect(ip, { ip, port: gate.port });
          assertEquals(await client.all(), "hello\n");
        }
        const ends = () => [...gate.log.matchAll(/: end \d+ status 0\n/g)];
        await until("all have ended", () => ends().length === 5);
        assertEquals((await gate.stop()).code, 0);
      },
    ),
);
