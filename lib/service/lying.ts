/**
 * What lies at a path, and putting something else there in one step.
 *
 * @module
 */
import { parentOf } from "../base/path.ts";
import { codeOf } from "../base/reason.ts";

/** What lies at a path. */
export type Lying =
  | {
    readonly kind: "file";
    readonly bytes: Uint8Array;
    readonly mode: number;
    readonly uid: number;
    readonly gid: number;
  }
  | { readonly kind: "folder"; readonly mode: number }
  | { readonly kind: "link"; readonly to: string }
  /** Something that is never put anywhere: a device, a socket. */
  | { readonly kind: "other" };

const permissions = 0o7777;

/** null if there is nothing. Throws Deno's errors. */
export function look(path: string): Lying | null {
  let stat: Deno.FileInfo;
  try {
    stat = Deno.lstatSync(path);
  } catch (error) {
    // What stands for its folder is looked at on its own.
    if (["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "")) return null;
    throw error;
  }
  const mode = (stat.mode ?? 0) & permissions;
  if (stat.isSymlink) return { kind: "link", to: Deno.readLinkSync(path) };
  if (stat.isDirectory) return { kind: "folder", mode };
  if (!stat.isFile) return { kind: "other" };
  const { uid, gid } = stat;
  const bytes = Deno.readFileSync(path);
  return { kind: "file", bytes, mode, uid: uid ?? 0, gid: gid ?? 0 };
}

/**
 * Puts something in the place of what lies there, or nothing. A folder that is
 * there already is left, and so is one that is to go but is not empty.
 *
 * @throws Deno's errors; then what lay there still does
 */
export function put(path: string, lying: Lying | null): void {
  if (lying === null) return remove(path);
  if (lying.kind === "other") throw new Error("it is no file");
  if (lying.kind === "folder") {
    if (look(path)?.kind === "folder") return;
    Deno.mkdirSync(path);
    return Deno.chmodSync(path, lying.mode);
  }
  const temporary = temporaryPrefix(path) + crypto.randomUUID();
  try {
    if (lying.kind === "link") Deno.symlinkSync(lying.to, temporary);
    else write(temporary, lying);
    Deno.renameSync(temporary, path);
  } catch (error) {
    try {
      Deno.removeSync(temporary);
    } catch {
      // It was not made.
    }
    throw error;
  }
}

/** A leading dot, so that nobody who reads the folder takes it for a file. */
const temporaryPrefix = (path: string) =>
  `${parentOf(path)}/.${path.slice(path.lastIndexOf("/") + 1)}.`;

/** Takes away what a {@linkcode put} has left that was killed. */
export function removeTemporaries(path: string): void {
  const prefix = temporaryPrefix(path);
  try {
    for (const { name } of Deno.readDirSync(parentOf(path))) {
      const each = `${parentOf(path)}/${name}`;
      const rest = each.startsWith(prefix) ? each.slice(prefix.length) : "";
      if (/^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/.test(rest)) {
        Deno.removeSync(each);
      }
    }
  } catch {
    // There is no such folder, or its owner minds: they are in nobody's way.
  }
}

function write(
  path: string,
  { bytes, mode, uid, gid }: Extract<Lying, { kind: "file" }>,
): void {
  const file = Deno.openSync(path, {
    write: true,
    createNew: true,
    mode: 0o600,
  });
  try {
    for (let rest = bytes; rest.length > 0;) {
      rest = rest.subarray(file.writeSync(rest));
    }
    file.syncSync();
  } finally {
    file.close();
  }
  const own = Deno.lstatSync(path);
  // Before the mode, since a change of owner takes set-uid bits away.
  if (own.uid !== uid || own.gid !== gid) Deno.chownSync(path, uid, gid);
  Deno.chmodSync(path, mode);
}

function remove(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
