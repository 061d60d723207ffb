/**
 * What a systemd unit, or a line of inetd's or xinetd's, starts.
 *
 * @module
 */
import type { Script } from "../script.ts";
import { baseName, textOf } from "../words.ts";
import { isYes, ofUnit } from "./limits.ts";
import { ShellText } from "./commands.ts";
import { newWay, unwrap } from "./wrappers.ts";
import { shellScripts } from "./shell.ts";

/** `=` of several lines are one; the last of a key counts, but for lists. */
function unitKeys(text: string): Map<string, string> {
  const keys = new Map<string, string>();
  const lines = text.replace(/\\\n[ \t]*/g, " ").split("\n");
  for (const line of lines) {
    const [, key, value] = /^\s*([A-Za-z]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined) continue;
    const isList = ["Environment", "EnvironmentFile"].includes(key);
    const before = isList ? keys.get(key) : undefined;
    keys.set(key, before === undefined ? value : `${before} ${value}`);
  }
  return keys;
}

/** None where its command is another one. */
export function unitScripts(path: string, text: string): Script[] {
  const unit = unitKeys(text);
  const [, signs = "", command] =
    /^([-@:+!|]*)(.*)$/s.exec(unit.get("ExecStart") ?? "") ?? [];
  if (command === undefined || command === "") return [];
  // It starts as root all the same (systemd.service(5), COMMAND LINES).
  if (/[+!]/.test(signs)) unit.delete("User");
  const env = environmentOf(unit);
  const shell = shellOf(env);
  const [words = []] = [
    ...shell.commands(spelledOut(command, path)),
  ]
    .map((each) => [...each.words]);
  const way = newWay();
  const [program = "", ...args] = unwrap(words, way);
  const isShell = baseName(program) === "sh" || baseName(program) === "bash";
  if (isShell && /^-\w*c/.test(args[0] ?? "")) {
    return shellScripts(path, args[1] ?? "").map((each) => ({
      ...each,
      ...ofService(path, text, unit, env, each.env),
    }));
  }
  const isServe = args[0] === "serve";
  if (!isServe && baseName(program) !== "tcpserver") return [];
  return [{
    ...ofService(path, text, unit, env, way.env),
    program,
    calledAs: isServe ? "postern serve" : "tcpserver",
    args: isServe ? args.slice(1) : args,
    wrappers: way.wrappers,
    unknown: [],
    syslogSockets: [],
    isExecuted: true,
    isInBackground: false,
  }];
}

/** systemd's `%` and `$$`; of what it knows of itself, its name alone. */
function spelledOut(command: string, path: string): string {
  const unit = baseName(path);
  const known: Readonly<Record<string, string>> = {
    "%%": "%",
    "%n": unit,
    "%N": unit.replace(/\.service$/, ""),
    "$$": "\\$",
  };
  return command.replaceAll(/%[%nN]|\$\$/g, (each) => known[each]);
}

function ofService(
  path: string,
  text: string,
  unit: ReadonlyMap<string, string>,
  env: ReadonlyMap<string, string>,
  own: ReadonlyMap<string, string>,
) {
  const softLimits = ofUnit(unit);
  const limit = (key: string) =>
    softLimits.find(({ written }) => written.startsWith(`${key}=`))?.value;
  const descriptors = limit("LimitNOFILE"), processes = limit("LimitNPROC");
  const tasks = limit("TasksMax");
  const user = unit.get("User") ?? null;
  return {
    path,
    text,
    kind: "systemd" as const,
    unit,
    softLimits,
    limits: {
      ...descriptors === undefined ? {} : { descriptors },
      ...processes === undefined ? {} : { processes },
      ...tasks === undefined ? {} : { tasks },
    },
    env: new Map([...env, ...own]),
    cwd: unit.get("WorkingDirectory") ?? "/",
    user: isYes(unit.get("DynamicUser") ?? "no") ? user ?? "" : user,
    lookedUp: user !== null && !/^\d+$/.test(user) ? [user] : [],
    mayBind:
      /CAP_NET_BIND_SERVICE/.test(unit.get("AmbientCapabilities") ?? "") ||
      textOf(path.replace(/\.service$/, ".socket")) !== null,
  };
}

function environmentOf(unit: ReadonlyMap<string, string>): Map<string, string> {
  const env = new Map<string, string>();
  const add = (text: string) => {
    for (const { words } of shellOf(new Map()).commands(text)) {
      for (const word of words) {
        const equals = word.indexOf("=");
        if (equals > 0) env.set(word.slice(0, equals), word.slice(equals + 1));
      }
    }
  };
  add(unit.get("Environment") ?? "");
  for (const file of (unit.get("EnvironmentFile") ?? "").split(" ")) {
    add(textOf(file.replace(/^-/, "")) ?? "");
  }
  return env;
}

/** systemd's words are quoted as a shell's, and know variables alone. */
function shellOf(variables: ReadonlyMap<string, string>): ShellText {
  const shell = new ShellText((path) => path);
  for (const [name, value] of variables) shell.assign(name, value);
  return shell;
}

/** Lines of inetd.conf(5), and services of xinetd.conf(5), that start us. */
export function inetdScripts(path: string, text: string): Script[] {
  return [...inetdLines(text), ...xinetdServices(text)].flatMap(
    ({ host, port, user, words }) => {
      const way = newWay();
      const rest = unwrap(words, way);
      if (!isOurs(rest)) return [];
      return [{
        path,
        kind: "inetd" as const,
        text,
        cwd: "/",
        calledAs: "postern serve",
        program: rest[0],
        args: [host, port, ...rest],
        env: way.env,
        unknown: [],
        lookedUp: /^\d+$/.test(user) ? [] : [user],
        user,
        mayBind: true, // inetd has the port
        wrappers: way.wrappers,
        softLimits: [],
        limits: {},
        syslogSockets: [],
        isExecuted: true,
        isInBackground: false,
        unit: new Map<string, string>(),
      }];
    },
  );
}

const isOurs = ([program = ""]: readonly string[]): boolean =>
  /^(?:postern.*|qmail-smtpd)$/.test(baseName(program));

interface Line {
  readonly host: string;
  readonly port: string;
  readonly user: string;
  readonly words: readonly string[];
}

/** `smtp stream tcp nowait qmaild /path/to/program program args`. */
function inetdLines(text: string): Line[] {
  return text.split("\n").map((line) => line.trim().split(/\s+/))
    .filter((fields) => fields[1] === "stream" && fields.length > 6)
    .map(([port, , , , user, program, called, ...args]) => ({
      host: "0",
      port: port.split(":").at(-1)!,
      user: user.split(/[.:]/)[0],
      // tcpd is told of the program by its name.
      words: [baseName(program) === "tcpd" ? called : program, ...args],
    }));
}

function xinetdServices(text: string): Line[] {
  const services = text.matchAll(/^\s*service\s+(\S+)\s*\{([^}]*)\}/gm);
  return [...services].map(([, name, body]) => {
    const keys = new Map(
      [...body.matchAll(/^\s*(\w+)\s*\+?=\s*(.*?)\s*$/gm)]
        .map(([, key, value]) => [key, value]),
    );
    const args = (keys.get("server_args") ?? "").split(/\s+/).filter(Boolean);
    const isNamed = keys.get("flags")?.split(/\s+/).includes("NAMEINARGS");
    return {
      host: keys.get("bind") ?? keys.get("interface") ?? "0",
      port: keys.get("port") ?? name,
      user: keys.get("user") ?? "root",
      words: [keys.get("server") ?? "", ...isNamed ? args.slice(1) : args],
    };
  });
}
