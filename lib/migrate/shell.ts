/**
 * A shell script, walked through without running it: the commands that it
 * would run, in their order, each with the variables of its moment.
 *
 * @module
 */
import {
  type Assignment,
  type Command,
  type CommandNode,
  type CompoundList,
  parse,
  type PipelineNode,
  type Redirection,
  type Statement,
} from "unbash";
import type { Job } from "./job.ts";
import { type Remark, Untranslatable } from "./remark.ts";
import type { Scope } from "./scope.ts";
import { killing, quiet, stays, telling } from "./shell_words.ts";
import {
  baseName,
  quoted,
  textWord,
  valueOf,
  type Word,
  written,
} from "./word.ts";

/** As deep as one file names another, or a function calls one. */
const deepest = 8;

export class Walk {
  readonly jobs: Job[] = [];
  /** Whether it does nothing that anybody notices beside its jobs. */
  isPlain = true;
  readonly remarks: Remark[] = [];
  readonly #functions = new Map<string, CompoundList>();
  #conditions: string[] = [];
  #folder: Word | null = null;
  /** `exec 2>&1`. */
  #redirects: string[] = [];
  #source = "";
  #firstLine = 1;
  #depth = 0;

  constructor(public scope: Scope) {}

  /** @throws Untranslatable where it is no script */
  script(source: string, firstLine = 1): void {
    const outer = { source: this.#source, line: this.#firstLine };
    this.#source = source;
    this.#firstLine = firstLine;
    const script = parse(source);
    const [wrong] = script.errors ?? [];
    if (wrong) {
      throw new Untranslatable(
        this.#lineAt(wrong.pos),
        `this is no shell script: ${wrong.message}`,
      );
    }
    this.#list(script.commands);
    this.#source = outer.source;
    this.#firstLine = outer.line;
  }

  #lineAt(pos: number): number {
    let line = this.#firstLine;
    for (let at = this.#source.indexOf("\n"); at >= 0 && at < pos;) {
      line++;
      at = this.#source.indexOf("\n", at + 1);
    }
    return line;
  }

