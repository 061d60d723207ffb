/**
 * HAProxy in front of the next hop: it hears of our own client by the PROXY
 * header, and passes that on to the real server behind it.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { withGate } from "../support/gate.ts";
import { ClientFrom } from "../support/client_from.ts";
import {
  greeted,
  named,
  namesIn,
  send,
  serve,
  trusted,
} from "../support/passing_on.ts";
import { inFolder, needing, until } from "../support/peers.ts";
import { loopback } from "../support/random.ts";
import { freePort, postfix, type Relay, withRelay } from "../support/relays.ts";

/** It wants the PROXY header, and the server behind it has no TLS. */
const behindProxy: Relay = {
  ...postfix,
  async prepare(route) {
    const command = await postfix.prepare(route);
    await Deno.writeTextFile(
      `${route.folder}/etc/main.cf`,
      "smtpd_upstream_proxy_protocol = haproxy\n" +
        "smtpd_upstream_proxy_timeout = 1s\nsmtp_tls_security_level = none\n",
      { append: true },
    );
    return command;
  },
};

/** Runs HAProxy in the foreground between two ports. */
async function withProxy(
  folder: string,
  { from, to }: { from: number; to: number },
  fn: () => Promise<void>,
): Promise<void> {
  await Deno.writeTextFile(
    `${folder}/haproxy.cfg`,
    `defaults
  mode tcp
  timeout connect 5s
  timeout client 20s
  timeout server 20s
listen hop
  bind 127.0.0.1:${from} accept-proxy
  server postfix 127.0.0.1:${to} send-proxy-v2
`,
  );
  const child = new Deno.Command("haproxy", {
    args: ["-db", "-q", "-f", `${folder}/haproxy.cfg`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await until("HAProxy listens", async () => {
      try {
        (await Deno.connect({ hostname: "127.0.0.1", port: from })).close();
        return true;
      } catch {
        return false;
      }
    });
    await fn();
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
}

Deno.test(
  needing(
    { peers: ["haproxy", ...postfix.peers], root: true },
    "behind HAProxy, Postfix knows our client; without it, the client waits",
  ),
  () =>
    inFolder(async (folder) => {
      const stored = `${folder}/Maildir/new`;
      const last = [
        ...[...serve, "--me", "mx.example", "--rcpthosts", "to.example"],
        ...["--deliver", `maildir:${folder}/Maildir`],
      ];
      const from = freePort(), to = freePort();
      const first = [
        ...[...serve, ...named, "--deliver", `maildir:${folder}/none`],
        ...["--relay", `smtp:127.0.0.1:${from}`, "--relay-client", "proxy"],
      ];
      const clients = [loopback(), loopback()];
      await withGate(last, {}, async (mx) => {
        await Deno.mkdir(`${folder}/relay`);
        const route = { folder: `${folder}/relay`, port: to, next: mx.port };
        await withGate(first, trusted, async (gate) => {
          const replyTo = async (client: string) => {
            const at = { ip: "127.0.0.1", port: gate.port };
            const session = await ClientFrom.connect(client, at);
            session.send(
              "EHLO client.example\r\nMAIL FROM:<a@sender.example>\r\n" +
                "RCPT TO:<b@to.example>\r\nDATA\r\n",
            );
            await session.has("\r\n354 ");
            session.send(`Subject: ${client}\r\n\r\nbody\r\n.\r\nQUIT\r\n`);
            return (await session.all()).split("\r\n").at(-3);
          };
          await withProxy(folder, { from, to }, async () => {
            // It takes the connection, and has nobody to pass it on to.
            const early = await greeted(gate.port);
            const [reply] = await send(early, ["b@to.example"]);
            assertMatch(reply, /^451 4\.4\.2 the next hop hung up/);
            early.close();
            await withRelay(behindProxy, route, async () => {
              await until("the failed hop is tried again", async () => {
                const client = await greeted(gate.port);
                const replies = await send(client, ["b@to.example"]);
                client.close();
                return replies.at(-1)!.startsWith("250 2.0.0");
              });
              for (const client of clients) {
                assertMatch((await replyTo(client))!, /^250 2\.0\.0 /);
              }
              await until(
                "it is there",
                () => namesIn(stored).length === 3,
                60,
              );
            });
          });
          const client = await greeted(gate.port);
          const [reply] = await send(client, ["b@to.example"]);
          assertMatch(reply, /^451 4\.4\.1 .*refused/);
          client.close();
        });
      });
      const texts = namesIn(stored).map((name) =>
        Deno.readTextFileSync(`${stored}/${name}`)
      );
      const seen = texts.flatMap((text) => {
        const client = /^Subject: (127\.\S+)$/m.exec(text)?.[1];
        const told = /^Received: from \S+ \(\S+ \[(\S+)\]\)\n\tby postfix/m
          .exec(text)?.[1];
        return client === undefined ? [] : [`${client} ${told}`];
      });
      assertEquals(
        seen.toSorted(),
        clients.map((each) => `${each} ${each}`).toSorted(),
      );
    }),
);
