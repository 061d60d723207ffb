/**
 * A list of recipients in a file that may be replaced at any time.
 *
 * @module
 */
import {
  closeSync,
  fstatSync,
  openSync,
  readFileSync,
  statSync,
} from "node:fs";
import { reason } from "../reason.ts";
import type { Policy } from "../policy/question.ts";
import {
  knownRecipients,
  type RecipientList,
  recipientList,
  recipientsUnreadable,
} from "../policy/recipients.ts";

/**
 * Refuses recipients that the file does not list ({@linkcode knownRecipients}).
 * Looks at the file's identity at each question, at its bytes only if new.
 * Fails closed: while the file cannot be read, every recipient is deferred,
 * 451.
 *
 * @param log takes a line for the administrator
 */
export function recipientsFile(
  path: string,
  log: (line: string) => void,
): Policy {
  let seen = "";
  let policy: Policy | undefined;
  return (question) => {
    try {
      if (!policy || identity(path) !== seen) {
        const [list, found] = load(path);
        policy = knownRecipients(list);
        seen = found;
      }
      return policy(question);
    } catch (error) {
      policy = undefined;
      log(`unable to read ${path}: ${reason(error)}`);
      return Promise.resolve(recipientsUnreadable);
    }
  };
}

function load(path: string): [list: RecipientList, identity: string] {
  const fd = openSync(path, "r");
  try {
    const found = identity(fd);
    return [recipientList(path, readFileSync(fd)), found];
  } finally {
    closeSync(fd);
  }
}

function identity(file: string | number): string {
  const options = { bigint: true } as const;
  const { dev, ino, size, mtimeNs, ctimeNs } = typeof file === "string"
    ? statSync(file, options)
    : fstatSync(file, options);
  return [dev, ino, size, mtimeNs, ctimeNs].join();
}
