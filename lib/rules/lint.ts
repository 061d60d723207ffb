/**
 * What is probably not meant in a rules text.
 *
 * @module
 */
import type { Finding } from "./finding.ts";
import type { GrammarOptions } from "./grammar.ts";
import { addressFinding } from "./lint_address.ts";
import { type Line, readLines } from "./lint_lines.ts";
import { type Decision, isForName, relays } from "./lookup.ts";

/** More records than this of one line are worth a word. */
const manyRecords = 64;

/**
 * @param expand as in {@linkcode GrammarOptions}, for the extended grammar
 * @param paranoid names are confirmed before they are looked up, by `-p`
 * @returns the findings in the order of their lines
 */
export function lint(
  text: Uint8Array,
  expand?: GrammarOptions["expand"],
  paranoid = false,
): Finding[] {
  const findings: Finding[] = [];
  const lines = readLines(text, expand, findings);
  const first = new Map<string, Line>();
  for (const line of lines) {
    findings.push(
      ...shadowed(line, first),
      ...oddVariables(line),
      ...oddAddress(line, expand !== undefined),
      ...(paranoid ? [] : unconfirmedName(line)),
    );
    for (const key of line.keys) if (!first.has(key)) first.set(key, line);
  }
  findings.push(...openRelay(first), ...privateRanges(lines));
  if (!first.has("")) findings.push(noDefault);
  return findings.sort((a, b) => (a.line || Infinity) - (b.line || Infinity));
}

const noDefault: Finding = {
  line: 0,
  severity: "warning",
  kind: "no-default",
  what: "no rule for everybody else, so everybody else is allowed",
  remedy: "end with :allow, or :deny to shut the others out",
};

/** Keys that an earlier line has already: only the first is ever found. */
function* shadowed(
  line: Line,
  first: ReadonlyMap<string, Line>,
): Generator<Finding> {
  const hidden = line.keys.filter((key) => first.has(key));
  if (hidden.length === 0) return;
  const earlier = first.get(hidden[0])!;
  const whole = hidden.length === line.keys.length;
  const same = earlier.decision.type === line.decision.type;
  yield {
    line: line.number,
    severity: "warning",
    kind: whole ? "duplicate" : "overlap",
    what: whole
      ? `never used: line ${earlier.number} has the same address first`
      : `${hidden.length} of ${line.keys.length} addresses ("${
        hidden[0]
      }" ...) are on line ${earlier.number} already, which wins`,
    remedy: same
      ? "remove one of the two"
      : `remove one of the two: they disagree, and line ${earlier.number} decides`,
  };
}

const variables = (decision: Decision) =>
  decision.type === "allow" ? decision.env : [];

function* oddVariables(line: Line): Generator<Finding> {
  const { number, text, decision } = line;
  if (decision.type === "deny" && text.includes(":deny,")) {
    yield {
      line: number,
      severity: "warning",
      kind: "deny-with-variables",
      what: "a denied client gets no program, so its variables go nowhere",
      remedy: "remove them, or write allow",
    };
  }
  for (const [name] of variables(decision)) {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) continue;
    yield {
      line: number,
      severity: "warning",
      kind: "odd-name",
      what: `${JSON.stringify(name)} is no usual name of a variable`,
      remedy: "write letters, digits and _, and no blanks around it",
    };
  }
  // Any byte may be the quote: RELAYCLIENT=xyzx sets "yz".
  const quote = /,[A-Za-z_]\w*=([A-Za-z0-9])/.exec(text);
  if (quote && !/["'].*,\w+=\w/.test(text)) {
    yield {
      line: number,
      severity: "warning",
      kind: "unquoted",
      what: `the first byte of the value, ${quote[1]}, is taken for the quote`,
      remedy: 'write NAME="value"',
    };
  }
}

