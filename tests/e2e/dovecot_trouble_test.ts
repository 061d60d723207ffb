/**
 * Log-ins while Dovecot is gone, stands still, or was never there.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import {
  attempt,
  encrypted,
  later,
  peers,
  plain,
  taken,
  withBoth,
} from "../support/dovecot_gate.ts";
import { needing, output, postern, until } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

Deno.test(
  needing(
    { peers, root: true },
    "while Dovecot is gone or stands still log-ins are deferred, and mail goes on",
  ),
  () =>
    withBoth(async ({ dovecot, server }) => {
      const client = await encrypted(server);
      assertEquals(await client.ask("AUTH LOGIN"), "334 VXNlcm5hbWU6\r\n");
      await dovecot.restart();
      // What was begun with the one before is over.
      assertEquals(await client.ask(btoa("plain")), later);
      assertEquals(await plain(client, "", "plain"), taken);
      client.close();
      await dovecot.stop();
      assertEquals(await attempt(server, "plain"), later);
      await server.gate.logged(/warning: unable to ask Dovecot at \S+: /);
      const stranger = await SmtpClient.connect(server.gate.port);
      await stranger.reply();
      await stranger.ask("EHLO x");
      await stranger.ask("MAIL FROM:<>");
      assertMatch(await stranger.ask("RCPT TO:<b@to.example>"), /^250 /);
      await dovecot.start();
      await until("it is found again", async () =>
        await attempt(server, "plain") === taken);
      for (const pid of await dovecot.pids()) {
        Deno.kill(pid, "SIGSTOP");
      }
      const waiting = attempt(server, "plain");
      assertMatch(await stranger.ask("RCPT TO:<c@to.example>"), /^250 /);
      assertEquals(await waiting, later);
      await server.gate.logged(/: no answer within 1 seconds/);
      for (const pid of await dovecot.pids()) {
        Deno.kill(pid, "SIGCONT");
      }
      await until("it is found again", async () =>
        await attempt(server, "plain") === taken);
      stranger.close();
    }, { smtpd: ["--dovecot-seconds", "1"] }),
);

Deno.test(
  needing(
    { peers: ["openssl"] },
    "--check looks whether Dovecot is there, and what it is",
  ),
  async () => {
    const check = async (address: string) => {
      const { code, stderr, stdout } = await output(postern, [
        ...["serve", "--check", "-RHl0", "127.0.0.1", "0", "smtpd"],
        ...["--me", "mx.example", "--deliver", "discard", "--relay", "discard"],
        ...["--dovecot-auth", address],
      ]);
      return { code, said: stderr + stdout };
    };
    const missing = await check("/nowhere/auth");
    assertEquals(missing.code, 100);
    assertMatch(
      missing.said,
      /--dovecot-auth: unable to log in by \/nowhere\/auth: file does not exist/,
    );
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const serving = (async () => {
      const conn = await listener.accept();
      await conn.write(new TextEncoder().encode("220 mx ESMTP\r\n"));
      await conn.read(new Uint8Array(100));
      conn.close();
    })();
    const stranger = await check(`inet:127.0.0.1:${port}`);
    assertEquals(stranger.code, 100);
    assertMatch(stranger.said, /it does not speak the protocol/);
    await serving;
    listener.close();
    const usage = await check("auth");
    assertEquals(usage.code, 100);
    assertMatch(usage.said, /PATH or HOST:PORT/);
  },
);
