/**
 * A milter is told of a message's text, and says what is to become of it.
 *
 * @module
 */
import { concat } from "../base/bytes.ts";
import type { FilteredMail, Judgement } from "./filter.ts";
import { MilterBody } from "./milter_body.ts";
import { answerIn, Changes } from "./milter_changes.ts";
import { command, macros, packet, steps } from "./milter_codec.ts";
import type { MilterConnection } from "./milter_connection.ts";
import { answerOf, ask } from "./milter_dialogue.ts";
import { tlsMacros } from "./milter_facts.ts";
import { messagePackets } from "./milter_message.ts";
import { changed, judged } from "./milter_outcome.ts";

/** The first version that knows of the command DATA. */
const dataVersion = 4;

/** Where things go. */
export interface Folders {
  /** A message that is to be put aside, as `.Junk`. */
  readonly folder: string;
  /** A new body that is long. */
  readonly spoolFolder: string;
}

/** @throws Error that says why there is no answer */
export async function judgedBy(
  milter: MilterConnection,
  mail: FilteredMail,
  folders: Folders,
): Promise<Judgement> {
  const { id, tls } = mail;
  const about = { i: id, ...tlsMacros(tls) };
  if (milter.agreement.version >= dataVersion) {
    const answer = await ask(milter, command.data, {
      macros: about,
      unwanted: steps.noData,
      unanswered: steps.noReplyToData,
    });
    if (answer !== null) return judged(answer);
  }
  let skipped: string | null = null;
  for await (const each of messagePackets(mail, milter)) {
    if (each.letter === skipped) continue;
    await milter.send(each.bytes);
    if (milter.agrees(each.unanswered)) continue;
    const answer = await answerOf(milter);
    if (answer?.type === "skip") skipped = each.letter;
    else if (answer !== null) return judged(answer);
  }
  await milter.send(concat([
    macros(command.endOfMessage, about),
    packet(command.endOfMessage),
  ]));
  return await atTheEnd(milter, mail, folders);
}

/** Changes come before the answer. */
async function atTheEnd(
  milter: MilterConnection,
  { envelope }: FilteredMail,
  { folder, spoolFolder }: Folders,
): Promise<Judgement> {
  const leads = milter.agrees(steps.leadingSpace);
  const changes = new Changes(envelope.recipients, leads);
  let body: MilterBody | null = null;
  try {
    for (;;) {
      const reply = await milter.reply();
      const answer = answerIn(reply);
      if (answer?.type === "skip") throw new Error("there is nothing to skip");
      if (answer?.type === "goOn" || answer?.type === "accept") {
        await body?.end();
        const kept = body;
        body = null;
        return changed(changes, kept, folder);
      }
      if (answer !== null) return judged(answer);
      if (reply.letter === "b") {
        body ??= new MilterBody(spoolFolder);
        await body.append(reply.data);
      } else changes.take(reply);
    }
  } finally {
    body?.close();
  }
}
