/**
 * What of the machine all blocks of a process need.
 *
 * @module
 */
import type { Variables } from "../base/protocol.ts";
import { type Reach, reachOf } from "../base/reach.ts";
import { readNamedFile } from "../sys/named_file.ts";
import { ownEnvironment } from "../ucspi/environment.ts";
import type { Block } from "./block.ts";
import { ruledVariables } from "./ruled_variables.ts";

/** Variables that change what is needed. */
const telling = ["RCPTCHECK=", "QMAILQUEUE=", "TMPDIR="];

/** @param own the environment of whoever serves them */
export async function reachOfBlocks(
  blocks: readonly Block[],
  own: ReadonlyMap<string, string> = ownEnvironment(),
): Promise<Reach> {
  const all: Partial<Reach>[] = [];
  for (const { service, options: { rules, tls } } of blocks) {
    all.push(await service.reach(own, () => variablesOf(rules)));
    all.push({
      reads: rules === null ? [] : [rules],
      certificates: tls === null ? [] : [tls],
    });
  }
  return reachOf(all);
}

/** A million rules are read in vain by nearly everybody: their bytes tell. */
function variablesOf(rules: string | null): Variables {
  if (rules === null) return new Map();
  try {
    const text = new TextDecoder("latin1").decode(readNamedFile(rules));
    if (!telling.some((each) => text.includes(each))) return new Map();
  } catch {
    return new Map(); // what cannot be read is told of where it is asked
  }
  return ruledVariables(rules);
}
