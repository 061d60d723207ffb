/**
 * Whoever is left early hears why, also a client that listens only when it has
 * said all: in the clear, over TLS, and in a process of its own.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { needing } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";
import { type SmtpServer, withSmtpd } from "../support/smtp_server.ts";

const envelope = "MAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\n";
/** More than a client can send to somebody who does not read. */
const much = `${"x".repeat(70)}\r\n`.repeat(100_000);

/** What ends a session, and the last thing that is said of it. */
const causes: [cause: string, says: string, last: RegExp][] = [
  ["a bare LF in a command", `NOOP\n${much}`, /500 5\.5\.2 .*LF\r\n$/],
  ["HTTP", `POST / HTTP/1.1\r\n${much}`, /500 5\.5\.1 this is not HTTP\r\n$/],
  ["an endless line", "x".repeat(7_000_000), /500 5\.5\.2 line too long\r\n$/],
  ["too many errors", much, /421 4\.7\.0 too many errors\r\n$/],
  ["a chunk of no size", `BDAT x\r\n${much}`, /501 5\.5\.4 .*\r\n$/],
  [
    "a text that is refused",
    `${envelope}DATA\r\nSubject: x\n\r\n${much}.\r\n`,
    /354 .*\r\n554 5\.6\.0 the message holds a LF without its CR\r\n$/,
  ],
  [
    "a forged end, and what it smuggles",
    `${envelope}DATA\r\nx\n.\r\n${envelope}DATA\r\n${much}.\r\nQUIT\r\n`,
    /354 .*\r\n554 5\.6\.0 the message holds a LF without its CR\r\n$/,
  ],
];

const ways: [way: string, gate: string[], connect: typeof inTheClear][] = [
  ["", [], inTheClear],
  [" over TLS", [], encrypted],
  [" of a process of its own", ["--isolate"], inTheClear],
];

async function inTheClear({ gate }: SmtpServer): Promise<SmtpClient> {
  const client = await SmtpClient.connect(gate.port);
  assertMatch(await client.reply(), /^220/);
  return client;
}

async function encrypted(server: SmtpServer): Promise<SmtpClient> {
  const client = await inTheClear(server);
  assertMatch(await client.ask("STARTTLS"), /^220/);
  await client.encrypt(server.certificate.cert);
  return client;
}

for (const [way, gate, connect] of ways) {
  Deno.test(
    needing({ peers: ["openssl"] }, `a client${way} hears why it is left`),
    () =>
      withSmtpd({ gate }, async (server) => {
        for (const [cause, says, last] of causes) {
          const client = await connect(server);
          await client.send(says); // fails at a reset
          assertMatch(await client.rest(), last, cause);
          client.close();
        }
        assertEquals(server.stored(), []);
      }),
  );
}

Deno.test(
  needing(
    { peers: ["openssl"] },
    "a text that is refused and stands still is left",
  ),
  () =>
    withSmtpd({}, async (server) => {
      const client = await inTheClear(server);
      await client.send(`${envelope}DATA\r\nx\n.\r\n`);
      assertMatch(await client.rest(), /354 .*\r\n554 5\.6\.0 .*\r\n$/);
      client.close();
    }),
);

Deno.test(
  needing(
    { peers: ["openssl"] },
    "who has heard why, and stays, is left in the end",
  ),
  () =>
    withSmtpd({ gate: ["-v", "-c1"] }, async (server) => {
      const client = await inTheClear(server);
      assertMatch(await client.ask("GET / HTTP/1.1"), /^500/);
      assertEquals(await client.rest(), "");
      await server.gate.logged(/: end /); // its slot is free
      await (await inTheClear(server)).ask("QUIT");
      client.close();
    }),
);

Deno.test(
  needing(
    { peers: ["openssl"] },
    "a client over its limit that talks at once hears why",
  ),
  () =>
    withSmtpd({ gate: ["--per-ip", "1", "--busy-reply"] }, async (server) => {
      const first = await inTheClear(server);
      for (let i = 0; i < 20; i++) {
        const client = await SmtpClient.connect(server.gate.port);
        await client.send("EHLO x\r\n").catch(() => {}); // it may be left already
        assertMatch(await client.rest(), /^421 4\.7\.0 too many connections/);
        client.close();
      }
      first.close();
    }),
);
