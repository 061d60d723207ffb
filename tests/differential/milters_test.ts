/**
 * The same messages through Postfix and through a gate, with the same milter:
 * it is told the same, and what it changes is changed the same, byte for byte.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { withGate } from "../support/gate.ts";
import {
  leadingSpace,
  type MilterMail,
  type Said,
  says,
  TestMilter,
} from "../support/milter.ts";
import { type HopMessage, NextHop } from "../support/next_hop.ts";
import { inFolder, needing, until } from "../support/peers.ts";
import { randomFrom } from "../support/random.ts";
import { freePort, postfix, type Relay, withRelay } from "../support/relays.ts";
import { SmtpClient } from "../support/smtp_client.ts";

/** Nothing of its own is to be in the way. */
const settings = (milter: string) => `
mynetworks = 192.0.2.1
relay_domains = foreign.example
smtpd_relay_restrictions = reject_unauth_destination
smtpd_milters = ${milter}
milter_default_action = tempfail
always_add_missing_headers = no
local_header_rewrite_clients =
smtp_tls_security_level = none
smtp_line_length_limit = 0
line_length_limit = 100000
header_size_limit = 1000000
disable_mime_output_conversion = yes
smtp_destination_concurrency_limit = 20
default_process_limit = 100
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
in_flow_delay = 0
`;

const withMilter = (milter: string): Relay => ({
  ...postfix,
  async prepare(route) {
    const command = await postfix.prepare(route);
    const path = `${route.folder}/etc/main.cf`;
    await Deno.writeTextFile(path, settings(milter), { append: true });
    return command;
  },
});

interface Case {
  readonly text: string;
  readonly script: readonly Said[];
}

function cases(count: number): Case[] {
  const random = randomFrom(count);
  const below = (n: number) => Math.floor(random() * n);
  const one = <T>(all: readonly T[]): T => all[below(all.length)];
  const names = ["Subject", "subject", "X-A", "X-a", "To", "Received", "X-B"];
  const blanks = [" ", "", "  ", "\t", " \t ", "\u00e9"];
  const words = ["one", "two words", "", "\xe9\xff", "a: b", "=?x?q?y?=", "."];
  const folds = ["\r\n ", "\r\n\t", "\r\n  \t", "\r\n \r\n "];
  const field = () => {
    const value = Array.from({ length: below(4) }, () => one(words))
      .join(one(folds));
    const before = below(8) === 0 ? one([" ", "\t", " \t"]) : "";
    const long = below(20) === 0 ? "x".repeat(one([998, 2047, 5000])) : "";
    return `${one(names)}${before}:${one(blanks)}${value}${long}\r\n`;
  };
  const lines = ["body", "", "..dot", ".", "From x", "\xe9", "x: y"];
  const body = () => {
    const kind = below(12);
    if (kind === 0) return "";
    if (kind === 1) return `${"x".repeat(900)}\r\n`.repeat(1 + below(200));
    if (kind === 2) return `${"y".repeat(30_000)}\r\n`;
    return Array.from({ length: below(8) }, () => `${one(lines)}\r\n`).join("");
  };
  const message = (i: number) => {
    if (i === 0) return "";
    if (i === 1) return "no header\r\nat all\r\n";
    if (i === 2) return "\r\nonly a body\r\n";
    if (i === 3) return "X-A: 1\r\n";
    if (i === 4) return "X-A: 1\r\nno field\r\n\r\nbody\r\n";
    if (i === 5) return "X-A: 1\r\n".repeat(600) + "\r\n";
    if (i === 6) return ": x\r\n\r\n";
    const header = Array.from({ length: below(12) }, field).join("");
    return header + (below(15) === 0 ? "" : "\r\n" + body());
  };
  const values = [
    ...["1", "a b", " led", "\ttab", "a\n b", "a\nb", "a\n\tb\n c", "\xe9"],
    ...["a\n", "a\n\nb", "x".repeat(3000), "y".repeat(900) + "\n z"],
  ];
  const change = (): Said => {
    const name = one([...names, "X-New", "X-Missing"]);
    switch (below(5)) {
      case 0:
        return says.add(name, one(values));
      case 1:
        return says.insert(one([0, 1, 2, 3, 99]), name, one(values));
      case 2:
        return says.change(one([0, 1, 2, 9]), name, one(values));
      case 3:
        return says.change(one([0, 1, 2, 9]), name, "");
      default:
        return says.insert(0, name, one(values));
    }
  };
  const newBody = ["new\r\nbody\r\n", "no end", "\n", "\r\n\r\n", ""];
  return Array.from({ length: count }, (_, i) => {
    const script = Array.from({ length: below(6) }, change);
    if (below(8) === 0) {
      const pieces = Array.from({ length: 1 + below(3) }, () => one(newBody));
      script.push(...pieces.map(says.body));
    }
    if (below(10) === 0) script.push(says.sender("<new@sender.example>"));
    if (below(10) === 0) {
      script.push(says.addRecipient("<more@foreign.example>"));
      if (below(2) === 0) script.push(says.deleteRecipient(recipientOf(i)));
    }
    script.push(says.add("X-Mark", `${i}`), [one(["c", "a"])]);
    return { text: message(i), script };
  });
}

