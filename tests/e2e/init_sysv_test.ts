/**
 * The SysV script in each shell, and restarts that would go wrong.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { makeCertificate } from "../support/certificate.ts";
import { freePort, plain, withScript } from "../support/init_script.ts";
import { inFolder, needing, output, peer, postern } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const shells: Record<string, string[]> = {
  dash: ["dash"],
  bash: ["bash", "--posix"],
  busybox: ["busybox", "sh"],
};

Deno.test(
  needing(
    { peers: ["openssl"] },
    "restart leaves a good gate alone, if the " +
      "next would not start",
  ),
  () =>
    inFolder(async (folder) => {
      const { certPath, keyPath, cert } = await makeCertificate(folder);
      const port = freePort();
      const serve = [
        ...plain(port),
        ...["--tls-cert", certPath, "--tls-key", keyPath],
      ];
      await withScript(serve, {}, async ({ call }) => {
        assertEquals((await call("start")).code, 0);
        const { stdout: before } = await call("status");
        const greeted = async () => {
          const client = await SmtpClient.connect(Number(port));
          assertMatch(await client.reply(), /^220 /);
          client.close();
        };
        await greeted();
        await Deno.writeTextFile(certPath, "no certificate\n");
        for (const verb of ["restart", "try-restart"]) {
          const refused = await call(verb);
          assertEquals(refused.code, 6);
          assertMatch(refused.stderr, /the old one goes on/);
          assert(refused.stderr.includes(certPath), refused.stderr);
        }
        assertEquals((await call("status")).stdout, before);
        await greeted();
        // It is not configured, says start, if it is stopped.
        assertEquals((await call("stop")).code, 0);
        assertEquals((await call("start")).code, 6);
        await Deno.writeTextFile(certPath, cert);
        assertEquals((await call("start")).code, 0);
        assertEquals((await call("restart")).code, 0);
      });
    }),
);

for (const [peerName, shell] of Object.entries(shells)) {
  Deno.test(
    needing({ peers: [peerName] }, `${peerName} runs all of it`),
    () =>
      withScript(plain(freePort()), { shell }, async ({ call }) => {
        for (
          const [verb, code] of [
            ...[["status", 3], ["stop", 0], ["start", 0], ["start", 0]],
            ...[["status", 0], ["reload", 0], ["restart", 0]],
            ...[["try-restart", 0], ["force-reload", 0], ["stop", 0]],
            ...[["try-restart", 0], ["status", 3], ["reload", 7]],
          ] as [string, number][]
        ) {
          const { code: found, stderr } = await call(verb);
          assertEquals([found, found === 0 ? stderr : ""], [code, ""], verb);
        }
      }),
  );
}

Deno.test(
  needing({ peers: ["shellcheck"] }, "the script is clean, with a file too"),
  () =>
    inFolder(async (folder) => {
      const config = `${folder}/a 'file'.toml`;
      await Deno.writeTextFile(
        config,
        `pidfile = "${folder}/x.pid"
[[listen]]
port = 2525
program = ["smtpd", "--maildir", "${folder}/Maildir"]
`,
      );
      const made = await output(postern, ["init-script", "--config", config]);
      assertEquals([made.code, made.stderr], [0, ""]);
      await Deno.writeTextFile(`${folder}/init`, made.stdout);
      const lint = await output(peer("shellcheck")!, [`${folder}/init`]);
      assertEquals(lint.stdout, "");
      assertMatch(made.stdout, /^# chkconfig: 235 99 01\n# description: /m);
    }),
);
