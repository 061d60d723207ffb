/**
 * The lines of a shell's script that start a gate.
 *
 * @module
 */
import type { Script, SoftLimit } from "../script.ts";
import { baseName, textOf } from "../words.ts";
import { ofUlimit, ofWay } from "./limits.ts";
import { type Command, ShellText } from "./commands.ts";
import { newWay, unwrap, type Way } from "./wrappers.ts";

/** Files that a script sources, which may source others. */
const mostDepth = 4;
const shells = ["sh", "bash", "dash", "ksh", "zsh", "csh", "tcsh"];
const declaring = ["export", "readonly", "local", "declare", "typeset"];
const usualSocket = "/dev/log";

/** All of them, in their order. */
export function shellScripts(path: string, text: string): Script[] {
  const reading = new ShellReading(path, text);
  reading.read(text, 0);
  return reading.scripts();
}

/** `id -u qmaild` in backticks. */
const idsOf = /\bid\s+-[ugr]+\s+["']?([\w.-]+)/g;

class ShellReading {
  readonly #shell = new ShellText((path) => this.#resolved(path));
  readonly #exported = new Set<string>();
  readonly #unknown = new Set<string>();
  readonly #lookedUp: Set<string>;
  readonly #ulimits: SoftLimit[] = [];
  readonly #sockets = new Set<string>();
  readonly #found: Omit<Script, "syslogSockets">[] = [];
  #cwd: string | null = null;

  constructor(readonly path: string, readonly text: string) {
    this.#lookedUp = new Set(
      [...text.matchAll(idsOf)].map(([, name]) => name),
    );
  }

  scripts(): Script[] {
    // The log may be started before the gate, or behind it in a pipe.
    const syslogSockets = [...this.#sockets];
    const openrc = this.#openrc();
    return [...this.#found, ...openrc].map((each) => ({
      ...each,
      syslogSockets,
    }));
  }

  read(text: string, depth: number): void {
    for (const command of this.#shell.commands(text)) {
      this.#command(command, depth);
    }
    for (const fault of this.#shell.faults.splice(0)) this.#unknown.add(fault);
  }

  #command(
    { words, isInBackground }: Command,
    depth: number,
    outer = newWay(),
  ): void {
    const rest = [...words];
    const [first] = rest;
    if (first === undefined) return;
    if (rest.every((word) => /^[A-Za-z_]\w*=/.test(word))) {
      for (const word of rest) this.#assign(word);
    } else if (declaring.includes(first)) this.#declare(rest.slice(1), first);
    else if (first === "cd") this.#cwd = this.#resolved(rest.at(-1)!);
    else if (first === "ulimit") this.#ulimits.push(...ofUlimit(rest));
    else if (first === "." || first === "source") this.#source(rest[1], depth);
    else if (first === "eval") {
      this.#command({ words: rest.slice(1), isInBackground }, depth, outer);
    } else this.#program(rest, isInBackground, depth, outer);
  }

  #assign(word: string): void {
    const equals = word.indexOf("=");
    this.#shell.assign(word.slice(0, equals), word.slice(equals + 1));
  }

  #declare(words: readonly string[], how: string): void {
    const isExported = how === "export" ||
      words.some((word) => /^-\w*x/.test(word));
    for (const word of words.filter((each) => !each.startsWith("-"))) {
      const [name] = word.split("=");
      if (word.includes("=")) this.#assign(word);
      if (isExported) this.#exported.add(name);
    }
  }

  #source(file: string | undefined, depth: number): void {
    if (file === undefined || depth >= mostDepth) return;
    const text = textOf(this.#resolved(file));
    if (text !== null) this.read(text, depth + 1);
  }

  #program(
    words: readonly string[],
    isInBackground: boolean,
    depth: number,
    way: Way,
  ): void {
    const rest = unwrap(words, way);
    const [first = "", ...args] = rest;
    const name = baseName(first);
    const inner = innerText(name, args);
    if (inner !== null && depth < mostDepth) {
      if (name === "su" || name === "sudo") way.user ??= inner.user;
      for (const command of this.#shell.commands(inner.text)) {
        const isBehind = isInBackground || command.isInBackground;
        this.#command({ ...command, isInBackground: isBehind }, depth + 1, way);
      }
    } else if (name === "start-stop-daemon") {
      this.#command(
        { words: daemonWords(args, way), isInBackground },
        depth,
        way,
      );
    } else if (name === "daemon" || name === "daemonize") {
      const from = args.findIndex((word) => !word.startsWith("-"));
      if (from >= 0) {
        this.#command({ words: args.slice(from), isInBackground }, depth, way);
      }
    } else if (
      name === "splogger" || isPostern(first) && args[0] === "splogger"
    ) {
      const at = args.findIndex((word) => /^--socket/.test(word));
      const said = at < 0
        ? usualSocket
        : args[at].split("=")[1] ?? args[at + 1] ?? usualSocket;
      if (!args.includes("--stderr")) this.#sockets.add(said);
    } else if (name === "logger") this.#sockets.add(usualSocket);
    else this.#gate(first, args, isInBackground, way);
  }

  #gate(
    program: string,
    args: string[],
    isInBackground: boolean,
    way: Way,
  ): void {
    const isServe = isPostern(program) && args[0] === "serve";
    if (!isServe && baseName(program) !== "tcpserver") return;
    const env = new Map(
      [...this.#exported].map((
        name,
      ) => [name, this.#shell.variable(name) ?? ""]),
    );
    for (const [name, value] of way.env) env.set(name, value);
    for (const name of way.lookedUp) this.#lookedUp.add(name);
    for (const source of this.#shell.missed) {
      // Of positions there is nothing to be known; of ids there is more to say.
      if (/^\$(?:\{?[A-Za-z_]|\((?!id ))/.test(source)) {
        this.#unknown.add(source);
      }
    }
    this.#found.push(
      this.#scriptOf("shell", {
        program,
        calledAs: isServe ? "postern serve" : "tcpserver",
        args: isServe ? args.slice(1) : args,
        env,
        user: way.user,
        mayBind: way.mayBind,
        wrappers: way.wrappers,
        softLimits: [...this.#ulimits, ...ofWay(way)],
        isExecuted: way.isExecuted,
        isInBackground,
      }),
    );
  }

  #scriptOf(
    kind: Script["kind"],
    own: Pick<
      Script,
      | "program"
      | "calledAs"
      | "args"
      | "env"
      | "user"
      | "mayBind"
      | "wrappers"
      | "softLimits"
      | "isExecuted"
      | "isInBackground"
    >,
  ): Omit<Script, "syslogSockets"> {
    const limit = (each: SoftLimit["kind"]) =>
      own.softLimits.findLast(({ kind, written }) =>
        kind === each && !written.startsWith("softlimit -o")
      )?.value;
    const descriptors = limit("descriptors"), processes = limit("tasks");
    return {
      ...own,
      kind,
      path: this.path,
      text: this.text,
      cwd: this.#cwd,
      unknown: [...this.#unknown],
      lookedUp: [...this.#lookedUp].filter((name) => name !== ""),
      limits: {
        ...descriptors === undefined ? {} : { descriptors },
        ...processes === undefined ? {} : { processes },
      },
      unit: new Map(),
    };
  }

  /** An OpenRC script has its command in variables. */
  #openrc(): Omit<Script, "syslogSockets">[] {
    const command = this.#shell.variable("command");
    if (command === undefined || !/^#!.*openrc-run/.test(this.text)) return [];
    const said = this.#shell.variable("command_args") ?? "";
    const [words = []] = [...this.#shell.commands(`${command} ${said}`)]
      .map((each) => [...each.words]);
    const [program = "", ...args] = words;
    const isServe = args[0] === "serve";
    if (!isServe && baseName(program) !== "tcpserver") return [];
    const rc = this.#shell.variable("rc_ulimit");
    return [this.#scriptOf("openrc", {
      program,
      calledAs: isServe ? "postern serve" : "tcpserver",
      args: isServe ? args.slice(1) : args,
      env: new Map(
        [...this.#exported].map((
          name,
        ) => [name, this.#shell.variable(name) ?? ""]),
      ),
      user: this.#shell.variable("command_user")?.split(":")[0] ?? null,
      mayBind: false,
      wrappers: [],
      softLimits: rc === undefined ? [] : ofUlimit(["", ...rc.split(/\s+/)]),
      isExecuted: true,
      isInBackground: false,
    })];
  }

  #resolved(file: string): string {
    return file.startsWith("/") || this.#cwd === null
      ? file
      : `${this.#cwd}/${file}`;
  }
}

