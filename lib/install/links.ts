/**
 * The classic names as symbolic links to this executable.
 *
 * @module
 */

export const classicNames = [
  "tcpserver",
  "tcprules",
  "tcprulescheck",
  "qmail-smtpd",
  "splogger",
] as const;

export interface Link {
  readonly path: string;
  /** `taken` is a file that is not ours. */
  readonly state: "missing" | "ours" | "taken";
}

/** What stands where the links are to be. */
export function survey(folder: string, executable: string): Link[] {
  const ours = Deno.statSync(executable);
  return classicNames.map((name) => {
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
      return { path, state: same ? "ours" : "taken" };
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
export function link(path: string, executable: string): void {
  const temporary = `${path}.${crypto.randomUUID()}.new`;
  Deno.symlinkSync(executable, temporary);
  try {
    Deno.renameSync(temporary, path);
  } catch (error) {
    Deno.removeSync(temporary);
    throw error;
  }
}
