/**
 * Making the changes of a plan: all of them, or none; and taking away what has
 * become empty.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { reason } from "../base/reason.ts";
import { commandText, whyFailed } from "./commands.ts";
import type { Change } from "./plan.ts";
import type { Record } from "./record.ts";
import { ChangeError, Transaction } from "./transaction.ts";

export interface How {
  /** What stands before each path; "" for this machine. */
  readonly root: string;
  /** Nothing is changed; what would be is told. */
  readonly dryRun: boolean;
  tell(line: string): void;
}

/**
 * @param amiss tells what is wrong when all is done; null for nothing
 * @throws Fatal
 */
export function perform(
  changes: readonly Change[],
  { settle }: Pick<Record, "settle">,
  { root, dryRun, tell }: How,
  amiss: () => string | null,
): void {
  const commands = root === "" ? settle : [];
  const toTell = changes.filter(({ untold }) => !untold);
  if (dryRun) {
    for (const change of toTell) tell(`would ${told(change)}`);
    for (const command of commands) tell(`would run ${commandText(command)}`);
    return;
  }
  const transaction = new Transaction();
  try {
    for (const { path, lying } of changes) transaction.put(path, lying);
    for (const command of commands) {
      const why = whyFailed(command);
      if (why !== null) throw new ChangeError(why);
    }
    const wrong = root === "" ? amiss() : null;
    if (wrong !== null) throw new ChangeError(wrong);
  } catch (error) {
    if (!(error instanceof ChangeError)) throw error;
    const left = transaction.undo();
    // They are to know what lies there again; that they fail was said.
    for (const command of commands) whyFailed(command);
    const after = left.length === 0 ? "everything is as it was" : "";
    const lines = [error.message + (after && `; ${after}`), ...left];
    throw new Fatal(111, lines.join("\n"), { cause: error });
  }
  for (const change of toTell) tell(told(change));
  for (const command of commands) tell(`run ${commandText(command)}`);
}

function told({ path, lying }: Change): string {
  if (lying === null) return `remove ${path}`;
  if (lying.kind === "link") return `link ${path} -> ${lying.to}`;
  if (lying.kind === "folder") return `make ${path}/`;
  return `write ${path}`;
}

/** What those who look after services put beside a script. */
const theirs = ["supervise", "event"];

/** Folders that were made, as far as nobody else has put something there. */
export function removeFolders(
  folders: readonly string[],
  { root, dryRun, tell }: How,
): void {
  for (const path of folders.map((each) => root + each)) {
    if (dryRun) {
      tell(`would remove ${path}/, if nothing else is in it`);
      continue;
    }
    try {
      for (const { name } of Deno.readDirSync(path)) {
        if (!theirs.includes(name)) continue;
        Deno.removeSync(`${path}/${name}`, { recursive: true });
      }
      Deno.removeSync(path);
      tell(`remove ${path}/`);
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) continue;
      tell(`leave ${path}/: ${reason(error)}`);
    }
  }
}
