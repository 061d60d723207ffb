/**
 * The end of the grace time: sessions inside the gate hear of it.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { withGate } from "../support/gate.ts";
import { inFolder, needing } from "../support/peers.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const envelope = ["EHLO x", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>"];

Deno.test(
  needing(
    {},
    "who is there when the grace is over is told so, and nothing is left",
  ),
  () =>
    inFolder(async (folder) => {
      const maildir = `${folder}/Maildir`;
      const args = ["-vRHl0", "--grace", "1", "127.0.0.1", "0", "smtpd"];
      const smtpd = ["--maildir", maildir, "--rcpthosts", "d.example"];
      await withGate([...args, ...smtpd], {}, async (gate) => {
        const idle = await SmtpClient.connect(gate.port);
        const writing = await SmtpClient.connect(gate.port);
        for (const client of [idle, writing]) {
          assertMatch(await client.reply(), /^220 /);
        }
        for (const line of envelope) {
          assertMatch(await writing.ask(line), /^250/m);
        }
        assertMatch(await writing.ask("DATA"), /^354 /);
        // More than is kept in memory: there is a file in tmp.
        await writing.send(`${"x".repeat(70)}\r\n`.repeat(2000));
        const ending = gate.stop();
        for (const client of [idle, writing]) {
          assertEquals(await client.rest(), "421 4.3.2 shutting down\r\n");
          client.close();
        }
        assertEquals((await ending).code, 0);
        for (const number of [1, 2]) {
          assertMatch(gate.log, new RegExp(`: end ${number} status 256\n`));
        }
        for (const part of ["tmp", "new"]) {
          assertEquals([...Deno.readDirSync(`${maildir}/${part}`)], []);
        }
      });
    }),
);

Deno.test(
  needing({}, "within the grace a message is stored, and no more begun"),
  () =>
    inFolder(async (folder) => {
      const maildir = `${folder}/Maildir`;
      const args = ["-vRHl0", "--grace", "20", "127.0.0.1", "0", "smtpd"];
      const smtpd = ["--maildir", maildir, "--rcpthosts", "d.example"];
      await withGate([...args, ...smtpd], {}, async (gate) => {
        const client = await SmtpClient.connect(gate.port);
        await client.reply();
        for (const line of [...envelope, "DATA"]) await client.ask(line);
        const ending = gate.stop();
        assertMatch(await client.ask("Subject: x\r\n\r\n."), /^250 /);
        assertMatch(await client.ask("QUIT"), /^221 /);
        client.close();
        assertEquals((await ending).code, 0);
        assertEquals([...Deno.readDirSync(`${maildir}/new`)].length, 1);
      });
    }),
);
