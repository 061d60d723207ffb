/**
 * Bad weather: signals while clients come and go.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { withGate } from "../support/gate.ts";
import { inFolder, needing } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { isServed, programs, quiet, sleep } from "../support/weather.ts";

const clients = 8;

for (const [name, program] of programs) {
  Deno.test(
    needing({}, `signals right after the port is known: ${name}`),
    async () => {
      for (let i = 0; i < 5; i++) {
        const args = [...quiet, "127.0.0.1", "0", ...program];
        await withGate(args, {}, async (gate) => {
          gate.child.kill("SIGHUP");
          gate.child.kill("SIGUSR1");
          assert(await isServed(gate.port));
        });
        await withGate(args, {}, async (gate) => {
          assertEquals((await gate.stop()).code, 0);
        });
      }
    },
  );

  for (const workers of ["1", "2"]) {
    Deno.test(
      needing({}, `HUP and USR1 under load, ${workers} workers: ${name}`),
      () =>
        withGate(
          [
            ...[...quiet, "-b200", "--workers", workers],
            ...["127.0.0.1", "0", ...program],
          ],
          {},
          async (gate) => {
            let going = true, served = 0;
            const load = Array.from({ length: clients }, async () => {
              while (going) {
                const client = await SmtpClient.connect(gate.port);
                assertMatch(await client.reply(), /^220/);
                client.close();
                served++;
              }
            });
            for (let i = 0; i < 50; i++) {
              gate.child.kill("SIGHUP");
              gate.child.kill("SIGUSR1");
              await sleep(10);
            }
            going = false;
            await Promise.all(load);
            assert(served > clients, `${served}`);
            await gate.logged(/^(tcpserver: status: \d+\/40\n)+$/);
            assertEquals((await gate.stop()).code, 0);
          },
        ),
    );

    Deno.test(
      needing({}, `TERM under load, ${workers} workers: ${name}`),
      () =>
        inFolder((folder) =>
          withGate(
            [
              ...[...quiet, "-b200", "--workers", workers],
              ...["--pidfile", `${folder}/pid`, "127.0.0.1", "0", ...program],
            ],
            {},
            async (gate) => {
              let whole = 0, cut = 0, refused = 0;
              const load = Array.from({ length: clients }, async () => {
                for (;;) {
                  let client: SmtpClient;
                  try {
                    client = await SmtpClient.connect(gate.port);
                  } catch {
                    refused++;
                    return;
                  }
                  const reply = await client.reply();
                  client.close();
                  if (/^220 .*\r\n$/.test(reply)) whole++;
                  // Reset in the queue of a socket that was closed: no byte.
                  else assertEquals(reply, "", `${cut++}`);
                }
              });
              await sleep(300);
              const pid = await Deno.readTextFile(`${folder}/pid`);
              assertEquals(pid, `${gate.child.pid}\n`);
              gate.child.kill("SIGTERM");
              gate.child.kill("SIGTERM");
              await Promise.all(load);
              assertEquals(refused, clients);
              assert(whole > clients, `${whole} whole, ${cut} cut`);
              assertEquals((await gate.child.status).code, 0);
              assertEquals([...Deno.readDirSync(folder)], []);
            },
          )
        ),
    );
  }
}
