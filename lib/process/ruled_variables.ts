/**
 * What access rules set, whoever they set it for (`--check`).
 *
 * @module
 */
import type { Variables } from "../base/protocol.ts";
import { CdbReader } from "../cdb/reader.ts";
import { decision } from "../rules/lookup.ts";
import { readNamedFile } from "../sys/named_file.ts";

/** @param path of the rules, null for none */
export function ruledVariables(path: string | null): Variables {
  const all = new Map<string, Set<string>>();
  if (path === null) return all;
  try {
    for (const [, data] of new CdbReader(readNamedFile(path)).entries()) {
      const decided = decision("", data);
      if (decided.type === "deny") continue;
      for (const [name, value] of decided.env) {
        const values = all.get(name) ?? new Set();
        all.set(name, values.add(value));
      }
    }
  } catch {
    // What cannot be read is told of where the rules are asked.
  }
  return all;
}
