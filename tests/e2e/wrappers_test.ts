/**
 * rblsmtpd, recordio and fixcrio in front of smtpd: within the gate, by each of
 * the names that mean ours, and executed.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { txt, withDns } from "../support/dns_server.ts";
import { withGate } from "../support/gate.ts";
import { makeCertificate } from "../support/certificate.ts";
import { inFolder, needing, output, postern } from "../support/peers.ts";
import { loopback } from "../support/random.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const gate = ["-RHl0", "127.0.0.1", "0"];
const smtpd = ["smtpd", "--me", "mx.example", "--deliver", "discard"];
const names = ["rblsmtpd", "recordio", "fixcrio", "qmail-smtpd", "tcpserver"];

async function link(folder: string): Promise<void> {
  for (const name of names) {
    await Deno.symlink(postern, `${folder}/${name}`);
  }
}

const children = (pid: number) =>
  Deno.readTextFileSync(`/proc/${pid}/task/${pid}/children`).trim();

Deno.test(
  needing(
    {},
    "recordio within the gate says what the program says, without one",
  ),
  () =>
    withGate([...gate, "recordio", ...smtpd], {}, async (gate) => {
      const client = await SmtpClient.connect(gate.port);
      assertEquals(await client.reply(), "220 mx.example ESMTP\r\n");
      assertEquals(children(gate.child.pid), "");
      assertEquals(await client.ask("NOOP"), "250 2.0.0 ok\r\n");
      assertMatch(await client.ask("QUIT"), /^221 /);
      await gate.logged(/ > \[EOF\]\n/);
      assertEquals(
        gate.log.replaceAll(/^\d+ /gm, "N "),
        "N > 220 mx.example ESMTP\r \nN < NOOP\r \nN > 250 2.0.0 ok\r \n" +
          "N < QUIT\r \nN > 221 2.0.0 mx.example\r \nN > [EOF]\n",
      );
    }),
);

Deno.test(
  needing(
    {},
    "fixcrio within the gate mends commands and text, recordio sees it",
  ),
  () =>
    withGate([...gate, "fixcrio", "recordio", ...smtpd], {}, async (gate) => {
      const client = await SmtpClient.connect(gate.port);
      await client.reply();
      await client.send(
        "EHLO x\nMAIL FROM:<a@b.example>\nRCPT TO:<x@mx.example>\nDATA\n",
      );
      for (const code of [250, 250, 250, 354]) {
        assertMatch(await client.reply(), new RegExp(`^${code}`));
      }
      await client.send("Subject: x\n\nhi\n.\nQUIT\n");
      assertMatch(await client.reply(), /^250 2.0.0 ok/);
      assertMatch(await client.reply(), /^221 /);
      await gate.logged(/ > \[EOF\]\n/);
      assertMatch(gate.log, /^\d+ < Subject: x\r $/m);
    }),
);

Deno.test(
  needing({ peers: ["openssl"] }, "STARTTLS behind both of them works"),
  () =>
    inFolder(async (folder) => {
      const { certPath, keyPath, cert } = await makeCertificate(folder);
      const tls = ["--tls-cert", certPath, "--tls-key", keyPath];
      const program = ["fixcrio", "recordio", ...smtpd, ...tls];
      await withGate([...gate, ...program], {}, async (gate) => {
        const client = await SmtpClient.connect(gate.port);
        await client.reply();
        assertMatch(await client.ask("STARTTLS"), /^220 /);
        await client.encrypt(cert);
        await client.send("NOOP secret\nQUIT\n");
        assertEquals(await client.reply(), "250 2.0.0 ok\r\n");
        assertMatch(await client.reply(), /^221 /);
        await gate.logged(/ < STARTTLS/);
        assert(!gate.log.includes("secret"), gate.log);
      });
    }),
);

Deno.test(
  needing({ root: true }, "rblsmtpd within the gate: lists, RBLSMTPD by rules"),
  () =>
    inFolder(async (folder) => {
      await link(folder);
      const ip = loopback();
      const zone = { "1.0.0.127.bad.example TXT": txt("go away") };
      const text = '127.0.0.1:allow,RBLSMTPD=""\n:allow\n';
      const cdb = `${folder}/rules.cdb`;
      const made = await output(
        postern,
        ["rules", "compile", cdb, `${cdb}.tmp`],
        { stdin: text },
      );
      assertEquals(made.code, 0);
      const env = { DNSCACHEIP: ip };
      await withDns(ip, zone, async () => {
        const program = ["rblsmtpd", "-b", "-r", "bad.example", ...smtpd];
        const run = async (args: string[]) => {
          let reply = "";
          await withGate(args, { env }, async (gate) => {
            const client = await SmtpClient.connect(gate.port);
            await client.reply();
            await client.ask("EHLO x");
            await client.ask("MAIL FROM:<a@b.example>");
            reply = await client.ask("RCPT TO:<x@mx.example>");
            assertMatch(await client.ask("QUIT"), /^221 /);
            if (reply.startsWith("553")) {
              await gate.logged(/^rblsmtpd: 127.0.0.1 pid \d+: 553 go away\n/);
            }
          });
          return reply;
        };
        assertEquals(await run([...gate, ...program]), "553 go away\r\n");
        assertEquals(
          await run(["-x", cdb, ...gate, ...program]),
          "250 2.1.5 ok\r\n",
        );
        assertEquals(
          await run(["--isolate", ...gate, ...program]),
          "553 go away\r\n",
        );
      });
    }),
);

Deno.test(
  needing({}, "under the names of 1996 links to us run within tcpserver"),
  () =>
    inFolder(async (folder) => {
      await link(folder);
      const own = (name: string) => `${folder}/${name}`;
      const program = [own("rblsmtpd"), own("recordio"), own("qmail-smtpd")];
      const env = { RBLSMTPD: "-no", QMAILHOME: folder };
      const options = { program: own("tcpserver"), env };
      await withGate([...gate, ...program], options, async (gate) => {
        const client = await SmtpClient.connect(gate.port);
        assertEquals(await client.reply(), "220 rblsmtpd.local\r\n");
        assertEquals(children(gate.child.pid), "");
        assertEquals(await client.ask("VRFY x"), "553 no\r\n");
      });
    }),
);

Deno.test(
  needing({}, "what rblsmtpd does not know is told at the start"),
  async () => {
    const args = ["serve", ...gate, "rblsmtpd", "-z", ...smtpd];
    const { code, stderr } = await output(postern, args);
    assertEquals(code, 100);
    assertMatch(stderr, /^rblsmtpd: illegal option -- z\nrblsmtpd: usage: /);
  },
);

Deno.test(
  needing({}, "a program behind ours that is not ours is executed"),
  () =>
    inFolder(async (folder) => {
      await link(folder);
      const program = [`${folder}/recordio`, "sh", "-c", "echo hi"];
      await withGate([...gate, ...program], {}, async (gate) => {
        const client = await SmtpClient.connect(gate.port);
        assertEquals(await client.line(), "hi\n");
        await gate.logged(/^\d+ > hi $/m);
      });
    }),
);
