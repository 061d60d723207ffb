/**
 * The lines of a rules text for lint, read by the grammar itself: what it
 * refuses is what compiling refuses.
 *
 * @module
 */
import { fromBytes } from "../base/bytes.ts";
import type { Finding } from "./finding.ts";
import { type GrammarOptions, RuleError, RulesParser } from "./grammar.ts";
import { type Decision, decision } from "./lookup.ts";

/** A line that makes records. */
export interface Line {
  readonly number: number;
  /** A byte string, without the blanks at its end. */
  readonly text: string;
  readonly keys: string[];
  readonly decision: Decision;
}

const LF = "\n".charCodeAt(0);

/**
 * @param expand as in {@linkcode GrammarOptions}, for the extended grammar
 * @param findings gets one for each line that makes no rule and ought to
 */
export function readLines(
  text: Uint8Array,
  expand: GrammarOptions["expand"],
  findings: Finding[],
): Line[] {
  const lines: Line[] = [];
  let number = 0, current = "";
  const parser = new RulesParser((key, start, end, data, length) => {
    let line = lines.at(-1);
    if (line?.number !== number) {
      line = {
        number,
        text: current,
        keys: [],
        decision: decision("", data.subarray(0, length)),
      };
      lines.push(line);
    }
    line.keys.push(fromBytes(key.subarray(start, end)));
  }, {
    ...(expand && { expand }),
    onSkipped: () => findings.push(noColon(number)),
  });
  for (let at = 0; at < text.length;) {
    const next = text.indexOf(LF, at) + 1 || text.length;
    const bytes = text.subarray(at, next);
    at = next;
    number++;
    current = fromBytes(bytes).replace(/[ \t\n]+$/, "");
    const before = findings.length;
    try {
      parser.push(bytes);
      if (next === text.length) parser.end();
    } catch (error) {
      if (!(error instanceof RuleError)) throw error;
      findings.push(refused(error));
    }
    const silent = findings.length === before &&
      lines.at(-1)?.number !== number;
    const comment = expand ? /^[ \t]*#|^$/ : /^#|^$/;
    if (silent && !comment.test(current)) findings.push(emptyRange(number));
  }
  return lines;
}

const noColon = (line: number): Finding => ({
  line,
  severity: "warning",
  kind: "no-colon",
  what: "without a colon this line makes no rule",
  remedy: "write ADDRESS:allow or ADDRESS:deny, or # before a comment",
});

const emptyRange = (line: number): Finding => ({
  line,
  severity: "warning",
  kind: "empty-range",
  what: "the range ends before it begins, so it makes no rule",
  remedy: "write the lower number first",
});

/** A line that no rules can be compiled with. */
function refused({ line, column, expected, text }: RuleError): Finding {
  const rest = text.slice(column - 1);
  const word = /^[A-Za-z]*/.exec(rest)![0];
  const error = { line, severity: "error" } as const;
  if (expected.startsWith("allow or deny") && word !== "") {
    const meant = distance(word.toLowerCase(), "deny") <
        distance(word.toLowerCase(), "allow")
      ? "deny"
      : "allow";
    return {
      ...error,
      kind: "typo",
      what: `column ${column}: "${word}" is neither allow nor deny`,
      remedy: `did you mean ${meant}?`,
    };
  }
  if (expected.startsWith("a value with") || expected.includes("quoted")) {
    return {
      ...error,
      kind: "unquoted",
      what: `column ${column}: the value is not in quotes`,
      remedy: 'write NAME="value"',
    };
  }
  if (rest === "\r") {
    return {
      ...error,
      kind: "syntax",
      what: `column ${column}: the line ends with CR LF`,
      remedy: "save the text with LF alone at the ends of its lines",
    };
  }
  return {
    ...error,
    kind: "syntax",
    what: `column ${column}: expected ${expected}`,
    remedy: "no rules can be compiled from this text until it is right",
  };
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
