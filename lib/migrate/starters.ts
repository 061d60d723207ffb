/**
 * Programs that change something and run another one: limits, ids, variables,
 * locks.
 *
 * @module
 */
import type { Chain } from "./chain.ts";
import { readEnvdir } from "./envdir.ts";
import { getopt } from "./getopt.ts";
import { limit, limitNames } from "./limits.ts";
import type { Call, ProgramRow } from "./programs.ts";
import { Untranslatable } from "./remark.ts";
import { startStopDaemon } from "./start_stop_daemon.ts";
import {
  baseName,
  literal,
  textWord,
  valueOf,
  type Word,
  written,
} from "./word.ts";

export const starters: readonly ProgramRow[] = [
  {
    names: ["exec"],
    turn: ({ name, args }, chain) => {
      if (!chain.isBehind) chain.isExecuted = true;
      return getopt(name, args, "cla:").operands;
    },
  },
  { names: ["command", "nohup"], turn: ({ args }) => args },
  {
    names: ["argv0"],
    turn: ({ args }) => [args[0], ...args.slice(2)],
  },
  {
    names: ["pgrphack", "fghack", "setsid", "s6-setsid"],
    turn: ({ name, args, line }, chain) => {
      chain.remark(line, `${name}: postern makes no groups and no terminals`);
      return getopt(name, args, "bfgisdwc").operands;
    },
  },
  {
    names: ["env"],
    turn: ({ name, args }, chain) => {
      let rest = args;
      if (literal(rest[0] ?? textWord("", 0)) === "-") {
        chain.isCleared = true;
        rest = rest.slice(1);
      }
      const { options, operands } = getopt(name, rest, "iu:0v");
      for (const { letter, value } of options) {
        if (letter === "i") chain.isCleared = true;
        const variable = value && literal(value);
        if (letter === "u" && variable) {
          chain.unset.add(variable);
          chain.env.delete(variable);
        }
      }
      return assigned(operands, chain);
    },
  },
  {
    names: ["nice", "ionice", "taskset", "chrt", "s6-nice"],
    turn: ({ name, words, args }, chain) => {
      const first = args.findIndex((word) => {
        const known = baseName(word);
        return known !== null && !/^-|^[0-9,x-]+$/.test(known);
      });
      if (first < 0) {
        throw new Untranslatable(words[0].line, `${name} runs nothing`);
      }
      chain.keep(words.slice(0, first + 1), "how it is scheduled");
      return args.slice(first);
    },
  },
  {
    names: ["softlimit", "s6-softlimit"],
    turn: ({ name, args, line }, chain) => {
      const { options, operands } = getopt(
        name,
        args,
        "hHa:c:d:f:l:m:o:p:r:s:t:",
      );
      for (const each of options) limit(name, each, line, chain);
      return operands;
    },
  },
  {
    names: ["envdir", "s6-envdir"],
    turn: ({ name, args, words }, chain) => {
      const { options, operands: [folder, ...program] } = name === "envdir"
        ? { options: [], operands: args }
        : getopt(name, args, "IinfLlc:");
      if (folder === undefined) {
        throw new Untranslatable(words[0].line, `${name} wants a folder`);
      }
      readEnvdir(
        [words[0], ...args.slice(0, args.indexOf(folder) + 1)],
        folder,
        options.length > 0,
        chain,
      );
      return program;
    },
  },
  {
    names: ["setuidgid", "s6-setuidgid"],
    turn: ({ name, args, line }, chain) => {
      const { options, operands } = getopt(name, args, "s");
      if (options.length > 0) {
        chain.remark(
          line,
          `${name} -s: serve gives up all supplementary groups`,
          true,
        );
      }
      const [account, ...program] = operands;
      if (account !== undefined) chain.becomes(account, true);
      return program;
    },
  },
  {
    names: ["envuidgid", "s6-envuidgid"],
    turn: ({ name, args }, chain) => {
      const { operands: [account, ...program] } = getopt(
        name,
        args,
        "uginBDt:",
      );
      chain.account = account ?? null;
      return program;
    },
  },
  {
    names: ["s6-applyuidgid"],
    turn: ({ name, args, line }, chain) => {
      const { options, operands } = getopt(name, args, "zUu:g:G:");
      for (const { letter, value } of options) {
        if (letter === "U" && chain.account !== null) {
          chain.becomes(chain.account);
        } else if (letter === "U") chain.set("ids-from-env", null, line);
        if (letter === "u") chain.set("uid", value, line);
        if (letter === "g") chain.set("gid", value, line);
      }
      return operands;
    },
  },
  {
    names: ["chpst"],
    turn: chpst,
  },
  {
    names: ["setlock", "s6-setlock"],
    turn: ({ name, words, args }, chain) => {
      const { operands } = getopt(name, args, "nNxXrwt:d:");
      const own = words.slice(0, words.length - operands.length + 1);
      chain.keep(own, "a lock");
      return operands.slice(1);
    },
  },
  {
    names: ["sudo", "runuser", "su-exec", "gosu"],
    turn: ({ name, args }, chain) => {
      const { options, operands } = name === "su-exec" || name === "gosu"
        ? { options: [], operands: args }
        : getopt(name, args, "EHnSu:g:");
      const user = options.find(({ letter }) => letter === "u")?.value;
      if (user) {
        chain.becomes(user);
        return operands;
      }
      if (options.length === 0 && name.endsWith("o") || name === "su-exec") {
        chain.becomes(operands[0], true);
        return operands.slice(1);
      }
      return operands;
    },
  },
  { names: ["start-stop-daemon"], turn: startStopDaemon },
  {
    names: ["daemon"],
    turn: ({ args, line }, chain) => {
      const at = args.findIndex((word) => !/^[-+]/.test(literal(word) ?? ""));
      for (const word of args.slice(0, at)) {
        const user = /^--user=(.*)$/.exec(literal(word) ?? "")?.[1];
        if (user !== undefined) chain.becomes(textWord(user, line));
      }
      chain.remark(
        line,
        "daemon: a function of init scripts; postern init-script makes a whole one",
      );
      return args.slice(at);
    },
  },
  {
    names: ["tcp-env", "s6-tcpserver-access"],
    turn: ({ name, args, line }, chain) => {
      const { options, operands } = getopt(
        name,
        args,
        name === "tcp-env" ? "rRt:" : "vWwDdHhRrPpBl:b:t:i:x:",
      );
      for (const { letter, value } of options) {
        if (letter === "x" || letter === "i") {
          chain.set(
            "rules",
            textWord(`${valueOf(value!)}.rules.cdb`, line),
            line,
          );
          chain.remark(
            line,
            `${name} -${letter} ${written(value!)}: rules of another form; ` +
              "write them for postern rules compile, until then nobody is let in",
            true,
          );
        }
        if (letter === "l") chain.set("local-name", value, line);
        if (letter === "h") chain.set("remote-name", null, line);
        if (letter === "H") chain.set("no-remote-name", null, line);
        if (letter === "r") chain.set("remote-info", null, line);
        if (letter === "R") chain.set("no-remote-info", null, line);
        if (letter === "t" && literal(value!) !== "0") {
          chain.set("timeout", value, line);
        }
        if (letter === "p") chain.set("paranoid", null, line);
      }
      return operands;
    },
  },
];

