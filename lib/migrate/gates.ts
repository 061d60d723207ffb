/**
 * The programs that accept connections: tcpserver, and its like.
 *
 * @module
 */
import type { Chain } from "./chain.ts";
import { getopt, type Option, refuseOpen } from "./getopt.ts";
import type { Call, ProgramRow } from "./programs.ts";
import { Untranslatable } from "./remark.ts";
import { literal, textWord, valueOf, type Word, written } from "./word.ts";

/** tcpserver's letters, and serve's options. */
const tcpserver: Readonly<Record<string, string>> = {
  1: "print-port",
  U: "ids-from-env",
  X: "allow-missing-rules",
  x: "rules",
  p: "paranoid",
  P: "no-paranoid",
  h: "remote-name",
  H: "no-remote-name",
  r: "remote-info",
  R: "no-remote-info",
  o: "keep-ip-options",
  O: "no-keep-ip-options",
  d: "delay",
  D: "no-delay",
  q: "quiet",
  Q: "errors",
  v: "verbose",
  c: "limit",
  B: "banner",
  g: "gid",
  u: "uid",
  b: "backlog",
  l: "local-name",
  t: "timeout",
  4: "ipv4",
  6: "ipv6",
  I: "interface",
};

const tcpserverLetters = "1UXpPhHrRoOdDqQv46c:x:B:g:u:b:l:t:I:";

/** Options whose values are what 1996 takes for a number. */
const numbers = ["limit", "backlog", "timeout"];

export const gates: readonly ProgramRow[] = [
  {
    names: ["tcpserver"],
    turn: (call, chain) => {
      const { options, operands } = getopt(
        call.name,
        call.args,
        tcpserverLetters,
      );
      for (const each of options) put(each, tcpserver, chain);
      return placed(call, operands, chain);
    },
  },
  {
    names: ["sslserver"],
    turn: (call, chain) => {
      const { options, operands } = getopt(
        call.name,
        call.args,
        `${tcpserverLetters}3eEsSnNiIzZamMyw:T:C:V:W:`,
      );
      for (const each of options) {
        if (tcpserver[each.letter] && each.letter !== "I") {
          put(each, tcpserver, chain);
          continue;
        }
        const { letter, line } = each;
        if ("iz".includes(letter)) {
          chain.remark(
            line,
            `sslserver -${letter}: clients are not asked for certificates`,
            true,
          );
        } else {
          chain.remark(line, `sslserver -${letter}: postern has its own way`);
        }
      }
      encrypted(call, chain);
      return placed(call, operands, chain);
    },
  },
  {
    names: ["tcpsvd", "sslsvd"],
    turn: (call, chain) => {
      const { options, operands } = getopt(
        call.name,
        call.args,
        "vhpEHl:u:c:C:b:x:i:t:U:/:Z:K:",
      );
      ipsvd(call, options, chain);
      if (call.name === "sslsvd") encrypted(call, chain);
      return placed(call, operands, chain);
    },
  },
  {
    names: [
      ...["s6-tcpserver", "s6-tcpserver4", "s6-tcpserver6"],
      ...["s6-tcpserver4-socketbinder", "s6-tlsserver"],
    ],
    turn: (call, chain) => {
      const { options, operands } = getopt(
        call.name,
        call.args,
        "qQv1dDkKwWyYHhRrPpEeSsJjUc:C:b:g:G:u:l:B:t:T:i:x:Z:z:",
      );
      if (call.name.endsWith("6")) chain.set("ipv6", null, call.line);
      s6(options, chain);
      if (call.name === "s6-tlsserver") encrypted(call, chain);
      return placed(call, operands, chain);
    },
  },
];

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

/** HOST PORT PROGRAM. */
function placed(
  { name, line }: Call,
  operands: readonly Word[],
  chain: Chain,
): readonly Word[] {
  const [host, port, ...program] = operands;
  if (operands.length < 3) {
    // It may be that what is missing is in what nobody knows.
    for (const word of operands) refuseOpen(name, word);
    throw new Untranslatable(line, `${name} wants HOST PORT PROGRAM`);
  }
  if (!/^\$\{?\w*(HOST|IP|ADDR|LISTEN|BIND)/i.test(written(host))) {
    refuseOpen(name, host);
  }
  chain.place = { host: hostOf(host), port };
  return program;
}

/** `:0` and `::` of others. */
const hostOf = (host: Word): Word =>
  valueOf(host) === "0.0.0.0" ? textWord("0", host.line) : host;

/** By the certificate that its environment names. */
function encrypted({ name, line }: Call, chain: Chain): void {
  const cert = chain.valueOf("CERTFILE"), key = chain.valueOf("KEYFILE");
  chain.tls = { line };
  if (cert === undefined) {
    const usual = "/var/qmail/control/servercert.pem";
    chain.remark(
      line,
      `${name} has no CERTFILE in this script: ${usual} stands for it, see ` +
        "that it is the one",
      true,
    );
    chain.set("tls-cert", textWord(usual, line), line);
    return;
  }
  chain.set("tls-cert", cert, cert.line);
  if (key !== undefined) chain.set("tls-key", key, key.line);
}

/** ipsvd looks no names up unless it is told to, and asks no ident server. */
function ipsvd(
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
export function otherRules(
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

function s6(options: readonly Option[], chain: Chain): void {
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
