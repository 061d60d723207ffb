/**
 * Programs that stand in front of others: how many words are theirs, and what
 * they do to what they start.
 *
 * @module
 */
import { accountOf } from "../accounts.ts";
import { baseName, namesIn, textOf } from "../words.ts";

/** What has been gathered on the way to a program. */
export interface Way {
  env: Map<string, string>;
  user: string | null;
  mayBind: boolean;
  isExecuted: boolean;
  /** Users that were named. */
  lookedUp: string[];
  wrappers: { name: string; words: string[] }[];
  /** Options of softlimit and the like, as `-m 8000000`. */
  limits: { name: string; letter: string; value: string }[];
}

export const newWay = (): Way => ({
  env: new Map(),
  user: null,
  mayBind: false,
  isExecuted: false,
  lookedUp: [],
  wrappers: [],
  limits: [],
});

interface Row {
  /** Letters that take a value. */
  readonly values?: string;
  /** Words behind the options that are its own. */
  readonly operands?: number;
  act?(
    way: Way,
    options: ReadonlyMap<string, string>,
    operands: string[],
  ): void;
}

const softlimit = (name: string): Row => ({
  values: "adflmstorpc",
  act: (way, options) => {
    for (const [letter, value] of options) {
      way.limits.push({ name, letter, value });
    }
  },
});

const becomes: Row = {
  operands: 1,
  act: (way, _, [user]) => {
    way.user = user ?? null;
    way.lookedUp.push(user ?? "");
  },
};

/** For `-U`. */
const namesIds: Row = {
  operands: 1,
  act: (way, _, [user]) => {
    const account = accountOf(user ?? "");
    if (account === null) way.lookedUp.push(user ?? "");
    else way.env.set("UID", `${account.uid}`).set("GID", `${account.gid}`);
  },
};

const envdir: Row = {
  operands: 1,
  act: (way, _, [folder]) => {
    for (const name of namesIn(folder)) {
      const text = textOf(`${folder}/${name}`);
      // An empty line is an empty value; only a file without bytes unsets.
      if (!text) way.env.delete(name);
      else way.env.set(name, text.split("\n")[0].trimEnd());
    }
  },
};

/** Who is named by `-u`, or else is root, as before. */
function becomesByOption(
  way: Way,
  options: ReadonlyMap<string, string>,
): void {
  const user = options.get("u") ?? options.get("user");
  if (user === undefined) return;
  way.user = user;
  way.lookedUp.push(user);
}

/** prlimit's letters and words, as softlimit's letters. */
const prlimits: Readonly<Record<string, string>> = {
  ...{ v: "a", as: "a", d: "d", data: "d", s: "s", stack: "s" },
  ...{ f: "f", fsize: "f", n: "o", nofile: "o", u: "p", nproc: "p" },
  ...{ t: "t", cpu: "t" },
};

const rows: Readonly<Record<string, Row>> = {
  exec: { values: "a", act: (way) => void (way.isExecuted = true) },
  nohup: {},
  setsid: {},
  nice: { values: "n" },
  ionice: { values: "cn" },
  taskset: { operands: 1 },
  pgrphack: {},
  time: {},
  softlimit: softlimit("softlimit"),
  "s6-softlimit": softlimit("s6-softlimit"),
  setuidgid: becomes,
  "s6-setuidgid": becomes,
  envuidgid: namesIds,
  "s6-envuidgid": namesIds,
  envdir,
  "s6-envdir": envdir,
  setlock: { operands: 1 },
  "s6-setlock": { operands: 1 },
  argv0: { operands: 2 },
  fdmove: { operands: 2 },
  redirfd: { operands: 3 },
  timeout: { values: "ks", operands: 1 },
  stdbuf: { values: "ioe" },
  chrt: { values: "TPD", operands: 1 },
  setpriv: {},
  unshare: { values: "SG" },
  setarch: { operands: 1 },
  prlimit: {
    values: "cdefilmnqrstuvxy",
    act: (way, options) => {
      for (const [key, value] of options) {
        const letter = prlimits[key];
        // SOFT:HARD
        if (letter !== undefined) {
          way.limits.push({
            name: "prlimit",
            letter,
            value: value.split(":")[0],
          });
        }
      }
    },
  },
  sudo: { values: "ugpCchRrTt", act: becomesByOption },
  runuser: { values: "ugGw", act: becomesByOption },
  recordio: {},
  fixcrio: {},
  rblsmtpd: { values: "rat" },
  "tcp-env": {},
  authbind: { act: (way) => void (way.mayBind = true) },
  chpst: {
    values: "uUe/nmdopfctr",
    act: (way, options) => {
      for (const [letter, value] of options) {
        if (letter === "u") way.user = value.replace(/^:/, "").split(":")[0];
        else if (letter === "e") envdir.act!(way, options, [value]);
        else if ("mdopfct".includes(letter)) {
          way.limits.push({ name: "chpst", letter, value });
        }
      }
    },
  },
};

/** Those that a person is told of. */
const told = ["rblsmtpd", "recordio", "fixcrio", "tcp-env"];

/** Takes what stands in front off, and says what it does; the rest is a program. */
export function unwrap(words: readonly string[], way: Way): string[] {
  let rest = [...words];
  for (;;) {
    rest = takeAssignments(rest, way);
    const [first] = rest;
    if (first === undefined) return rest;
    const name = baseName(first);
    if (name === "env") rest = takeEnv(rest, way);
    else if (Object.hasOwn(rows, name)) rest = takeWrapper(name, rest, way);
    else return rest;
  }
}

/** `NAME=value` in front of a command. */
function takeAssignments(words: string[], way: Way): string[] {
  let at = 0;
  for (; /^[A-Za-z_]\w*=/.test(words[at] ?? ""); at++) {
    const equals = words[at].indexOf("=");
    way.env.set(words[at].slice(0, equals), words[at].slice(equals + 1));
  }
  return words.slice(at);
}

function takeEnv(words: string[], way: Way): string[] {
  let at = 1;
  for (; words[at]?.startsWith("-"); at++) {
    if (["-", "-i"].includes(words[at])) way.env = new Map();
    if (words[at] === "-u") way.env.delete(words[++at]);
  }
  return takeAssignments(words.slice(at), way);
}

function takeWrapper(name: string, words: string[], way: Way): string[] {
  const { values = "", operands = 0, act } = rows[name];
  const options = new Map<string, string>();
  let at = 1;
  for (; /^-./.test(words[at] ?? ""); at++) {
    const word = words[at];
    if (word === "--") {
      at++;
      break;
    }
    if (word.startsWith("--")) {
      const [, long, value] = /^--([\w-]+)=(.*)$/s.exec(word) ?? [];
      if (long !== undefined) options.set(long, value);
      continue;
    }
    for (let i = 1; i < word.length; i++) {
      if (!values.includes(word[i])) continue;
      options.set(word[i], word.slice(i + 1) || (words[++at] ?? ""));
      break;
    }
  }
  act?.(way, options, words.slice(at, at + operands));
  at += operands;
  if (told.includes(name)) {
    way.wrappers.push({ name, words: words.slice(0, at) });
  }
  return words.slice(at);
}
