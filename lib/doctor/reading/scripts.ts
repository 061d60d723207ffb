/**
 * From a file that starts a gate to the lines that do.
 *
 * @module
 */
import { Fatal } from "../../base/fatal.ts";
import { reason } from "../../base/reason.ts";
import type { Script } from "../script.ts";
import { inetdScripts, unitScripts } from "./unit.ts";
import { shellScripts } from "./shell.ts";

/** A script is no longer; what is, is something else. */
const mostBytes = 1 << 20;

/** @throws Fatal if it cannot be read, or is no text */
export function scriptsAt(path: string): Script[] {
  let text: string;
  try {
    const info = Deno.statSync(path);
    if (info.isDirectory) return scriptsAt(`${path}/run`);
    if (!info.isFile) throw new Error("it is no regular file");
    if (info.size > mostBytes) throw new Error("it is too long for a script");
    text = Deno.readTextFileSync(path);
  } catch (error) {
    throw new Fatal(100, `unable to read ${path}: ${reason(error)}`, {
      cause: error,
    });
  }
  if (text.includes("\0")) {
    throw new Fatal(100, `unable to read ${path}: it is a program, no script`);
  }
  return scriptsIn(path, text);
}

/** All that start a gate in a text. */
export function scriptsIn(path: string, text: string): Script[] {
  if (/^\[(?:Unit|Service)\]/m.test(text)) return unitScripts(path, text);
  if (/^#!.*execlineb/.test(text)) {
    // Its lines are one chain, each word of which starts the rest.
    const line = text.split("\n").filter((each) => !/^\s*#/.test(each)).join(
      " ",
    );
    return shellScripts(path, `exec ${line}`).map((each) => ({
      ...each,
      text,
    }));
  }
  const inetd = inetdScripts(path, text);
  return inetd.length > 0 ? inetd : shellScripts(path, text);
}
