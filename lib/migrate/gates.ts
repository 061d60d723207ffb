/**
 * The programs that accept connections: tcpserver, and its like.
 *
 * @module
 */
import type { Chain } from "./chain.ts";
import { getopt, refuseOpen } from "./getopt.ts";
import { put } from "./letters.ts";
import { ipsvd, s6 } from "./other_gates.ts";
import type { Call, ProgramRow } from "./programs.ts";
import { Untranslatable } from "./remark.ts";
import { textWord, valueOf, type Word, written } from "./word.ts";

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
