/**
 * The filter that asks rspamd, by its own protocol over HTTP.
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
import { withoutControls } from "../base/foreign_text.ts";
import { reason } from "../base/reason.ts";
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
  return {
    name: "rspamd",
    async judge(mail) {
      try {
        const answer = await turns.within(
          patience.seconds,
          (signal) => askTwice(mail, options, signal),
        );
        return rspamdJudgement(answer, folder);
      } catch (error) {
        const why = reason(error);
        emit(trouble(`unable to ask rspamd: ${why}`));
        return withoutAnswer(patience, why);
      }
    },
  };
}

/** One that was kept open may be of an rspamd that has been restarted. */
async function askTwice(
  mail: FilteredMail,
  options: RspamdOptions,
  signal: AbortSignal,
): Promise<string> {
  try {
    return await ask(mail, options, signal);
  } catch (error) {
    const isLost = error instanceof TypeError; // fetch's own
    if (!isLost || signal.aborted) throw error;
    return await ask(mail, options, signal);
  }
}

/** Its answer, which is JSON. */
async function ask(
  mail: FilteredMail,
  { url }: RspamdOptions,
  signal: AbortSignal,
): Promise<string> {
  const response = await fetch(`${url}/checkv2`, {
    method: "POST",
    headers: headersOf(mail),
    // No more of a message is read than it takes.
    body: ReadableStream.from(onTheWire(mail)),
    redirect: "manual",
    signal,
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
