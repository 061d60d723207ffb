/**
 * A chain of programs, each of which runs the next one, on its way to becoming
 * one command line of postern's.
 *
 * @module
 */
import { accountOf, type Machine, usualGroup } from "./machine.ts";
import type { Remark } from "./remark.ts";
import type { Scope } from "./scope.ts";
import { literal, textWord, valueOf, type Word, written } from "./word.ts";

/** An option of serve or of smtpd. */
export interface Setting {
  readonly long: string;
  /** null where it takes none. */
  readonly value: Word | null;
  readonly line: number;
}

/** A program in front of smtpd. */
export interface Wrapper {
  /** Its name and arguments. */
  readonly words: readonly Word[];
  /** Whether it is one of postern's. */
  readonly isOurs: boolean;
}

/** What accepts connections, and what is done with each. */
export class Chain {
  /** Programs that are run before postern is: `nice -n 5`. */
  front: (readonly Word[])[] = [];
  env = new Map<string, Word>();
  unset = new Set<string>();
  /** Nothing is inherited (`env -i`). */
  isCleared = false;
  /** serve's; null where nothing accepts connections. */
  serve: Setting[] = [];
  /** HOST and PORT, once a gate was met. */
  place: { readonly host: Word; readonly port: Word } | null = null;
  wrappers: Wrapper[] = [];
  /** smtpd's; null where the end is another program. */
  smtpd: Setting[] | null = null;
  /** That other program and its arguments. */
  program: readonly Word[] = [];
  remarks: Remark[] = [];
  /** Of envuidgid, for -U. */
  account: Word | null = null;
  /** Only `exec` in front makes the shell go away. */
  isExecuted = false;
  /** TLS from the start is wanted, by these variables. */
  tls: { readonly line: number } | null = null;

  constructor(readonly scope: Scope, public line: number) {}

  get machine(): Machine {
    return this.scope.machine;
  }

  /** Whether HOST and PORT are already known: programs now serve a client. */
  get isBehind(): boolean {
    return this.place !== null;
  }

  /** As it is now, to come back to. */
  copy(): Chain {
    const copy = Object.assign(new Chain(this.scope, this.line), this);
    copy.front = [...this.front];
    copy.env = new Map(this.env);
    copy.unset = new Set(this.unset);
    copy.serve = [...this.serve];
    copy.wrappers = [...this.wrappers];
    copy.remarks = [...this.remarks];
    return copy;
  }

  remark(line: number, text: string, loses = false): void {
    this.remarks.push({ line, text, loses });
  }

  set(long: string, value: Word | null, line: number): void {
    this.serve.push({ long, value, line });
  }

  /** The last that was said of an option of serve. */
  said(long: string): Setting | undefined {
    return this.serve.findLast((each) => each.long === long);
  }

  /** Keeps a program as it is: in front of postern, or of smtpd. */
  keep(words: readonly Word[], why: string): void {
    const [{ line }] = words;
    const shown = words.map(written).join(" ");
    if (!this.isBehind) {
      this.front.push(words);
      return;
    }
    this.wrappers.push({ words, isOurs: false });
    this.remark(
      line,
      `${shown}: ${why}; it stays in front of smtpd, which is executed for ` +
        "each connection then, and not within the gate",
    );
  }

  /** A variable for all that comes. */
  variable(name: string, word: Word): void {
    this.env.set(name, word);
    this.unset.delete(name);
  }

  /** The value of a variable here; undefined where the script sets none. */
  valueOf(name: string): Word | undefined {
    const own = this.env.get(name);
    if (own !== undefined) return own;
    const { variables, exported } = this.scope;
    const found = exported.has(name) ? variables.get(name) : undefined;
    return found && { pieces: found.pieces, line: found.line };
  }

  /**
   * Runs as somebody.
   *
   * @param who USER, or with `mayHaveGroup` USER:GROUP
   */
  becomes(who: Word, mayHaveGroup = false): void {
    const { line } = who;
    const text = valueOf(who);
    const [user, group] = mayHaveGroup && text !== null
      ? text.split(":")
      : [text, undefined];
    const uid = user === text ? who : textWord(user!, line);
    this.set("uid", uid, line);
    this.set(
      "gid",
      group === undefined ? this.groupOf(uid) : textWord(group, line),
      line,
    );
  }

  /** The group of a user: postern wants to be told. */
  groupOf(user: Word): Word {
    const name = literal(user);
    const { line } = user;
    const account = name === null ? null : accountOf(this.machine, name);
    const source = `$(id -g ${written(user)})`;
    const value = account === null
      ? usualGroup(name ?? "")
      : String(account.gid);
    const from = account === null
      ? `the group that ${name} usually has`
      : `the group id of ${name}`;
    return {
      line,
      pieces: [{ type: "shell", source, value, from, isQuoted: true }],
    };
  }
}
