/**
 * A list of recipients in a file that may be replaced at any time.
 *
 * @module
 */
import { type Emit, trouble } from "../base/events.ts";
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
 * @param emit is told of troubles
 */
export function recipientsFile(
  path: string,
  emit: Emit,
): Policy {
  const file = new WatchedFile(
    path,
    (bytes) => knownRecipients(recipientList(path, bytes)),
  );
  return (question) => {
    try {
      return file.contents()(question);
    } catch (error) {
      emit(trouble(`unable to read ${path}: ${reason(error)}`));
      return Promise.resolve(recipientsUnreadable);
    }
  };
}
