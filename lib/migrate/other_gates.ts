/**
 * Options of ipsvd's and s6's servers, as options of serve.
 *
 * @module
 */
import type { Chain } from "./chain.ts";
import type { Option } from "./getopt.ts";
import { put } from "./letters.ts";
import type { Call } from "./programs.ts";
import { textWord, valueOf, type Word, written } from "./word.ts";

/** ipsvd looks no names up unless it is told to, and asks no ident server. */
export function ipsvd(
  { name, line }: Call,
  options: readonly Option[],
  chain: Chain,
): void {
  const said = (letter: string) =>
    options.some((each) => each.letter === letter);
  if (!said("h") && !said("p")) chain.set("no-remote-name", null, line);
  chain.set("no-remote-info", null, line);
  const longs: Readonly<Record<string, string>> = {
    v: "verbose",
    p: "paranoid",
    h: "remote-name",
    l: "local-name",
    c: "limit",
    b: "backlog",
    t: "timeout",
    Z: "tls-cert",
    K: "tls-key",
  };
  for (const each of options) {
    const { letter, value } = each;
    if (letter === "u") chain.becomes(value!, true);
    else if (letter === "C") perClient(value!, chain);
    else if (letter === "i" || letter === "x") {
      otherRules(`${name} -${letter}`, value!, each.line, chain);
    } else if (letter in longs) put(each, longs, chain);
    else {
      chain.remark(
        each.line,
        `${name} -${letter}: nothing of postern's is like it`,
        "EU/".includes(letter) && letter !== "E",
      );
    }
  }
}

/** `N:MESSAGE`. */
function perClient(value: Word, chain: Chain): void {
  const text = valueOf(value);
  const { line } = value;
  const [limit, message] = text === null ? [null] : text.split(/:(.*)/s);
  chain.set(
    "per-ip",
    limit === null ? value : textWord(limit, line),
    line,
  );
  if (message === undefined) return;
  chain.set("busy-reply", null, line);
  chain.remark(line, "a client over its limit hears postern's own words");
}

/**
 * Rules of another kind. While the file is missing serve denies everybody:
 * nobody is let in whom they kept out.
 */
function otherRules(
  what: string,
  from: Word,
  line: number,
  chain: Chain,
): void {
  const path = valueOf(from)?.replace(/\/$/, "").replace(/\.cdb$/, "") ??
    "/etc/postern";
  const rules = `${path}.rules.cdb`;
  chain.set("rules", textWord(rules, line), line);
  chain.remark(
    line,
    `${what} ${written(from)}: rules of another form; write them for ` +
      `postern rules compile ${rules} ${rules}.tmp, until then nobody is let in`,
    true,
  );
}

export function s6(options: readonly Option[], chain: Chain): void {
  const longs: Readonly<Record<string, string>> = {
    v: "verbose",
    q: "quiet",
    Q: "errors",
    1: "print-port",
    c: "limit",
    C: "per-ip",
    b: "backlog",
    g: "gid",
    u: "uid",
    U: "ids-from-env",
    l: "local-name",
    B: "banner",
    t: "timeout",
    H: "no-remote-name",
    h: "remote-name",
    r: "remote-info",
    R: "no-remote-info",
    P: "no-paranoid",
    p: "paranoid",
    d: "delay",
    D: "no-delay",
  };
  const said = (letter: string) =>
    options.some((each) => each.letter === letter);
  const [line] = options.map((each) => each.line);
  if (!said("r")) chain.set("no-remote-info", null, line ?? chain.line);
  for (const each of options) {
    const { letter, value } = each;
    if (letter === "i" || letter === "x") {
      otherRules(`s6's -${letter}`, value!, each.line, chain);
    } else if (letter in longs) put(each, longs, chain);
    else {
      chain.remark(
        each.line,
        `s6's -${letter}: nothing of postern's is like it`,
        letter === "G",
      );
    }
  }
}