const senderOf = (i: number) => `<s${i}@sender.example>`;
const recipientOf = (i: number) => `<r${i}@foreign.example>`;

const sessions = 20;

/** Sends all of them, in sessions that take turns. */
async function send(port: number, all: readonly Case[]): Promise<void> {
  await Promise.all(
    Array.from({ length: sessions }, (_, session) => {
      const own = all.map(({ text }, i) => [i, text] as const)
        .filter(([i]) => i % sessions === session);
      return sendIn(port, own);
    }),
  );
}

async function sendIn(
  port: number,
  messages: readonly (readonly [i: number, text: string])[],
): Promise<void> {
  const client = await SmtpClient.connect(port);
  await client.reply();
  await client.ask("EHLO client.example");
  for (const [i, text] of messages) {
    const ask = async (line: string, wanted: string) => {
      const said = await client.ask(line);
      assert(said.startsWith(wanted), `message ${i}: ${line}: ${said}`);
    };
    await ask(`MAIL FROM:${senderOf(i)}`, "250");
    await ask(`RCPT TO:${recipientOf(i)}`, "250");
    await ask("DATA", "354");
    const stuffed = text.replace(/^\./gm, "..");
    await client.send(Uint8Array.from(stuffed, (c) => c.charCodeAt(0)));
    await ask(".", "250");
  }
  client.close();
}

/** By the first recipient that it was first for: what a next hop was given. */
interface Arrived {
  sender: string;
  recipients: readonly string[];
  text: string;
}

/**
 * Without what is the server's own: its trace, and that Postfix takes blanks
 * before colons away, milter or not.
 */
function arrived({ sender, recipients, text }: HopMessage): Arrived {
  return {
    sender,
    recipients: recipients.toSorted(),
    text: text.replace(/^Received: from .*\r\n(?:[ \t].*\r\n)+/m, "OURS\r\n")
      .replace(/^([!-9;-~]+)[ \t]+:/gm, "$1:"),
  };
}

const markOf = ({ text }: HopMessage) => /^X-Mark: ?(\d+)\r$/m.exec(text)![1];

const told = ({ sender, recipients, header, body, helo }: MilterMail) => ({
  ...{ sender, recipients, header, body, helo },
});

for (const [steps, count] of [[0, 140], [leadingSpace, 60]]) {
  const how = steps === 0 ? "without" : "with";
  Deno.test(
    needing(
      { peers: postfix.peers, root: true },
      `a milter changes ${count} messages as it does with Postfix, ` +
        `values ${how} their leading blanks`,
    ),
    () =>
      inFolder(async (folder) => {
        const all = cases(count);
        const script = (sender: string) => {
          const i = Number(/^<s(\d+)@/.exec(sender)?.[1] ?? NaN);
          return { at: { E: all[i]?.script ?? [["c"]] } };
        };
        const ours = new TestMilter({ steps, script });
        const theirs = new TestMilter({ steps, script });
        const hop = new NextHop(), otherHop = new NextHop();
        await withGate(
          [
            ...["-RHl0", "127.0.0.1", "0", "smtpd", "--me", "mx.example"],
            ...["--milter", ours.address, "--deliver", hop.target],
            ...["--max-text-line", "100000", "--rcpthosts", "foreign.example"],
          ],
          {},
          (gate) => send(gate.port, all),
        );
        const port = freePort();
        await withRelay(
          withMilter(theirs.address),
          { folder, port, next: otherHop.port },
          async () => {
            await send(port, all);
            await until(
              "Postfix delivers",
              () => otherHop.messages.length === count,
            );
          },
        );
        for (const each of [hop, otherHop, ours, theirs]) each.close();
        const of = ({ mails }: TestMilter, i: number) =>
          told(mails.find(({ sender }) => sender === senderOf(i))!);
        const gotBy = ({ messages }: NextHop, i: number) =>
          arrived(messages.find((each) => markOf(each) === `${i}`)!);
        assertEquals(hop.messages.length, count);
        for (const [i, { text, script }] of all.entries()) {
          const what = JSON.stringify({ i, text: text.slice(0, 2000), script });
          assertEquals(of(ours, i), of(theirs, i), what);
          assertEquals(gotBy(hop, i), gotBy(otherHop, i), what);
        }
      }),
  );
}