/** `NAME=VALUE` words, and what is behind them. */
export function assigned(
  words: readonly Word[],
  chain: Chain,
): readonly Word[] {
  for (let at = 0; at < words.length; at++) {
    const word = words[at];
    const [first] = word.pieces;
    const match = first?.type === "text"
      ? /^([A-Za-z_]\w*)=(.*)$/s.exec(first.text)
      : null;
    if (match === null) return words.slice(at);
    const [, name, rest] = match;
    const pieces = [
      ...(rest === "" ? [] : textWord(rest, 0).pieces),
      ...word.pieces.slice(1),
    ];
    chain.variable(name, { line: word.line, pieces });
  }
  return [];
}

function chpst(
  { name, args, words, line }: Call,
  chain: Chain,
): readonly Word[] {
  const { options, operands } = getopt(
    name,
    args,
    "vVP012u:U:b:e:/:C:n:l:L:m:d:o:p:f:c:r:t:s:a:",
  );
  const kept: Word[] = [];
  const keep = (letter: string, value: Word | null) =>
    kept.push(textWord(`-${letter}`, line), ...(value === null ? [] : [value]));
  for (const each of options) {
    const { letter, value } = each;
    if (letter === "u") chain.becomes(value!, true);
    else if (letter === "U") chain.account = value;
    else if (letter === "e") {
      readEnvdir(
        [words[0], textWord("-e", line), value!],
        value!,
        false,
        chain,
      );
    } else if (letter in limitNames && letter !== "l") {
      limit(name, each, line, chain);
    } else if (letter !== "v" && letter !== "V") keep(letter, value);
  }
  if (kept.length > 0) chain.keep([words[0], ...kept], "as it is");
  return operands;
}
