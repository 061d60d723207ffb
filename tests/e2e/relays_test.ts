/**
 * Real mail servers relay through a gate, over STARTTLS: every message comes
 * once and whole.
 *
 * @module
 */
import { assertEquals, assertMatch } from "@std/assert";
import { fromBytes, toBytes } from "../../lib/base/bytes.ts";
import { makeCertificate } from "../support/certificate.ts";
import { withGate } from "../support/gate.ts";
import { inFolder, needing, until } from "../support/peers.ts";
import { runs } from "../support/random.ts";
import {
  exim,
  freePort,
  openSmtpd,
  postfix,
  withRelay,
} from "../support/relays.ts";
import { SmtpClient } from "../support/smtp_client.ts";

const count = runs(100, 20);

/** The lines of a body, as a byte string with LF. */
function body(i: number): string {
  const kinds = [
    () => `.\n..\n.dot\n...\ntext\n.\n`,
    () => `8-bit \xe4\xf6\xfc \xff\xfe \x80\n`,
    () => "x".repeat(990) + "\n" + ".".repeat(990) + "\n",
    () => "\n\n \n\t\nFrom here\n>From there\n",
    () => "no more than this\n",
  ];
  const large = i === 7 ? `${"0123456789".repeat(9)}\n`.repeat(11_600) : "";
  return `body ${i}\n${kinds[i % kinds.length]()}${large}end ${i}\n`;
}

/** Hands the messages to a relay, in sessions of ten. */
async function submit(port: number): Promise<void> {
  for (let from = 0; from < count; from += 10) {
    const client = await SmtpClient.connect(port);
    assertMatch(await client.reply(), /^220/);
    assertMatch(await client.ask("EHLO client.example"), /8BITMIME/);
    for (let i = from; i < Math.min(from + 10, count); i++) {
      const mail = "MAIL FROM:<a@sender.example> BODY=8BITMIME";
      assertMatch(await client.ask(mail), /^250/);
      assertMatch(await client.ask(`RCPT TO:<b${i}@to.example>`), /^250/);
      assertMatch(await client.ask("DATA"), /^354/);
      const text = "From: <a@sender.example>\nMIME-Version: 1.0\n" +
        "Content-Type: text/plain; charset=iso-8859-1\n" +
        `Content-Transfer-Encoding: 8bit\nSubject: ${i}\n\n${body(i)}`;
      const stuffed = text.replace(/^\./gm, "..").replaceAll("\n", "\r\n");
      await client.send(toBytes(stuffed + ".\r\n"));
      assertMatch(await client.reply(), /^250/);
    }
    assertMatch(await client.ask("QUIT"), /^221/);
    client.close();
  }
}

for (const relay of [postfix, exim, openSmtpd]) {
  Deno.test(
    needing(
      { peers: ["openssl", ...relay.peers], root: true },
      `${relay.name} relays ${count} messages, over TLS, each once and whole`,
    ),
    () =>
      inFolder(async (folder) => {
        const { certPath, keyPath } = await makeCertificate(folder);
        const stored = `${folder}/Maildir/new`;
        const arrived = () => {
          try {
            return [...Deno.readDirSync(stored)].map(({ name }) => name);
          } catch {
            return [];
          }
        };
        await withGate(
          [
            ...["-vRHl0", "-c100", "127.0.0.1", "0", "smtpd"],
            ...["--me", "mx.example", "--rcpthosts", "to.example"],
            ...["--tls-cert", certPath, "--tls-key", keyPath],
            ...["--deliver", `maildir:${folder}/Maildir`],
          ],
          {},
          async (gate) => {
            await Deno.mkdir(`${folder}/relay`);
            const route = {
              folder: `${folder}/relay`,
              port: freePort(),
              next: gate.port,
            };
            await withRelay(relay, route, async () => {
              await submit(route.port);
              await until(
                `${arrived().length} of ${count} messages are there`,
                () => arrived().length >= count,
                60,
              );
              const { path, line } = relay.sent;
              const sent = () =>
                Deno.readTextFileSync(`${route.folder}/${path}`).split("\n")
                  .filter((each) => line.test(each));
              await until(
                `${count} lines ${line}`,
                () => sent().length >= count,
              );
            });
          },
        );
        const seen = new Set<number>();
        const ways = new Set<string>();
        for (const name of arrived()) {
          const text = fromBytes(await Deno.readFile(`${stored}/${name}`));
          const head = text.slice(0, text.indexOf("\n\n"));
          const i = Number(/^Subject: (\d+)$/m.exec(head)![1]);
          assertMatch(
            head,
            new RegExp(`^Delivered-To: b${i}@to\\.example$`, "m"),
          );
          assertMatch(head, relay.received);
          assertMatch(head, / by 0 with ESMTPS id \S+; /);
          assertEquals(text.slice(head.length + 2), body(i));
          seen.add(i);
          ways.add(/^Return-Path: .*$/m.exec(head)![0]);
        }
        assertEquals([...ways], ["Return-Path: <a@sender.example>"]);
        assertEquals([arrived().length, seen.size], [count, count]);
      }),
  );
}
