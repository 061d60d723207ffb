/**
 * A list of recipients in a file that may be replaced at any time.
 *
 * @module
 */
import type { Emit } from "../base/events.ts";
import { LastingTrouble } from "../base/lasting_trouble.ts";
import { reason } from "../base/reason.ts";
import { Unusable } from "../base/unusable.ts";
import { WatchedFile } from "../sys/watched_file.ts";
import type { Policy } from "./question.ts";
import {
  knownRecipients,
  recipientList,
  recipientsUnreadable,
} from "./recipients.ts";

/** What the file is named by, for messages. */
const option = "--recipients";

/**
 * Refuses recipients that the file does not list ({@linkcode knownRecipients}).
 * Fails closed: while the file cannot be read, or has an entry that could never
 * match, every recipient is deferred, 451.
 *
 * @param emit is told of troubles
 */
export function recipientsFile(
  path: string,
  emit: Emit,
): Policy {
  const file = watched(path);
  const lasting = new LastingTrouble(emit);
  return (question) => {
    let policy: Policy;
    try {
      policy = file.contents();
    } catch (error) {
      lasting.tell(problemsWith(path, error).problems);
      return Promise.resolve(recipientsUnreadable);
    }
    lasting.over();
    return policy(question);
  };
}

/** @throws Unusable if the file is of no use now */
export function checkRecipientsFile(path: string): void {
  try {
    watched(path).contents();
  } catch (error) {
    throw problemsWith(path, error);
  }
}

const watched = (path: string) =>
  new WatchedFile(
    path,
    (bytes) => knownRecipients(recipientList(path, bytes)),
  );

const problemsWith = (path: string, error: unknown) =>
  error instanceof Unusable ? error : new Unusable(
    [`${option}: unable to read ${path}: ${reason(error)}`],
    false,
  );
