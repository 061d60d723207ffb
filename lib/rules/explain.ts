/**
 * Why a client is let in or not.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";
import { CdbError, CdbReader } from "../cdb/reader.ts";
import { isText, verifiedCdb } from "../cdb/verify.ts";
import { compileInMemory, type CompileOptions } from "./compile.ts";
import { RulesParser } from "./grammar.ts";
import {
  decide,
  type Decision,
  keys,
  type Peer,
  rangesIn,
  relaysByName,
} from "./lookup.ts";

export interface Explanation {
  readonly peer: Peer;
  /** Of a client whose name is its own. */
  readonly decision: Decision;
  /**
   * What postern serve decides if the client's name does not lead back to its
   * address; null where that does not matter.
   */
  readonly otherwise: Decision | null;
  /** In order, up to the one that decided. */
  readonly tried: readonly string[];
  /** Where in the text the rule stands; null for a cdb or without a rule. */
  readonly source: { readonly line: number; readonly text: string } | null;
}

/**
 * What serve would decide. Of a text that makes no rule nothing is said: an
 * empty file, or a few bytes of a database, would allow everybody here and
 * nobody there.
 *
 * @param rules a rules text or a cdb
 * @param options of {@linkcode compile}, for a text
 * @throws RuleError, CdbError
 */
export function explain(
  rules: Uint8Array,
  peer: Peer,
  options: CompileOptions = {},
): Explanation {
  const text = isText(rules) ? rules : null;
  const cdb = text
    ? new CdbReader(compileInMemory(text, options))
    : verifiedCdb(rules);
  if (text && cdb.entries().next().done) {
    throw new CdbError("neither a database nor a text with a rule in it");
  }
  const explanation = explainBy(cdb, peer);
  const { rule } = explanation.decision;
  return text && rule !== null
    ? { ...explanation, source: sourceOf(text, rule, options) }
    : explanation;
}

/** The same by a database that is known to be whole. */
export function explainBy(cdb: CdbReader, peer: Peer): Explanation {
  const decision = decide(cdb, peer);
  const tried: string[] = [];
  for (const key of keys(peer, rangesIn(cdb, peer))) {
    tried.push(key);
    if (key === decision.rule) break;
  }
  const otherwise = relaysByName(decision) ? decide(cdb, peer, false) : null;
  return { peer, decision, otherwise, tried, source: null };
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
  return { line: found, text: lines[found - 1].replace(/[ \t]+$/, "") };
}
