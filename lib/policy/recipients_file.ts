/**
 * A list of recipients in a file that may be replaced at any time.
 *
 * @module
 */
import { reason } from "../base/reason.ts";
import type { Policy } from "./question.ts";
import {
  knownRecipients,
  recipientList,
  recipientsUnreadable,
} from "./recipients.ts";
import { WatchedFile } from "../sys/watched_file.ts";

/**
 * Refuses recipients that the file does not list ({@linkcode knownRecipients}).
 * Fails closed: while the file cannot be read, every recipient is deferred,
 * 451.
 *
 * @param log takes a line for the administrator
 */
export function recipientsFile(
  path: string,
  log: (line: string) => void,
): Policy {
  const file = new WatchedFile(
    path,
    (bytes) => knownRecipients(recipientList(path, bytes)),
  );
  return (question) => {
    try {
      return file.contents()(question);
    } catch (error) {
      log(`unable to read ${path}: ${reason(error)}`);
      return Promise.resolve(recipientsUnreadable);
    }
  };
}