function* oddAddress(line: Line, extended: boolean): Generator<Finding> {
  const { number, keys, text } = line;
  const found = addressFinding(keys[0], extended);
  if (found) yield { line: number, severity: "warning", ...found };
  if (keys.length > manyRecords) {
    const whole = keys.length === 256 && /(^|\.)0-255\.?:/.test(text);
    yield {
      line: number,
      severity: "warning",
      kind: "explodes",
      what: `this line makes ${keys.length} records`,
      remedy: whole
        ? `write "${
          keys[0].replace(/0\.?$/, "")
        }", the prefix without the range`
        : "fine if it is meant; a wider prefix and exceptions take less",
    };
  }
}

/** Rules with RELAYCLIENT for whoever says that it has a name. */
function* unconfirmedName({ number, keys, decision }: Line) {
  if (!keys.some(isForName) || !relays(decision)) return;
  const finding: Finding = {
    line: number,
    severity: "error",
    kind: "unconfirmed-name",
    what: "whoever has an address can give it this name, and would relay: " +
      "tcpserver believes names unless it is told -p, and postern serve " +
      "passes over this rule for those that do not lead back",
    remedy: "write the address instead; or start the gate with -p, so that " +
      "names are confirmed, and lint with -p too",
  };
  yield finding;
}

/** Rules with RELAYCLIENT that hold for about everybody. */
function* openRelay(first: ReadonlyMap<string, Line>): Generator<Finding> {
  const remedy = "set RELAYCLIENT for your own networks only";
  let addresses = 0, last: Line | undefined;
  for (const [key, line] of first) {
    if (!relays(line.decision)) continue;
    if (key === "" || key === "=" || /^=\.[^.]*$/.test(key) || key === "::/0") {
      yield {
        line: line.number,
        severity: "warning",
        kind: "open-relay",
        what: key === "="
          ? "whoever has a name may relay: an open relay"
          : key.startsWith("=")
          ? `whoever has a name in ${key.slice(2)} may relay`
          : "the whole internet may relay: an open relay",
        remedy,
      };
    }
    const prefix = /^(?:\d+\.){1,3}$/.exec(key);
    if (!prefix || /^(10|127)\./.test(key)) continue;
    addresses += 2 ** (32 - 8 * (key.split(".").length - 1));
    last = line;
  }
  // A company has not a sixteenth of all addresses.
  if (last && addresses >= 2 ** 28) {
    yield {
      line: last.number,
      severity: "warning",
      kind: "open-relay",
      what: `with this line ${addresses} addresses may relay`,
      remedy,
    };
  }
}

const privatePrefix = /^(10|127|192\.168|172\.(1[6-9]|2\d|3[01]))\./;

/** A private range that is denied, and allowed further down. */
function* privateRanges(lines: readonly Line[]): Generator<Finding> {
  /** Denied keys by themselves and by each prefix of theirs. */
  const denied = new Map<string, { key: string; line: number }>();
  for (const { decision, keys, number } of lines) {
    for (const key of keys) {
      if (!privatePrefix.test(key)) continue;
      if (decision.type === "deny") {
        for (const each of [key, ...prefixes(key)]) {
          if (!denied.has(each)) denied.set(each, { key, line: number });
        }
        continue;
      }
      const other = [key, ...prefixes(key)].map((each) => denied.get(each))
        .find((each) => each && each.key !== key && related(each.key, key));
      if (!other) continue;
      const winner = other.key.length > key.length
        ? `line ${other.line} still denies ${other.key}`
        : `this line wins for ${key}`;
      yield {
        line: number,
        severity: "warning",
        kind: "denied-before-allowed",
        what: `line ${other.line} denies ${other.key}, this one allows ` +
          `${key}: not the order but the longer one decides, so ${winner}`,
        remedy: "write the wider range below its exceptions, to be clear",
      };
      break;
    }
  }
}

function prefixes(key: string): string[] {
  return [...key.matchAll(/\./g)].map((dot) => key.slice(0, dot.index + 1));
}

/** Whether one is a prefix that the other is under. */
function related(a: string, b: string): boolean {
  return (a.endsWith(".") && b.startsWith(a)) ||
    (b.endsWith(".") && a.startsWith(b));
}
