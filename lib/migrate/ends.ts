/**
 * Programs that serve the client of a gate, and those in front of them.
 *
 * @module
 */
import type { Chain } from "./chain.ts";
import type { Call, ProgramRow } from "./programs.ts";
import { rblsmtpd } from "./rblsmtpd.ts";
import { isKnown, kept } from "./serving_programs.ts";
import {
  baseName,
  literal,
  textWord,
  valueOf,
  type Word,
  written,
} from "./word.ts";

export const ends: readonly ProgramRow[] = [
  { names: ["rblsmtpd"], turn: rblsmtpd },
  {
    names: ["recordio"],
    turn: ({ words, args, line }, chain) => {
      chain.wrappers.push({ words: [named(words[0])], isOurs: true });
      chain.remark(
        line,
        "recordio: runs within the gate, and says the same; nothing of what " +
          "is encrypted",
      );
      return args;
    },
  },
  {
    names: ["fixcrio"],
    turn: ({ args, line }, chain) => {
      chain.smtpd = [
        ...chain.smtpd ?? [],
        { long: "normalize-lf", value: null, line },
      ];
      chain.remark(
        line,
        "fixcrio: --normalize-lf takes a bare LF in a message; in commands " +
          "it is refused (fixcrio smtpd in its place takes both)",
      );
      return args;
    },
  },
  {
    names: Object.keys(kept),
    turn: ({ name, words }, chain) => {
      const next = words.findIndex((word, i) =>
        i > 0 && isKnown(baseName(word))
      );
      if (next < 0) return unknown(words, chain);
      chain.keep(words.slice(0, next), kept[name]);
      return words.slice(next);
    },
  },
  {
    names: ["qmail-smtpd", "qmail-smtpd-auth", "netqmail-smtpd"],
    turn: qmailSmtpd,
  },
];

/** A chain whose end is another program: that stays as it is. */
export function unknown(words: readonly Word[], chain: Chain): null {
  chain.program = words;
  chain.smtpd = null;
  return null;
}

const nothing = textWord("", 0);

/** By its bare name: postern's. */
export const named = (word: Word): Word => textWord(baseName(word)!, word.line);

/** Where checkpassword programs are, by their own instructions. */
const usualPlaces: Readonly<Record<string, string>> = {
  checkpassword: "/bin/checkpassword",
  checkvpw: "/var/qmail/bin/checkvpw",
  vchkpw: "/home/vpopmail/bin/vchkpw",
  cmd5checkpw: "/bin/cmd5checkpw",
};

/** Some patches want their host name in front of the program for log-ins. */
function qmailSmtpd({ args, line }: Call, chain: Chain): null {
  const settings = chain.smtpd ??= [];
  if (args.length === 0) return null;
  const names = args.map(baseName);
  const startsWithHost = args.length > 1 &&
    !valueOf(args[0])?.includes("/") && !((names[0] ?? "") in usualPlaces);
  const [program, ...rest] = startsWithHost ? args.slice(1) : args;
  if (startsWithHost) {
    chain.remark(
      line,
      `${
        written(args[0])
      }: the host name of a patch for log-ins; smtpd needs none`,
    );
  }
  if (args.length === 1 && !valueOf(program)?.includes("/")) {
    chain.remark(
      line,
      `${written(program)} behind qmail-smtpd: without a program for log-ins ` +
        "it says nothing, and is dropped",
    );
    return null;
  }
  const name = baseName(program) ?? "";
  if (name === "true") {
    chain.remark(
      line,
      `${written(program)} takes every password: who knows that may relay; ` +
        "log-ins are left out, see --passwords of smtpd",
      true,
    );
    return null;
  }
  const words = [placeOf(program, line, chain), ...rest];
  const texts = words.map(literal);
  if (texts.some((text) => text === null || /\s/.test(text) || text === "")) {
    chain.remark(
      line,
      `${words.map(written).join(" ")}: --checkpassword wants plain words ` +
        "with blanks between; log-ins are left out",
      true,
    );
    return null;
  }
  settings.push({
    long: "checkpassword",
    value: textWord(texts.join(" "), line),
    line,
  });
  if (/cmd5|cram/i.test(name)) {
    chain.remark(
      line,
      `${name} is asked with PLAIN and LOGIN alone: CRAM-MD5 is not offered`,
      true,
    );
  }
  if (chain.tls !== null || valueOf(chain.valueOf("SMTPS") ?? nothing)) {
    return null;
  }
  const certificate = "/var/qmail/control/servercert.pem";
  const isThere = chain.machine.bytes(certificate) !== null;
  chain.remark(
    line,
    isThere
      ? `log-ins are offered once encrypted (STARTTLS, with ${certificate})`
      : "log-ins are offered only once encrypted: until there is a " +
        `certificate (${certificate}, or --tls-cert of smtpd) there are none`,
    !isThere,
  );
  return null;
}

function placeOf(program: Word, line: number, chain: Chain): Word {
  const text = literal(program);
  if (text === null || text.includes("/")) return program;
  const place = usualPlaces[text] ?? `/usr/local/bin/${text}`;
  chain.remark(
    line,
    `${text}: --checkpassword wants a path; ${place} is a guess`,
    !(text in usualPlaces),
  );
  return textWord(place, line);
}
