/**
 * A gate that passes mail on, and a client that sends some through it.
 *
 * @module
 */
import { assertMatch } from "@std/assert";
import { SmtpClient } from "./smtp_client.ts";

/** Arguments of a gate, up to those of smtpd. */
export const serve = ["-vRHl0", "-c1500", "127.0.0.1", "0", "smtpd"];
export const named = ["--me", "gate.example", "--rcpthosts", "ours.example"];
/** Whoever comes may relay. */
export const trusted = { env: { RELAYCLIENT: "" } };

/** A client after EHLO. */
export async function greeted(port: number): Promise<SmtpClient> {
  const client = await SmtpClient.connect(port);
  assertMatch(await client.reply(), /^220/);
  assertMatch(await client.ask("EHLO client.example"), /^250/);
  return client;
}

/** The replies to all recipients, and to the text if one was taken. */
export async function send(
  client: SmtpClient,
  recipients: readonly string[],
  text = "Subject: x\r\n\r\n.\r\nbody\r\n",
): Promise<string[]> {
  assertMatch(await client.ask("MAIL FROM:<a@sender.example>"), /^250/);
  const replies: string[] = [];
  for (const each of recipients) {
    replies.push(await client.ask(`RCPT TO:<${each}>`));
  }
  if (replies.some((reply) => reply.startsWith("250"))) {
    const reply = await client.ask("DATA");
    if (!reply.startsWith("354")) replies.push(reply);
    else {
      await client.send(text.replace(/^\./gm, "..") + ".\r\n");
      replies.push(await client.reply());
    }
  } else await client.ask("RSET");
  return replies;
}

/** Code and status of each. */
export const codes = (replies: readonly string[]) =>
  replies.map((reply) => reply.slice(0, 9));

/** What is in a folder, which may not be there yet. */
export function namesIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name);
  } catch {
    return []; // there is none yet
  }
}
