/**
 * The filter that asks rspamd, by its own protocol over HTTP.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import { withoutControls } from "../base/foreign_text.ts";
import { LastingTrouble } from "../base/lasting_trouble.ts";
import { reason } from "../base/reason.ts";
import { directClient } from "./direct_http.ts";
import type { FilteredMail, FilterSession } from "./filter.ts";
import { withCrlf } from "./line_ends.ts";
import { type Patience, Turns, withoutAnswer } from "./patience.ts";
import { rspamdJudgement } from "./rspamd_answer.ts";

/** With the symbols of all its modules an answer has some 20 kB. */
const answerBytesLimit = 1 << 20;

/** So many may be asked about by name. */
const recipientsLimit = 1000;

export interface RspamdOptions {
  /** As {@linkcode rspamdUrl} makes it. */
  readonly url: string;
  readonly patience: Patience;
  /** Where a message goes that is to be put aside, as `.Junk`. */
  readonly folder: string;
  /** Takes a line for the administrator. */
  readonly emit: Emit;
}

/** One for all sessions of a process: it keeps no state for any of them. */
export function rspamd(options: RspamdOptions): FilterSession {
  const { patience, folder, emit } = options;
  const turns = new Turns();
  const lasting = new LastingTrouble(emit);
  const client = directClient();
  return {
    name: "rspamd",
    async judge(mail) {
      try {
        const answer = await turns.within(
          patience.seconds,
          (signal) => askTwice(mail, options.url, { client, signal }),
        );
        const judgement = rspamdJudgement(answer, folder);
        lasting.over();
        return judgement;
      } catch (error) {
        const why = whyLost(error);
        lasting.tell([`unable to ask rspamd: ${why}`]);
        return withoutAnswer(patience, why);
      }
    },
  };
}

/**
 * Whether it is there.
 *
 * @returns why it is not; null if it is
 */
export async function rspamdFault(
  url: string,
  seconds: number,
): Promise<string | null> {
  const client = directClient();
  try {
    const signal = AbortSignal.timeout(seconds * 1000);
    const response = await fetch(`${url}/ping`, { client, signal });
    await response.body?.cancel();
    return response.ok ? null : `it answers ${response.status}`;
  } catch (error) {
    return isTimeout(error)
      ? `no answer within ${seconds} seconds`
      : whyLost(error);
  } finally {
    client.close();
  }
}

const isTimeout = (error: unknown) =>
  error instanceof DOMException && error.name === "TimeoutError";

/** `fetch` says it in an error within its own, and wordily. */
function whyLost(error: unknown): string {
  let last = error;
  while (last instanceof Error && last.cause) last = last.cause;
  return reason(last)
    .replace(/^error sending request.*: client error \(\w+\): /, "")
    .replace(/^tcp connect error: /, "");
}

/** By what means, and until when. */
interface Means {
  readonly client: Deno.HttpClient;
  readonly signal: AbortSignal;
}

/** One that was kept open may be of an rspamd that has been restarted. */
async function askTwice(
  mail: FilteredMail,
  url: string,
  means: Means,
): Promise<string> {
  try {
    return await ask(mail, url, means);
  } catch (error) {
    const isLost = error instanceof TypeError; // fetch's own
    if (!isLost || means.signal.aborted) throw error;
    return await ask(mail, url, means);
  }
}

/** Its answer, which is JSON. */
async function ask(
  mail: FilteredMail,
  url: string,
  means: Means,
): Promise<string> {
  const response = await fetch(`${url}/checkv2`, {
    method: "POST",
    headers: headersOf(mail),
    // No more of a message is read than it takes.
    body: ReadableStream.from(onTheWire(mail)),
    redirect: "manual",
    ...means,
  });
  const { body, status } = response;
  if (status !== 200) {
    await body?.cancel();
    throw new Error(`it answers ${status}`);
  }
  const decoder = new TextDecoder();
  let text = "";
  for await (const piece of body ?? []) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > answerBytesLimit) throw new Error("it says too much");
  }
  return text;
}

async function* onTheWire({ read }: FilteredMail) {
  for await (const bytes of read()) yield withCrlf(bytes);
}

/** What rspamd wants to know beside the text. */
function headersOf(mail: FilteredMail): Headers {
  const { connection, helo, user, envelope, tls, id, me } = mail;
  const { remote, remoteHost } = connection;
  const headers = new Headers();
  const say = (name: string, value: string | null) => {
    // Of a stranger's bytes controls could be another header.
    if (value) headers.append(name, withoutControls(value));
  };
  say("IP", remote.ip);
  say("Hostname", remoteHost);
  say("Helo", helo);
  say("From", `<${envelope.sender}>`);
  say("User", user);
  say("Queue-Id", id);
  say("MTA-Name", me);
  say("MTA-Tag", "postern");
  say("TLS-Version", tls?.version ?? null);
  say("TLS-Cipher", tls?.cipher ?? null);
  for (const each of envelope.recipients.slice(0, recipientsLimit)) {
    say("Rcpt", `<${each}>`);
  }
  return headers;
}
