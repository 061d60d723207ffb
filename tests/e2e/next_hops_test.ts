/**
 * Mail goes on to real servers: to Dovecot by LMTP, to others by SMTP. What the
 * client hears is what the next hop says.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { makeCertificate } from "../support/certificate.ts";
import { dovecotPeers, withDovecot } from "../support/dovecot.ts";
import { withGate } from "../support/gate.ts";
import {
  codes,
  greeted,
  named,
  namesIn,
  send,
  serve,
  trusted,
} from "../support/passing_on.ts";
import { inFolder, needing, until } from "../support/peers.ts";
import {
  exim,
  freePort,
  openSmtpd,
  postfix,
  withRelay,
} from "../support/relays.ts";

Deno.test(
  needing(
    { peers: dovecotPeers, root: true },
    "Dovecot is asked while the client waits, and has the mail at 250",
  ),
  () =>
    inFolder((folder) =>
      withDovecot(folder, async (dovecot) => {
        for (
          const target of [
            `lmtp:127.0.0.1:${dovecot.port}`,
            `lmtp:unix:${dovecot.path}`,
          ]
        ) {
          const before = dovecot.stored("ann").length;
          await withGate(
            [...serve, ...named, "--deliver", target],
            {},
            async (gate) => {
              const client = await greeted(gate.port);
              for (let i = 0; i < 5; i++) {
                const replies = await send(client, [
                  "nobody@ours.example",
                  "full@ours.example",
                  "ann@ours.example",
                ]);
                assertEquals(codes(replies), [
                  "550 5.1.1",
                  "552 5.2.2",
                  "250 2.1.5",
                  "250 2.0.0",
                ]);
                assertEquals(dovecot.stored("ann").length, before + i + 1);
              }
              client.close();
            },
          );
        }
        const [text] = dovecot.stored("ann");
        assertMatch(text, /^Delivered-To: ann@ours\.example$/m);
        assertMatch(text, /\n\n\.\nbody\n$/);
      })
    ),
);

const count = 12;

for (const relay of [postfix, exim, openSmtpd]) {
  Deno.test(
    needing(
      { peers: ["openssl", ...relay.peers], root: true },
      `${relay.name} is a smart host, and passes on what it was given`,
    ),
    () =>
      inFolder(async (folder) => {
        const { certPath, keyPath } = await makeCertificate(folder);
        const stored = `${folder}/Maildir/new`;
        const last = [
          ...[...serve, "--me", "mx.example", "--rcpthosts", "to.example"],
          ...["--tls-cert", certPath, "--tls-key", keyPath],
          ...["--deliver", `maildir:${folder}/Maildir`],
        ];
        await withGate(last, {}, async (mx) => {
          await Deno.mkdir(`${folder}/relay`);
          const port = freePort();
          const route = { folder: `${folder}/relay`, port, next: mx.port };
          await withRelay(relay, route, async () => {
            // Postfix alone takes it.
            const tells = relay === postfix ? "xclient" : "none";
            const first = [
              ...[...serve, ...named, "--relay", `smtp:127.0.0.1:${port}`],
              ...["--deliver", `maildir:${folder}/none`],
              ...["--relay-client", tells],
            ];
            await withGate(first, trusted, async (gate) => {
              const client = await greeted(gate.port);
              for (let i = 0; i < count; i++) {
                const replies = await send(client, [`b${i}@to.example`]);
                assertEquals(codes(replies), ["250 2.1.5", "250 2.0.0"]);
              }
              client.close();
            });
            await until(
              `${count} messages are there`,
              () => namesIn(stored).length >= count,
              60,
            );
          });
        });
        const texts = namesIn(stored).map((name) =>
          Deno.readTextFileSync(`${stored}/${name}`)
        );
        assertEquals(texts.length, count);
        for (const text of texts) {
          assertMatch(text, relay.received);
          if (relay === postfix) {
            assertMatch(text, /^Received: from client\.example \(/m);
          }
          assertMatch(text, /\n\n\.\nbody\n$/);
        }
      }),
  );
}