  #remark(line: number, text: string, loses = false): void {
    this.remarks.push({ line, text, loses });
  }

  #list(statements: readonly Statement[], isBackground = false): void {
    for (const { command, background } of statements) {
      this.#node(command, background ?? isBackground);
    }
  }

  #when(condition: string, act: () => void): void {
    this.#conditions.push(condition);
    act();
    this.#conditions.pop();
  }

  get #condition(): string | null {
    return this.#conditions.join(", ") || null;
  }

  #textOf({ pos, end }: { pos: number; end: number }): string {
    const text = this.#source.slice(pos, end).replace(/\s+/g, " ").trim();
    return text.length > 60 ? `${text.slice(0, 57)}...` : text;
  }

  #node(
    node: PipelineNode | Statement["command"],
    isBackground: boolean,
    redirects: readonly string[] = [],
  ): void {
    switch (node.type) {
      case "Pipeline":
        return this.#pipeline(node.commands, isBackground);
      case "AndOr": {
        this.#node(node.commands[0], isBackground);
        node.commands.slice(1).forEach((each, i) => {
          const word = node.operators[i] === "&&" ? "if" : "unless";
          const before = this.#textOf(node.commands[i]);
          this.#when(`${word} ${before}`, () => this.#node(each, isBackground));
        });
        return;
      }
      case "Redirected":
        return this.#node(
          node.command,
          isBackground,
          this.#written(node.redirects),
        );
      case "If": {
        const clause = this.#textOf(node.clause);
        this.#when(`if ${clause}`, () => this.#list(node.then.commands));
        for (const each of node.elif) {
          const also = `if ${this.#textOf(each.clause)}`;
          this.#when(also, () => this.#list(each.then.commands));
        }
        if (node.else !== undefined) {
          const { commands } = node.else;
          this.#when(`unless ${clause}`, () => this.#list(commands));
        }
        return;
      }
      case "Case": {
        for (const { pattern, body } of node.items) {
          const names = pattern.map(({ text }) => text).join("|");
          this.#when(
            `${node.word.text} is ${names}`,
            () => this.#list(body.commands),
          );
        }
        return;
      }
      case "For":
      case "Select":
        return this.#when(
          `for each ${node.name.text} of ${
            (node.wordlist ?? []).map(({ text }) => text).join(" ")
          }`,
          () => this.#list(node.body.commands),
        );
      case "While":
        return this.#when(
          `${node.kind} ${this.#textOf(node.clause)}`,
          () => this.#list(node.body.commands),
        );
      case "ArithmeticFor":
        return this.#list(node.body.commands);
      case "Subshell":
      case "BraceGroup": {
        const outer = {
          redirects: this.#redirects,
          folder: this.#folder,
          scope: this.scope,
        };
        this.#redirects = [...outer.redirects, ...redirects];
        if (node.type === "Subshell") this.scope = outer.scope.copy();
        this.#list(node.body.commands, isBackground);
        if (node.type === "Subshell" || redirects.length > 0) {
          this.#redirects = outer.redirects;
        }
        if (node.type === "Subshell") {
          this.#folder = outer.folder;
          this.scope = outer.scope;
        }
        return;
      }
      case "Function":
        if ("body" in node.body && node.body.type === "BraceGroup") {
          this.#functions.set(node.name.value, node.body.body);
        }
        return;
      case "Command":
        return this.#command(node, [], isBackground);
    }
  }

  /** The first command is what matters; what it is piped into is its log. */
  #pipeline(commands: readonly CommandNode[], isBackground: boolean): void {
    const [first, ...rest] = commands;
    const into = rest.map((each) => {
      if (each.type !== "Command") return this.#textOf(each);
      const words = this.#words(each);
      return each.redirects.length === 0
        ? words
        : [...words.map(written), ...this.#written(each.redirects)].join(" ");
    });
    if (first.type === "Command") {
      return this.#command(first, into, isBackground);
    }
    const before = this.jobs.length;
    this.#node(first, isBackground);
    for (let at = before; at < this.jobs.length; at++) {
      const job = this.jobs[at];
      this.jobs[at] = { ...job, pipedInto: [...job.pipedInto, ...into] };
    }
  }

  #words({ name, args }: Command): Word[] {
    const nodes = name === undefined ? [] : [name, ...args];
    return nodes.flatMap((node) => {
      const line = this.#lineAt(node.pos);
      return node.type === "Word"
        ? this.scope.expand(node, line)
        : [textWord(node.text, line)];
    });
  }

  #assign(node: Assignment, scope: Scope): void {
    if (node.value.type !== "Word") return;
    const line = this.#lineAt(node.pos);
    const word = this.scope.word(node.value, line);
    const before = scope.variables.get(node.name);
    const pieces = node.append && before
      ? [...before.pieces, ...word.pieces]
      : word.pieces;
    if (!this.#isWhereEmpty(node.name)) {
      return scope.assign(node.name, { pieces, line }, this.#condition);
    }
    // As ${NAME:-VALUE} has it.
    const value = valueOf({ pieces, line });
    const was = before && valueOf({ pieces: before.pieces, line });
    if (was) return;
    if (before || value === null) return scope.assign(node.name, word);
    const source = `\${${node.name}:-${quoted(value)}}`;
    const from = `the default, where ${node.name} is not in the environment`;
    const piece = {
      type: "shell" as const,
      source,
      value,
      from,
      isQuoted: true,
    };
    scope.assign(node.name, { pieces: [piece], line });
  }

  /** Whether a variable is set only where it has no value yet. */
  #isWhereEmpty(name: string): boolean {
    const [condition, ...others] = this.#conditions;
    return others.length === 0 &&
      new RegExp(`^if \\[ -z "?\\$\\{?${name}\\}?"? \\]$`).test(
        condition ?? "",
      );
  }

  #command(
    node: Command,
    pipedInto: Job["pipedInto"],
    isBackground: boolean,
  ): void {
    const line = this.#lineAt(node.pos);
    const assignments = node.prefix.filter((each) =>
      each.type === "Assignment"
    );
    const words = this.#words(node);
    const redirects = this.#written(node.redirects);
    if (words.length === 0) {
      for (const each of assignments) this.#assign(each, this.scope);
      return;
    }
    const name = baseName(words[0]);
    if (name === "exec" && words.length === 1) {
      this.#redirects.push(...redirects);
      return;
    }
    if (name !== null && this.#builtIn(name, node, words, line)) return;
    const scope = this.scope.copy();
    scope.taken.push(...this.scope.taken.splice(0));
    scope.guesses.push(...this.scope.guesses.splice(0));
    for (const [each, found] of this.scope.doubtful) {
      scope.doubtful.set(each, found);
    }
    this.scope.doubtful.clear();
    for (const each of assignments) {
      this.#assign(each, scope);
      scope.exported.add(each.name);
    }
    this.jobs.push({
      words,
      line,
      scope,
      redirects: [...this.#redirects, ...redirects],
      pipedInto,
      isBackground,
      condition: this.#condition,
      folder: this.#folder,
    });
  }

  /** What the shell does itself. */
  #builtIn(name: string, node: Command, words: Word[], line: number): boolean {
    switch (name) {
      case "export":
      case "readonly":
        for (const each of node.args) {
          if (each.type === "Assignment") this.#assign(each, this.scope);
          const variable = each.type === "Assignment" ? each.name : each.value;
          if (name === "export") this.scope.exported.add(variable);
        }
        return true;
      case "unset":
        for (const word of words.slice(1)) {
          const variable = valueOf(word);
          if (variable === null) continue;
          this.scope.variables.delete(variable);
          this.scope.unset.add(variable);
        }
        return true;
      case "cd":
        this.#folder = words[1] ?? null;
        return true;
      case "setenv": // csh's
        if (words[1] !== undefined && valueOf(words[1]) !== null) {
          const variable = valueOf(words[1])!;
          this.scope.assign(variable, words[2] ?? textWord("", line));
          this.scope.exported.add(variable);
        }
        return true;
      case "set": // of csh: set NAME = VALUE
        if (words.length === 4 && valueOf(words[2]) === "=") {
          this.scope.assign(valueOf(words[1]) ?? "", words[3]);
        }
        return true;
      case "umask":
      case "read":
        if (name === "read") this.isPlain = false;
        this.#remark(line, stays(words));
        return true;
      case "ulimit":
      case "limit": // csh's
        if (killing.test(words.slice(1).map(written).join(" "))) {
          this.#remark(
            line,
            `${words.map(written).join(" ")}: take it out, since it would ` +
              "end the runtime of the one process that serves all",
            true,
          );
        } else this.#remark(line, stays(words));
        return true;
      case ".":
      case "source":
        this.#included(words[1], line);
        return true;
    }
    const body = this.#functions.get(name);
    if (body !== undefined && this.#depth < deepest) {
      this.#depth++;
      words.slice(1).forEach((word, i) =>
        this.scope.assign(String(i + 1), word)
      );
      this.#list(body.commands);
      this.#depth--;
      return true;
    }
    if (telling.has(name)) this.isPlain = false;
    return quiet.has(name);
  }

  #included(word: Word | undefined, line: number): void {
    const path = word === undefined ? null : valueOf(word);
    const text = path === null ? null : this.scope.machine.read(path);
    if (text === null) {
      this.#remark(
        line,
        `${
          word === undefined ? "what is included" : written(word)
        } cannot be ` +
          "read here: what it sets is not in the line",
        true,
      );
      return;
    }
    if (this.#depth >= deepest) return;
    this.#depth++;
    // Its lines are not those of the script.
    const walk = new Walk(this.scope);
    try {
      walk.script(text);
    } catch (error) {
      if (!(error instanceof Untranslatable)) throw error;
      this.#remark(line, `${path}: ${error.message}`, true);
    }
    for (const { line: at, ...remark } of walk.remarks) {
      this.remarks.push({
        ...remark,
        line,
        text: `${path}:${at}: ${remark.text}`,
      });
    }
    this.#remark(line, `${path} was read for what it sets, as it is now`);
    this.jobs.push(...walk.jobs.map((job) => ({ ...job, line })));
    this.#depth--;
  }

  #written(redirects: readonly Redirection[]): string[] {
    return redirects.map((each) => {
      if (each.type === "HereDoc") return this.#textOf(each);
      const fd = each.descriptor?.type === "FileDescriptor"
        ? each.descriptor.value
        : "";
      const target = each.target === undefined
        ? ""
        : written(this.scope.word(each.target, 0));
      const space = each.operator.endsWith("&") ? "" : " ";
      return `${fd}${each.operator}${space}${target}`;
    });
  }
}

/** `NAME=VALUE`, for a line. */
export const assignment = (name: string, word: Word): string => {
  const text = written(word);
  return /^["']/.test(text) || text === ""
    ? `${name}=${text}`
    : quoted(name) + "=" + text;
};
