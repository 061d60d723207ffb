/**
 * The variables of a script, and what words come to with them.
 *
 * @module
 */
import type { CommandExpansionPart, Word as Node, WordPart } from "unbash";
import { idiom } from "./idioms.ts";
import { homeOf, type Machine } from "./machine.ts";
import { type Piece, valueOf, type Word } from "./word.ts";

export interface Variable {
  readonly pieces: readonly Piece[];
  readonly line: number;
  /** Only under a condition of the script. */
  readonly condition: string | null;
}

export class Scope {
  readonly variables = new Map<string, Variable>();
  readonly exported = new Set<string>();
  /** `unset`, or an empty file of an envdir. */
  readonly unset = new Set<string>();
  /** Variables whose values hold only under a condition, and were used. */
  readonly doubtful = new Map<string, Variable>();

  /** Where words came from that stand in no script. */
  readonly taken: string[] = [];
  /** What was taken for something that cannot be known here. */
  readonly guesses: string[] = [];

  constructor(readonly machine: Machine) {}

  /** A scope of its own for what another shell would run. */
  copy(): Scope {
    const copy = new Scope(this.machine);
    for (const [name, each] of this.variables) copy.variables.set(name, each);
    for (const name of this.exported) copy.exported.add(name);
    for (const name of this.unset) copy.unset.add(name);
    return copy;
  }

  assign(name: string, word: Word, condition: string | null = null): void {
    const { pieces, line } = word;
    this.variables.set(name, { pieces, line, condition });
    this.unset.delete(name);
  }

  /** One word, as in an assignment: nothing is split. */
  word(node: Node | undefined, line: number): Word {
    return {
      line,
      pieces: joined(
        node === undefined ? [] : this.#home(node, this.#pieces(node, true)),
      ),
    };
  }

  /** The words that a word of a command comes to. */
  expand(node: Node, line: number): Word[] {
    const words: Piece[][] = [[]];
    let hasSomething = false;
    for (const piece of this.#home(node, this.#pieces(node, false))) {
      if (
        piece.type === "text" || piece.isQuoted || piece.value === null ||
        !/\s/.test(piece.value) && piece.value !== ""
      ) {
        words.at(-1)!.push(piece);
        hasSomething = true;
        continue;
      }
      if (piece.from !== null) this.taken.push(piece.from);
      const fields = piece.value.trim().split(/\s+/).filter((each) => each);
      fields.forEach((text, i) => {
        if (i > 0) words.push([]);
        words.at(-1)!.push({ type: "text", text });
        hasSomething = true;
      });
    }
    if (!hasSomething) return [];
    return words.map((pieces) => ({ line, pieces: joined(pieces) }));
  }

  /** `~` and `~USER` at the beginning of a word. */
  #home({ text }: Node, pieces: Piece[]): Piece[] {
    const [tilde, user] = /^~([\w.-]*)(?=\/|$)/.exec(text) ?? [];
    const [first, ...others] = pieces;
    if (tilde === undefined || first?.type !== "text") return pieces;
    const rest: Piece = { type: "text", text: first.text.slice(tilde.length) };
    if (user === "") {
      return [...this.#variable("HOME", "$HOME", true), rest, ...others];
    }
    const known = homeOf(this.machine, user);
    if (known === null) {
      this.guesses.push(
        `${tilde}: ${user} has no account here; /home/${user} is a guess`,
      );
    }
    const home: Piece = { type: "text", text: known ?? `/home/${user}` };
    return [home, rest, ...others];
  }

  #pieces(node: Node, isQuoted: boolean): Piece[] {
    if (node.parts === undefined) {
      return [{ type: "text", text: node.value }];
    }
    return node.parts.flatMap((part) => this.#part(part, isQuoted));
  }

