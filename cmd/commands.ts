/**
 * The subcommands: a row for each. Dispatch, the usage, `help SUB`, the classic
 * links, completion and the README's table are made of these.
 *
 * @module
 */
import type { Syntax } from "../lib/cli/command_line.ts";

/** What the module of a subcommand exports. */
export interface CommandModule {
  /** What there is to know of its arguments. */
  describe(): Syntax | Promise<Syntax>;
  /** @param calledAs `postern serve`, or a classic name */
  run(args: string[], calledAs: string): Promise<number>;
}

export interface Command {
  readonly name: string;
  /** Names of 1996, under which the executable is this command. */
  readonly classicNames: readonly string[];
  /** What it does, in a few words. */
  readonly summary: string;
  /** Whose name its complaints have, if not the one it was called by. */
  readonly speaksAs?: string;
  /** Whether it serves whoever is at descriptors 0 and 1. */
  readonly servesClient?: boolean;
  /** The import is a literal so that the compiler finds it, and loads late. */
  load(): Promise<CommandModule>;
}

export const commands: readonly Command[] = [
  {
    name: "serve",
    classicNames: ["tcpserver"],
    summary: "accept connections, apply limits and rules",
    // Log analysers know this name, and a start that fails is in the log.
    speaksAs: "tcpserver",
    load: () => import("./serve.ts"),
  },
  {
    name: "rules",
    classicNames: ["tcprules", "tcprulescheck"],
    summary: "compile, check and explain access rules",
    load: () => import("./rules.ts"),
  },
  {
    name: "smtpd",
    classicNames: ["qmail-smtpd"],
    summary: "speak SMTP, store a message before saying 250",
    servesClient: true,
    load: () => import("./smtpd.ts"),
  },
  {
    name: "splogger",
    classicNames: ["splogger"],
    summary: "carry log lines to syslog",
    load: () => import("./splogger.ts"),
  },
  {
    name: "rblsmtpd",
    classicNames: ["rblsmtpd"],
    summary: "keep clients that are listed from smtpd",
    speaksAs: "rblsmtpd",
    servesClient: true,
    load: () => import("./rblsmtpd.ts"),
  },
  {
    name: "recordio",
    classicNames: ["recordio"],
    summary: "log what a program says and hears",
    speaksAs: "recordio",
    servesClient: true,
    load: () => import("./recordio.ts"),
  },
  {
    name: "fixcrio",
    classicNames: ["fixcrio"],
    summary: "give lines the CR that they lack",
    speaksAs: "fixcrio",
    servesClient: true,
    load: () => import("./fixcrio.ts"),
  },
  {
    name: "trace",
    classicNames: [],
    summary: "tell what became of a message, by the mail log",
    load: () => import("./trace.ts"),
  },
  {
    name: "top",
    classicNames: [],
    summary: "show what a gate is doing now",
    load: () => import("./top.ts"),
  },
  {
    name: "queue",
    classicNames: [],
    summary: "set up a queue that machines share, and look after it",
    load: () => import("./queue.ts"),
  },
  {
    name: "drain",
    classicNames: [],
    summary: "deliver what is in a queue that machines share",
    load: () => import("./drain.ts"),
  },
  {
    name: "doctor",
    classicNames: [],
    summary: "say what is wrong here, and what to type",
    load: () => import("./doctor.ts"),
  },
  {
    name: "init-script",
    classicNames: [],
    summary: "print or install what starts a gate at boot",
    load: () => import("./init_script.ts"),
  },
  {
    name: "install-links",
    classicNames: [],
    summary: "make the classic names links to this executable",
    load: () => import("./install_links.ts"),
  },
  {
    name: "migrate",
    classicNames: [],
    summary: "make a postern line of an old run script",
    load: () => import("./migrate.ts"),
  },
  {
    name: "install",
    classicNames: [],
    summary: "put this executable in place, or take it away again",
    load: () => import("./install.ts"),
  },
  {
    name: "licenses",
    classicNames: [],
    summary: "print the licences of what this executable holds",
    load: () => import("./licenses.ts"),
  },
  {
    name: "completion",
    classicNames: [],
    summary: "print what completes these commands in a shell",
    load: () => import("./completion.ts"),
  },
];

export const classicNames: readonly string[] = commands.flatMap((command) =>
  command.classicNames
);
