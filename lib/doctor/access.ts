/**
 * What some ids may do with a file, worked out from the modes of all folders
 * on the way: who looks need not be root, and the folder that stands in the
 * way is known.
 *
 * @module
 */
import { codeOf, reason } from "../base/reason.ts";
import { quoted } from "./words.ts";
import type { Ids } from "./patient.ts";

/** Bits of a mode. */
const uses = { read: 4, write: 2, search: 1, execute: 1 } as const;
export type Use = keyof typeof uses;

/** Links of links; the kernel follows no more either. */
const mostLinks = 40;

export type Access =
  | { readonly type: "allowed" | "missing" }
  /** A folder on the way, or the file itself, does not let them. */
  | {
    readonly type: "denied";
    readonly path: string;
    readonly mode: number;
    readonly lacks: Use;
    readonly isFolder: boolean;
  }
  /** We may not even look. */
  | { readonly type: "unseen"; readonly path: string; readonly why: string };

/** @param path from / on */
export function accessOf(
  path: string,
  { uid, gid }: Ids,
  ...wanted: Use[]
): Access {
  const rest = path.split("/").filter((part) => part !== "" && part !== ".");
  let at = "";
  let links = 0;
  for (;;) {
    const next = rest.shift();
    const here = at === "" ? "/" : at;
    let info: Deno.FileInfo;
    try {
      info = Deno.lstatSync(here);
      if (info.isSymlink && ++links <= mostLinks) {
        const to = Deno.readLinkSync(here);
        const parts = to.split("/").filter((each) => each && each !== ".");
        if (next !== undefined) rest.unshift(next);
        rest.unshift(...parts);
        at = to.startsWith("/") ? "" : at.slice(0, at.lastIndexOf("/"));
        continue;
      }
    } catch (error) {
      return codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR"
        ? { type: "missing" }
        : { type: "unseen", path: here, why: reason(error) };
    }
    const asked = next === undefined ? wanted : ["search" as const];
    const lacks = asked.find((use) => !allows(info, { uid, gid }, use));
    if (lacks !== undefined) {
      const mode = info.mode! & 0o7777;
      const isFolder = info.isDirectory;
      return { type: "denied", path: here, mode, lacks, isFolder };
    }
    if (next === undefined) return { type: "allowed" };
    at = next === ".." ? at.slice(0, at.lastIndexOf("/")) : `${at}/${next}`;
  }
}

function allows(info: Deno.FileInfo, { uid, gid }: Ids, use: Use): boolean {
  const mode = info.mode!;
  // Root executes what anybody may.
  if (uid === 0) return use !== "execute" || (mode & 0o111) !== 0;
  const shift = info.uid === uid ? 6 : info.gid === gid ? 3 : 0;
  return (mode >> shift & uses[use]) !== 0;
}

/** Such as /run and /var/log. */
const systemDepth = 3;

/** Makes a folder that is theirs. */
export const making = (path: string, { uid, gid }: Ids): string =>
  `install -d -o ${uid} -g ${gid} ${quoted(path)}`;

/** What to type so that they may. */
export function remedyFor(
  { path, lacks, isFolder }: Access & { type: "denied" },
  { uid, gid }: Ids,
): string {
  if (lacks === "search" && isFolder) return `chmod o+x ${quoted(path)}`;
  if (lacks === "execute") return `chmod a+x ${quoted(path)}`;
  if (lacks === "write") {
    // A folder of the system is nobody's to be given away.
    return isFolder && path.split("/").length <= systemDepth
      ? `${
        making(`${path.replace(/\/$/, "")}/postern`, { uid, gid })
      }, and name ` +
        "a place in that"
      : `chown ${uid}:${gid} ${quoted(path)}`;
  }
  return isFolder
    ? `chmod o+rx ${quoted(path)}`
    : `chgrp ${gid} ${quoted(path)} && chmod g+r ${quoted(path)}`;
}
