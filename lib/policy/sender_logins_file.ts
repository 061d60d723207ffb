/**
 * The list of who may send as whom, in a file that may be replaced at any
 * time.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";
import type { Emit } from "../base/events.ts";
import { LastingTrouble } from "../base/lasting_trouble.ts";
import { Unusable } from "../base/unusable.ts";
import type { Refusal } from "../mail/answers.ts";
import { whyUnreadable } from "../sys/named_file.ts";
import { WatchedFile } from "../sys/watched_file.ts";
import {
  notOwned,
  owns,
  senderLogins,
  sendersUnreadable,
} from "./sender_logins.ts";

/** What the file is named by, for messages. */
const option = "--sender-login";

/**
 * Why one who has logged in may not send as somebody; null if he may. Fails
 * closed: while the file cannot be read, or a line of it says nothing, nobody
 * may, 451.
 *
 * @param emit is told of troubles
 */
export function senderLoginsFile(
  path: string,
  emit: Emit,
): (user: string, sender: string) => Refusal | null {
  const file = watched(path);
  const lasting = new LastingTrouble(emit);
  return (user, sender) => {
    let logins;
    try {
      logins = file.contents();
    } catch (error) {
      lasting.tell(problemsWith(path, error).problems);
      return sendersUnreadable;
    }
    lasting.over();
    return owns(logins, user, sender) ? null : notOwned(user, sender);
  };
}

/** @throws Unusable if the file is of no use now */
export function checkSenderLoginsFile(path: string): void {
  try {
    watched(path).contents();
  } catch (error) {
    throw problemsWith(path, error);
  }
}

const watched = (path: string) =>
  new WatchedFile(path, (bytes) => senderLogins(fromBytes(bytes), path));

const problemsWith = (path: string, error: unknown) =>
  error instanceof Unusable ? error : new Unusable(
    [`${option}: unable to read ${path}: ${whyUnreadable(error)}`],
    false,
  );
