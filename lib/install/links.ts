/**
 * The classic names as symbolic links to this executable.
 *
 * @module
 */
import { Fatal } from "../base/fatal.ts";
import { reason } from "../base/reason.ts";

interface Link {
  readonly path: string;
  /**
   * `same` leads here; `ours` to where one of us was; `taken` is a file that
   * is not ours.
   */
  readonly state: "missing" | "same" | "ours" | "taken";
}

/**
 * Makes the links; if one is in the place of a file that is not ours, none.
 *
 * @param tell of each link, in a line
 * @throws Fatal
 */
export function makeLinks(
  folder: string,
  names: readonly string[],
  { force, dryRun }: { readonly force: boolean; readonly dryRun: boolean },
  tell: (line: string) => void,
): void {
  const executable = Deno.execPath();
  const links = attempt(`use ${folder}`, () => {
    if (!dryRun) Deno.mkdirSync(folder, { recursive: true });
    return survey(folder, names, executable);
  });
  const taken = links.filter(({ state }) => state === "taken");
  if (taken.length > 0 && !force) {
    const paths = taken.map(({ path }) => path).join(", ");
    throw new Fatal(
      100,
      `not ours, so nothing was changed (--force replaces): ${paths}`,
    );
  }
  for (const { path, state } of links) {
    // One of postern install's, which knows it by where it leads.
    if (state === "same") {
      tell(`${path} is there already`);
      continue;
    }
    if (!dryRun) attempt(`link ${path}`, () => link(path, executable));
    tell(`${dryRun ? "would link" : "linked"} ${path} -> ${executable}`);
  }
}

function attempt<T>(what: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new Fatal(111, `cannot ${what}: ${reason(error)}`, { cause: error });
  }
}

/** What stands where links of these names are to be. */
function survey(
  folder: string,
  names: readonly string[],
  executable: string,
): Link[] {
  const ours = Deno.statSync(executable);
  return names.map((name) => {
    const path = `${folder}/${name}`;
    try {
      const there = Deno.lstatSync(path);
      if (!there.isSymlink) return { path, state: "taken" };
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      return { path, state: "missing" };
    }
    try {
      const target = Deno.statSync(path);
      const same = target.ino === ours.ino && target.dev === ours.dev;
      return { path, state: same ? "same" : "taken" };
    } catch {
      // It leads nowhere; another version of us, if it is named so.
      const target = Deno.readLinkSync(path);
      return {
        path,
        state: target.endsWith("/postern") ? "ours" : "taken",
      };
    }
  });
}

/** Makes a link, or replaces what is there, in one step. */
function link(path: string, executable: string): void {
  const temporary = `${path}.${crypto.randomUUID()}.new`;
  Deno.symlinkSync(executable, temporary);
  try {
    Deno.renameSync(temporary, path);
  } catch (error) {
    Deno.removeSync(temporary);
    throw error;
  }
}
