/**
 * A gate that shows messages to milters, into a Maildir, and messages for it.
 *
 * @module
 */
import { fromBytes } from "../../lib/base/bytes.ts";
import { TestGate, withGate } from "./gate.ts";
import { type MilterManners, type Said, TestMilter } from "./milter.ts";
import { inFolder } from "./peers.ts";
import { SmtpClient } from "./smtp_client.ts";

export const serve = [
  ...["-RHl0", "-v", "127.0.0.1", "0", "smtpd", "--me", "mx.example.org"],
  ...["--rcpthosts", "example.org"],
];

export interface MilterGate {
  readonly milter: TestMilter;
  readonly gate: TestGate;
  readonly folder: string;
  readonly maildir: string;
}

export interface MilterGateOptions extends MilterManners {
  /** What it answers, by the letter of the command. */
  readonly at?: Readonly<Record<string, readonly Said[]>>;
  /** Of serve, and of smtpd. */
  readonly gate?: readonly string[];
  readonly smtpd?: readonly string[];
  readonly env?: Record<string, string>;
  /** In place of the Maildir. */
  readonly deliver?: string;
}

/** Runs `fn` with both. */
export function withMilterGate(
  { at, gate = [], smtpd = [], env = {}, deliver, ...manners }:
    MilterGateOptions,
  fn: (all: MilterGate) => Promise<void>,
): Promise<void> {
  return inFolder(async (folder) => {
    const milter = new TestMilter({
      ...(at && { script: () => ({ at }) }),
      ...manners,
    });
    const maildir = `${folder}/Maildir`;
    try {
      await withGate(
        [
          ...[...gate, ...serve, "--milter", milter.address],
          ...["--deliver", deliver ?? `maildir:${maildir}`, ...smtpd],
        ],
        { env },
        (gate) => fn({ milter, gate, folder, maildir }),
      );
    } finally {
      milter.close();
    }
  });
}

export interface Sent {
  readonly sender?: string;
  readonly recipients?: readonly string[];
  /** Lines ended by LF. */
  readonly text?: string;
}

const usualText = "Subject: hello\nX-A: 1\n\nbody\n";

/** Sends a message; resolves to the answer that ended it. */
export async function send(
  port: number,
  { sender = "bob@sender.example", recipients = ["ann@example.org"], text }:
    Sent = {},
): Promise<string> {
  const client = await SmtpClient.connect(port);
  try {
    await client.reply();
    await client.ask("EHLO client.example");
    return await sendIn(client, { sender, recipients, ...(text && { text }) });
  } finally {
    client.close();
  }
}

/** The same in a session that is there. */
export async function sendIn(
  client: SmtpClient,
  {
    sender = "bob@sender.example",
    recipients = ["ann@example.org"],
    text = usualText,
  }: Sent = {},
): Promise<string> {
  let said = await client.ask(`MAIL FROM:<${sender}>`);
  if (!said.startsWith("250")) return said.trimEnd();
  let isTaken = false;
  for (const each of recipients) {
    said = await client.ask(`RCPT TO:<${each}>`);
    isTaken ||= said.startsWith("250");
  }
  if (isTaken) said = await client.ask("DATA");
  if (!said.startsWith("354")) return said.trimEnd();
  return (await client.ask(text.replaceAll("\n", "\r\n") + ".")).trimEnd();
}

/** The texts in a folder of a Maildir, as byte strings. */
export function stored(maildir: string, folder = ""): string[] {
  const path = `${maildir}${folder}/new`;
  try {
    return [...Deno.readDirSync(path)]
      .map(({ name }) => fromBytes(Deno.readFileSync(`${path}/${name}`)));
  } catch {
    return []; // nothing has ever come
  }
}

/** The same, and empties it. */
export function taken(maildir: string, folder = ""): string[] {
  const texts = stored(maildir, folder);
  if (texts.length > 0) {
    Deno.removeSync(`${maildir}${folder}/new`, { recursive: true });
  }
  return texts;
}
