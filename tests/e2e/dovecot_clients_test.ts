/**
 * Log-ins by a real Dovecot, from real clients.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import nodemailer from "nodemailer";
import {
  encrypted,
  peers,
  plain,
  withBoth,
  wrong,
} from "../support/dovecot_gate.ts";
import { needing, output, peer } from "../support/peers.ts";

Deno.test(
  needing(
    { peers: [...peers, "swaks", "curl", "python3", "msmtp"], root: true },
    "real clients log in by the mechanisms that they have",
  ),
  () =>
    withBoth(async ({ server }) => {
      const { port } = server.gate;
      const ends: Record<string, unknown> = {};
      const run = async (name: string, args: string[], stdin?: string) => {
        const { code, stdout, stderr } = await output(peer(name)!, args, {
          stdin,
        });
        ends[
          `${name} ${args.find((arg) => /plain|login|cram|scram/i.test(arg))}`
        ] = code === 0 ? 0 : stdout + stderr;
      };
      for (const mechanism of ["PLAIN", "LOGIN", "CRAM-MD5"]) {
        await run("swaks", [
          ...["--server", "127.0.0.1", "--port", `${port}`, "-tls"],
          ...["-a", mechanism, "-au", "plain", "-ap", "x"],
          ...["-f", "a@a.example", "-t", "b@far.example"],
        ]);
        await run("curl", [
          ...["-sS", "-k", "--ssl-reqd", `smtp://127.0.0.1:${port}`],
          ...["--login-options", `AUTH=${mechanism}`, "-u", "plain:x"],
          ...["--mail-from", "a@a.example", "--mail-rcpt", "b@far.example"],
          ...["-T", "-"],
        ], "Subject: x\r\n\r\nx\r\n");
      }
      for (
        const mechanism of ["plain", "login", "scram-sha-1", "scram-sha-256"]
      ) {
        await run("msmtp", [
          ...["--host=127.0.0.1", `--port=${port}`, "--tls=on"],
          ...["--tls-certcheck=off", `--auth=${mechanism}`],
          `--user=${mechanism === "scram-sha-1" ? "scram1" : "scram"}`,
          ...["--passwordeval=echo x", "--from=a@a.example", "b@far.example"],
        ], "Subject: x\n\nx\n");
      }
      await run("python3", [
        "-c",
        `# login
import smtplib, ssl
s = smtplib.SMTP("127.0.0.1", ${port})
c = ssl.create_default_context(); c.check_hostname = False
c.verify_mode = ssl.CERT_NONE
s.starttls(context=c)
s.login("plain", "x")
s.sendmail("a@a.example", ["b@far.example"], b"Subject: x\\r\\n\\r\\nx\\r\\n")
`,
      ]);
      for (const [what, end] of Object.entries(ends)) {
        assertEquals(end, 0, what);
      }
      const transport = nodemailer.createTransport({
        ...{ host: "127.0.0.1", port, requireTLS: true },
        tls: { rejectUnauthorized: false },
        auth: { user: "bcrypt", pass: "x" },
      });
      await transport.sendMail({
        ...{ from: "a@a.example", to: "b@far.example", text: "x" },
      });
      transport.close();
      await server.gate.logged(
        /login\.accepted .* user=scram mech=SCRAM-SHA-256 /,
      );
    }),
);

Deno.test(
  needing(
    { peers, root: true },
    "a long response is Dovecot's to refuse, a longer one ours",
  ),
  () =>
    withBoth(async ({ server }) => {
      const client = await encrypted(server);
      assertEquals(
        await client.ask(`AUTH PLAIN ${"A".repeat(12272)}`),
        wrong,
      );
      assertEquals(await plain(client, "", "plain", "y"), wrong);
      client.close();
      const other = await encrypted(server);
      assertMatch(await other.ask("AUTH PLAIN"), /^334 /);
      assertMatch(await other.ask("A".repeat(12288)), /^500 5\.5\.6 /);
      other.close();
    }),
);