  #part(part: WordPart, isQuoted: boolean): Piece[] {
    switch (part.type) {
      case "Literal":
      case "SingleQuoted":
      case "AnsiCQuoted":
        return [{ type: "text", text: part.value }];
      case "DoubleQuoted":
      case "LocaleString": {
        // "$@" and "${NAME[@]}" are as many words as there are.
        if (/^"\$(?:@|\{@\}|\{\w+\[@\]\})"$/.test(part.text)) {
          return [unknown(part.text, false)];
        }
        const inner = part.parts.flatMap((each) => this.#part(each, true));
        return inner.length > 0 ? inner : [{ type: "text", text: "" }];
      }
      case "SimpleExpansion":
        return this.#variable(part.text.slice(1), part.text, isQuoted);
      case "ParameterExpansion": {
        const { parameter, operation, prefix } = part;
        if (prefix !== undefined) break;
        if (operation === undefined) {
          return this.#variable(parameter, part.text, isQuoted);
        }
        if (operation.type !== "Default") break;
        return this.#default(
          parameter,
          operation.operator,
          () => this.#pieces(operation.operand, isQuoted),
          part.text,
          isQuoted,
        );
      }
      case "CommandExpansion":
        return [this.#command(part, isQuoted)];
      case "Glob":
        return [{ type: "text", text: part.text }];
    }
    return [unknown(part.text, isQuoted)];
  }

  #variable(name: string, source: string, isQuoted: boolean): Piece[] {
    const found = this.variables.get(name);
    if (found === undefined) return [unknown(source, isQuoted)];
    if (found.condition !== null) this.doubtful.set(name, found);
    return found.pieces.map((piece): Piece =>
      piece.type === "shell"
        ? { ...piece, isQuoted }
        : isQuoted
        ? piece
        : /\s/.test(piece.text) || piece.text === ""
        ? {
          type: "shell",
          source,
          value: piece.text,
          from: null,
          isQuoted,
        }
        : piece
    );
  }

  #default(
    name: string,
    operator: string,
    operand: () => Piece[],
    source: string,
    isQuoted: boolean,
  ): Piece[] {
    const found = this.variables.get(name);
    const value = found && valueOf({ pieces: found.pieces, line: 0 });
    const counts = operator.startsWith(":") ? value !== "" : true;
    if (found !== undefined && value !== null && counts) {
      return operator.endsWith("+")
        ? operand()
        : this.#variable(name, source, isQuoted);
    }
    if (found !== undefined || operator.endsWith("+")) {
      return operator.endsWith("+") ? [] : operand();
    }
    if (operator.endsWith("?")) return [unknown(source, isQuoted)];
    const pieces = operand();
    const usual = valueOf({ pieces, line: 0 });
    if (operator.endsWith("=")) {
      this.assign(name, { pieces, line: 0 });
      return pieces;
    }
    return [{
      type: "shell",
      source,
      value: usual,
      from: `the default, where ${name} is not in the environment`,
      isQuoted,
    }];
  }

  #command(part: CommandExpansionPart, isQuoted: boolean): Piece {
    const script = part.script;
    const inner = script?.source ?? part.text.replace(/^`|`$/g, "")
      .replace(/^\$\(|\)$/g, "");
    const known = script === undefined ? null : idiom(script, this);
    if (known !== null) {
      return { type: "shell", ...known, isQuoted };
    }
    return unknown(`$(${this.inlined(inner.trim())})`, isQuoted);
  }

  /** A piece of script with the values of our variables in it. */
  inlined(source: string): string {
    return source.replace(
      /\$(?:\{(\w+)\}|([A-Za-z_]\w*))/g,
      (all, braced, plain) => {
        const found = this.variables.get(braced ?? plain);
        const value = found && valueOf({ pieces: found.pieces, line: 0 });
        return typeof value === "string" && /^[\w@%+=:,.\/-]+$/.test(value)
          ? value
          : all;
      },
    );
  }
}

const unknown = (source: string, isQuoted: boolean): Piece => ({
  type: "shell",
  source,
  value: null,
  from: null,
  isQuoted,
});

/** Neighbouring texts are one. */
function joined(pieces: readonly Piece[]): Piece[] {
  const all: Piece[] = [];
  for (const piece of pieces) {
    const last = all.at(-1);
    if (piece.type === "text" && last?.type === "text") {
      all[all.length - 1] = { type: "text", text: last.text + piece.text };
    } else all.push(piece);
  }
  return all;
}
