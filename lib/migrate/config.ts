/**
 * Chains as a file for `postern serve --config`.
 *
 * @module
 */
import { stringify } from "smol-toml";
import type { Chain, Setting } from "./chain.ts";
import { programWords } from "./line.ts";
import { type Remark, Untranslatable } from "./remark.ts";
import type { Translated } from "./translate.ts";
import { literal, textWord, valueOf, type Word, written } from "./word.ts";

/** What serve does without when nobody says it, and lets nobody in for it. */
const dispensable = [
  "limit",
  "backlog",
  "local-name",
  "timeout",
  "banner",
  "per-ip",
];

export interface Config {
  readonly text: string;
  readonly remarks: readonly Remark[];
}

/**
 * @param isForProcess whether an option of serve may stand only on top
 * @throws Untranslatable
 */
export function configOf(
  all: readonly Translated[],
  isForProcess: (long: string) => boolean,
): Config {
  const remarks: Remark[] = [];
  const top = new Map<string, string>();
  const blocks = all.map(({ chain, job }) => {
    if (chain.place === null) {
      throw new Untranslatable(
        chain.line,
        "nothing here says HOST and PORT, which a configuration file needs",
      );
    }
    const { host, port } = chain.place;
    const keys: string[] = [
      stringify({ host: known(host, "HOST") }),
      key("port", known(port, "PORT")),
    ];
    for (const setting of lastOfEach(chain.serve)) {
      const text = keyOf(setting, remarks);
      if (text === null) continue;
      if (!isForProcess(setting.long)) keys.push(text);
      else if (top.has(setting.long) && top.get(setting.long) !== text) {
        throw new Untranslatable(
          setting.line,
          `one process cannot have two of ${setting.long}: use --to line, or ` +
            "a file for each",
        );
      } else top.set(setting.long, text);
    }
    const smtpd = withVariables(chain, remarks);
    const program = programWords(smtpd).map((word) =>
      known(word, "PROGRAM", remarks)
    );
    keys.push(stringify({ program }));
    for (const words of chain.front) {
      const shown = words.map(written).join(" ");
      remarks.push({
        line: words[0].line,
        text: `${shown}: stands in front of postern serve --config FILE`,
        loses: false,
      });
    }
    const log = [
      ...job.redirects,
      ...job.pipedInto.map((each) =>
        `| ${typeof each === "string" ? each : each.map(written).join(" ")}`
      ),
    ].join(" ");
    if (log !== "") {
      remarks.push({
        line: job.line,
        text: `${log}: stands behind postern serve --config FILE`,
        loses: false,
      });
    }
    return `[[listen]]\n${keys.join("")}`;
  });
  return {
    text: [...top.values()].join("") + ["", ...blocks].join("\n"),
    remarks,
  };
}

const key = (name: string, text: string): string =>
  stringify({
    [name]: /^(0|[1-9]\d{0,14})$/.test(text) ? Number(text) : text,
  });

/** Of an option that was said twice the last counts. */
const lastOfEach = (settings: readonly Setting[]): Setting[] =>
  settings.filter((each, i) =>
    !settings.slice(i + 1).some(({ long }) => long === each.long)
  );

function keyOf(
  { long, value, line }: Setting,
  remarks: Remark[],
): string | null {
  if (value === null) return stringify({ [long]: true });
  const account = long === "uid" ? userOf(value) : null;
  if (account !== null) return stringify({ [long]: account });
  const text = valueOf(value);
  const from = value.pieces.map((piece) =>
    piece.type === "shell" ? piece.from : null
  ).find((each) => each !== null);
  if (text !== null) {
    if (from) {
      remarks.push({
        line,
        text: `${long} = ${text} is ${from}`,
        loses: false,
      });
    }
    return key(long, text);
  }
  if (dispensable.includes(long)) {
    remarks.push({
      line,
      text: `${long} is ${from ?? written(value)}, which is not known here: ` +
        "it is left out, add it",
      loses: true,
    });
    return null;
  }
  throw unknown(value, `--${long}`);
}

/** `id -u NAME` as NAME, which serve knows to look up. */
function userOf({ pieces: [piece, ...more] }: Word): string | null {
  if (piece?.type !== "shell" || more.length > 0) return null;
  return /^\$\(id -u ([\w.-]+)\)$/.exec(piece.source)?.[1] ?? null;
}

function known(word: Word, what: string, remarks?: Remark[]): string {
  const text = valueOf(word);
  if (text === null) throw unknown(word, what);
  if (remarks !== undefined && literal(word) === null) {
    const { line } = word;
    remarks.push({
      line,
      text: `${written(word)} is ${text} now`,
      loses: false,
    });
  }
  return text;
}

const unknown = (word: Word, what: string) =>
  new Untranslatable(
    word.line,
    `${what} is ${written(word)}, which is not known here and cannot be said ` +
      "in a file: use --to line",
  );

/** A file sets no environment: what can be said by an option is. */
function withVariables(chain: Chain, remarks: Remark[]): Chain {
  const copy = chain.copy();
  if (copy.smtpd !== null) copy.smtpd = [...copy.smtpd];
  for (const [name, word] of chain.env) {
    const { line } = word;
    const value = valueOf(word);
    const said = name === "QMAILQUEUE" && value
      ? { long: "deliver", value: `qmail-queue:${value}` }
      : name === "DATABYTES" && /^\d+$/.test(value ?? "")
      ? { long: "databytes", value: value! }
      : null;
    if (said !== null && copy.smtpd !== null) {
      copy.smtpd.push({
        long: said.long,
        value: textWord(said.value, line),
        line,
      });
      remarks.push({
        line,
        text: `${name}: --${said.long} of smtpd; what rules set in its place ` +
          "does not count then",
        loses: false,
      });
      continue;
    }
    remarks.push({
      line,
      text: `a file sets no environment: start postern serve with ${name}=` +
        written(word),
      loses: name !== "PATH",
    });
  }
  return copy;
}
