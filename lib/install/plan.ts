/**
 * What has to be done so that things lie where they are wanted.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { isSameFile, isThere } from "./missing.ts";
import type { Made, Receipt } from "./receipt.ts";
import { beside } from "./side.ts";
import { isAsWanted, lookAt, type Mark, markOf, type Thing } from "./thing.ts";

/** A thing, and what becomes of what is at its path. */
export interface Step {
  readonly thing: Thing;
  readonly mark: Mark;
  /** As the receipt has it; null if it does not. */
  readonly made: Made | null;
  /**
   * `same`: it is there already; `free`: nothing is; `ours`: it replaces an
   * earlier one; `keep`: a stranger's, which is kept; `kept`: that has been
   * done, by an installation that was killed.
   */
  readonly there: "same" | "free" | "ours" | "keep" | "kept";
}

/** Throws Fatal where something is in the way; nothing has been changed then. */
export function planOf(things: readonly Thing[], receipt: Receipt): Step[] {
  const obstacles: string[] = [];
  const steps = things.map((thing): Step => {
    const made = receipt.things.find(({ path }) => path === thing.path) ?? null;
    const mark = markOf(thing);
    const there = whatIsThere(thing, mark, made);
    if (typeof there === "string") return { thing, mark, made, there };
    obstacles.push(there.obstacle);
    return { thing, mark, made, there: "same" };
  });
  if (obstacles.length === 0) return steps;
  throw new Fatal(100, obstacles.join("\n") + "\nnothing was changed");
}

function whatIsThere(
  thing: Thing,
  mark: Mark,
  made: Made | null,
): Step["there"] | { readonly obstacle: string } {
  const { path } = thing;
  const before = beside.before(path);
  const found = lookAt(path);
  if (found === null) return "free";
  if (isAsWanted(thing, mark, found)) return "same";
  if (made?.marks.includes(found.mark)) return "ours";
  if (made?.kept && isSameFile(path, before)) return "kept";
  if (found.mark === "folder" || found.mark === "special") {
    const what = found.mark === "folder" ? "a folder" : "no file";
    return { obstacle: `${path} is ${what}: move it away` };
  }
  if (isThere(before)) {
    return {
      obstacle: `${path} is not ours, and there is a ${before} already: ` +
        "move one of them away",
    };
  }
  return "keep";
}

/** The receipt of what a plan makes, with what was made before. */
export function receiptOf(
  steps: readonly Step[],
  folders: readonly string[],
  earlier: Receipt,
  isDone: boolean,
): Receipt {
  const made = steps.flatMap(({ thing, mark, made, there }): Made[] => {
    // It lay there before us.
    if (there === "same" && made === null) return [];
    const marks = isDone ? [] : made?.marks ?? [];
    return [{
      path: thing.path,
      marks: [...new Set([...marks, mark])],
      kept: made?.kept || there === "keep",
    }];
  });
  const earlierToo = earlier.things.map((each) =>
    made.find(({ path }) => path === each.path) ?? each
  );
  const fresh = made.filter(({ path }) =>
    !earlier.things.some((each) => each.path === path)
  );
  return {
    folders: [...new Set([...earlier.folders, ...folders])],
    things: [...earlierToo, ...fresh],
  };
}
