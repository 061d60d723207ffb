/**
 * What qmail-smtpd was seen to do, and where postern means to do otherwise.
 *
 * @module
 */
import type { Recording, Seen } from "./case.ts";
import { differences } from "./differences.ts";

const data = new URL("../data/recordings.jsonl", import.meta.url);

export const recordings: readonly Recording[] = Deno.readTextFileSync(data)
  .trimEnd().split("\n").map((line) => JSON.parse(line));

/** What postern is to do. */
export function expected(recording: Recording): Seen {
  const { replies, exit, queued, name } = recording;
  return { replies, exit, queued, ...differences[name]?.instead };
}
