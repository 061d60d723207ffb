/**
 * Clients that send commands and never read a reply.
 *
 * @module
 */
import { makeCertificate } from "../support/certificate.ts";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, until } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const commands = new TextEncoder().encode("NOOP\r\n".repeat(10_000));

/** Writes commands until nobody takes any more. */
async function fill(client: SmtpClient): Promise<void> {
  let last = Date.now();
  const filling = (async () => {
    for (;;) {
      await client.send(commands);
      last = Date.now();
    }
  })().catch(() => {});
  await until("the server has stopped reading", () => Date.now() - last > 500);
  filling.finally(() => {});
}

for (const encrypted of [false, true]) {
  Deno.test(
    needing(
      { peers: ["openssl"] },
      `clients that never read leave no descriptor behind${
        encrypted ? ", over TLS" : ""
      }`,
    ),
    () =>
      inFolder(async (folder) => {
        const { certPath, keyPath, cert } = await makeCertificate(folder);
        await withGate(
          [
            ...["-vRHl0", "127.0.0.1", "0", "smtpd", "--deliver", "discard"],
            ...["--tls-cert", certPath, "--tls-key", keyPath],
            ...["--timeoutsmtpd", "2", "--max-harmless", "1000000"],
          ],
          {},
          async (gate) => {
            const descriptors = () =>
              [...Deno.readDirSync(`/proc/${gate.child.pid}/fd`)].length;
            const started = async () => {
              const client = await SmtpClient.connect(gate.port);
              await client.reply();
              if (encrypted) {
                await client.ask("STARTTLS");
                await client.encrypt(cert);
              }
              return client;
            };
            // What is opened once for all is open after the first.
            const first = await started();
            await fill(first);
            await gate.logged(/end 1 status 256\n/);
            first.close();
            const before = descriptors();
            const clients = [];
            for (let i = 0; i < 3; i++) {
              clients.push(await started());
              await fill(clients[i]);
            }
            await gate.logged(/end 4 status 256\n/);
            // The clients still hold their ends.
            await until(
              `${descriptors()} descriptors are ${before} again`,
              () => descriptors() <= before,
            );
            for (const client of clients) client.close();
          },
        );
      }),
  );
}
