/**
 * Why a client is let in or not.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";
import { CdbReader } from "../cdb/reader.ts";
import { compileInMemory, type CompileOptions } from "./compile.ts";
import { RulesParser } from "./grammar.ts";
import { decide, type Decision, keys, type Peer, rangesIn } from "./lookup.ts";

export interface Explanation {
  readonly peer: Peer;
  readonly decision: Decision;
  /** In order, up to the one that decided. */
  readonly tried: readonly string[];
  /** Where in the text the rule stands; null for a cdb or without a rule. */
  readonly source: { readonly line: number; readonly text: string } | null;
}

/** Whether bytes are a cdb: a text's first bytes would point far beyond it. */
export function isCdb(bytes: Uint8Array): boolean {
  if (bytes.length < 2048) return false;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const firstTable = view.getUint32(0, true);
  return firstTable >= 2048 && firstTable <= bytes.length;
}

/**
 * @param rules a rules text or a cdb
 * @param options of {@linkcode compile}, for a text
 * @throws RuleError, CdbError
 */
export function explain(
  rules: Uint8Array,
  peer: Peer,
  options: CompileOptions = {},
): Explanation {
  const text = isCdb(rules) ? null : rules;
  const cdb = new CdbReader(text ? compileInMemory(text, options) : rules);
  const decision = decide(cdb, peer);
  const tried: string[] = [];
  for (const key of keys(peer, rangesIn(cdb, peer))) {
    tried.push(key);
    if (key === decision.rule) break;
  }
  return {
    peer,
    decision,
    tried,
    source: text && decision.rule !== null
      ? sourceOf(text, decision.rule, options)
      : null,
  };
}

function sourceOf(
  text: Uint8Array,
  rule: string,
  options: CompileOptions,
): Explanation["source"] {
  let found = 0;
  const parser = new RulesParser((key, start, end, _data, _length, line) => {
    if (found || end - start !== rule.length) return;
    if (fromBytes(key.subarray(start, end)) === rule) found = line;
  }, { expand: options.extended?.expand });
  parser.push(text);
  parser.end();
  const lines = fromBytes(text).split("\n");
  return { line: found, text: lines[found - 1].trimEnd() };
}
