/**
 * What is probably not meant in a rules text.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";
import { addressFinding } from "./lint_address.ts";
import { type GrammarOptions, RuleError, RulesParser } from "./grammar.ts";
import { type Decision, decision } from "./lookup.ts";

export interface Finding {
  /** Counted from 1; 0 for the text as a whole. */
  readonly line: number;
  /** A word for programs, such as `duplicate`. */
  readonly kind: string;
  readonly what: string;
  readonly remedy: string;
}

/** One line of the text, and the records it makes. */
interface Line {
  readonly number: number;
  readonly text: string;
  readonly keys: string[];
  readonly decision: Decision;
}

/** More records than this of one line are worth a word. */
const manyRecords = 64;

/**
 * @param expand as in {@linkcode GrammarOptions}, for the extended grammar
 * @returns the findings in the order of their lines
 */
export function lint(
  text: Uint8Array,
  expand?: GrammarOptions["expand"],
): Finding[] {
  const findings: Finding[] = [];
  const lines: Line[] = [];
  fromBytes(text).split("\n").forEach((each, i) => {
    const line = readLine(each.trimEnd(), i + 1, expand, findings);
    if (line) lines.push(line);
  });
  const first = new Map<string, Line>();
  for (const line of lines) {
    findings.push(
      ...shadowed(line, first),
      ...oddVariables(line),
      ...oddAddress(line, expand !== undefined),
    );
    for (const key of line.keys) if (!first.has(key)) first.set(key, line);
  }
  findings.push(...openRelay(first), ...privateRanges(lines));
  if (!first.has("")) findings.push(noDefault);
  return findings.sort((a, b) => (a.line || Infinity) - (b.line || Infinity));
}

const noDefault: Finding = {
  line: 0,
  kind: "no-default",
  what: "no rule for everybody else, so everybody else is allowed",
  remedy: "end with :allow, or :deny to shut the others out",
};

/** Null where the line makes no rule; the finding says why it should. */
function readLine(
  text: string,
  number: number,
  expand: GrammarOptions["expand"],
  findings: Finding[],
): Line | null {
  let line: Line | null = null;
  const keys: string[] = [];
  const parser = new RulesParser((key, start, end, data, length) => {
    line ??= {
      number,
      text,
      keys,
      decision: decision("", data.subarray(0, length)),
    };
    keys.push(fromBytes(key.subarray(start, end)));
  }, {
    expand,
    onSkipped: () =>
      findings.push({
        line: number,
        kind: "no-colon",
        what: "without a colon this line makes no rule",
        remedy: "write ADDRESS:allow or ADDRESS:deny, or # before a comment",
      }),
  });
  try {
    // Characters beyond bytes cannot come from bytes.
    parser.push(Uint8Array.from(text, (each) => each.charCodeAt(0)));
    parser.end();
  } catch (error) {
    if (!(error instanceof RuleError)) throw error;
    findings.push(syntaxFinding(error, number, text));
    return null;
  }
  if (line === null && /^[^#\s].*-/.test(text) && text.includes(":")) {
    findings.push({
      line: number,
      kind: "empty-range",
      what: "the range ends before it begins, so it makes no rule",
      remedy: "write the lower number first",
    });
  }
  return line;
}

function syntaxFinding(
  error: RuleError,
  line: number,
  text: string,
): Finding {
  const { column, expected } = error;
  const word = /^[A-Za-z]*/.exec(text.slice(column - 1))![0];
  if (expected.startsWith("allow or deny") && word !== "") {
    const meant = distance(word.toLowerCase(), "deny") <
        distance(word.toLowerCase(), "allow")
      ? "deny"
      : "allow";
    return {
      line,
      kind: "typo",
      what: `column ${column}: "${word}" is neither allow nor deny`,
      remedy: `did you mean ${meant}?`,
    };
  }
  if (expected.startsWith("a value with") || expected.includes("quoted")) {
    return {
      line,
      kind: "unquoted",
      what: `column ${column}: the value is not in quotes`,
      remedy: 'write NAME="value"',
    };
  }
  return {
    line,
    kind: "syntax",
    what: `column ${column}: expected ${expected}`,
    remedy: "no rules can be compiled from this text until it is right",
  };
}

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
      kind: "deny-with-variables",
      what: "a denied client gets no program, so its variables go nowhere",
      remedy: "remove them, or write allow",
    };
  }
  for (const [name] of variables(decision)) {
    if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) continue;
    yield {
      line: number,
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
      kind: "unquoted",
      what: `the first byte of the value, ${quote[1]}, is taken for the quote`,
      remedy: 'write NAME="value"',
    };
  }
}

function* oddAddress(line: Line, extended: boolean): Generator<Finding> {
  const { number, keys, text } = line;
  const found = addressFinding(keys[0], extended);
  if (found) yield { line: number, ...found };
  if (keys.length > manyRecords) {
    const whole = keys.length === 256 && /(^|\.)0-255\.?:/.test(text);
    yield {
      line: number,
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

/** Edits between two short words, for guessing what was meant. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
    }
    row = next;
  }
  return row[b.length];
}

/** Rules with RELAYCLIENT that hold for about everybody. */
function* openRelay(first: ReadonlyMap<string, Line>): Generator<Finding> {
  const relays = (line: Line) =>
    variables(line.decision).some(([name]) => name === "RELAYCLIENT");
  const remedy = "set RELAYCLIENT for your own networks only";
  let addresses = 0, last: Line | undefined;
  for (const [key, line] of first) {
    if (!relays(line)) continue;
    if (key === "" || key === "=" || /^=\.[^.]*$/.test(key) || key === "::/0") {
      yield {
        line: line.number,
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
