/**
 * Options of one letter, as options of serve.
 *
 * @module
 */
import type { Chain } from "./chain.ts";
import type { Option } from "./getopt.ts";
import { literal, textWord, type Word } from "./word.ts";

/** Options whose values are what 1996 takes for a number. */
const numbers = ["limit", "backlog", "timeout"];

/** An option as it stands in a table of letters. */
export function put(
  { letter, value, line }: Option,
  longs: Readonly<Record<string, string>>,
  chain: Chain,
): void {
  const long = longs[letter];
  if (letter === "U" && long === "ids-from-env" && chain.account !== null) {
    return chain.becomes(chain.account);
  }
  chain.set(long, value && asNumber(long, value, chain), line);
}

/** What 1996 takes for a number: the digits that it begins with. */
function asNumber(long: string, value: Word, chain: Chain): Word {
  const text = literal(value);
  if (text === null || /^\d+$/.test(text)) return value;
  const { line } = value;
  const isId = long === "uid" || long === "gid";
  if (isId && !/^\d/.test(text)) {
    chain.remark(
      line,
      `--${long} ${text}: postern knows names, where tcpserver took this for 0`,
    );
    return value;
  }
  if (!isId && !numbers.includes(long)) return value;
  const digits = /^\d*/.exec(text)![0] || "0";
  chain.remark(line, `${text} is ${digits}, as tcpserver reads it`);
  return textWord(digits, line);
}