const isPostern = (program: string) => /^postern/.test(baseName(program));

/** What a shell is to read: `sh -c TEXT`, `su USER -c TEXT`. */
function innerText(
  name: string,
  args: readonly string[],
): { text: string; user: string | null } | null {
  if (![...shells, "su"].includes(name)) return null;
  const at = args.findIndex((word) =>
    /^-\w*c\w*$/.test(word) || word === "--command"
  );
  const text = args[at + 1];
  if (at < 0 || text === undefined) return null;
  const others = args.filter((word, i) =>
    !word.startsWith("-") && i !== at + 1
  );
  return { text, user: name === "su" ? others[0] ?? "root" : null };
}

/** The command of `start-stop-daemon --start --exec PATH -- ARGS`. */
function daemonWords(args: readonly string[], way: Way): string[] {
  const behind = args.indexOf("--");
  const valueOf = (...names: string[]) => {
    const at = args.findIndex((word) =>
      names.some((name) => word === name || word.startsWith(`${name}=`))
    );
    if (at < 0) return null;
    return args[at].includes("=")
      ? args[at].split("=")[1]
      : args[at + 1] ?? null;
  };
  way.user = valueOf("--chuid", "-c", "--user", "-u")?.split(":")[0] ??
    way.user;
  const program = valueOf("--startas", "-a", "--exec", "-x");
  const isStart = args.includes("--start") || args.includes("-S");
  if (program === null || !isStart) return [];
  return [program, ...behind < 0 ? [] : args.slice(behind + 1)];
}
