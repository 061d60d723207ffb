/**
 * The commands of a shell's text, in the order in which they stand there: of
 * all branches, since nobody knows which would be taken, and of functions.
 * Nothing is run; words are what is known of them (lib/migrate/scope.ts).
 *
 * @module
 */
import { type Assignment, type Command as Node, parse } from "unbash";
import { Scope } from "../../migrate/scope.ts";
import { valueOf, type Word } from "../../migrate/word.ts";
import { namesIn, textOf } from "../words.ts";

export interface Command {
  /** Assignments in front among them. */
  readonly words: readonly string[];
  readonly isInBackground: boolean;
}

/** A text with the variables that it sets. */
export class ShellText {
  readonly #scope: Scope;
  /** Variables and the like in the last command whose value nobody knows. */
  #missed: string[] = [];
  /** What is wrong with the text, if anything. */
  readonly faults: string[] = [];

  /** @param resolve makes a path whole */
  constructor(readonly resolve: (path: string) => string) {
    this.#scope = new Scope({
      read: (path) => textOf(resolve(path)),
      list: (folder) => namesIn(resolve(folder)),
      bytes: () => null,
      hostName: () => Deno.hostname(),
    });
  }

  get missed(): readonly string[] {
    return this.#missed;
  }

  /** What a variable is now; undefined for one that is not set. */
  variable(name: string): string | undefined {
    const found = this.#scope.variables.get(name);
    return found && (valueOf({ pieces: found.pieces, line: 0 }) ?? "");
  }

  assign(name: string, text: string): void {
    this.#scope.assign(name, { pieces: [{ type: "text", text }], line: 0 });
  }

  /** One at a time, so that what one sets counts for the next. */
  *commands(text: string): Generator<Command> {
    const { commands, errors = [] } = parse(text);
    this.faults.push(...errors.map(({ message }) => message));
    for (const { node, isInBackground } of allNodes(commands)) {
      this.#missed = [];
      const words = [
        ...node.prefix.flatMap((each) =>
          each.type === "Assignment" ? [this.#assignment(each)] : []
        ),
        ...[node.name, ...node.args].flatMap((each) =>
          each === undefined
            ? []
            : each.type === "Word"
            ? this.#scope.expand(each, 0).flatMap((word) => this.#textOf(word))
            : [this.#assignment(each)]
        ),
      ];
      yield { words, isInBackground };
    }
  }

  #assignment({ name, value }: Assignment): string {
    const isText = value.type === "Word";
    const word = this.#scope.word(isText ? value : undefined, 0);
    return `${name}=${this.#textOf(word)[0] ?? ""}`;
  }

  /** What is not known is nothing. */
  #textOf({ pieces }: Word): string[] {
    const unknown = pieces.flatMap((piece) =>
      piece.type === "shell" && piece.value === null ? [piece] : []
    );
    this.#missed.push(...unknown.map(({ source }) => source));
    if (unknown.length === 0 || unknown.length < pieces.length) {
      return [
        pieces.map((piece) =>
          piece.type === "text" ? piece.text : piece.value ?? ""
        ).join(""),
      ];
    }
    // `"$@"` is no word where there is none.
    const isWord = unknown.some(({ isQuoted, source }) =>
      isQuoted && !/^\$\{?[@*]/.test(source)
    );
    return isWord ? [""] : [];
  }
}

interface Found {
  readonly node: Node;
  readonly isInBackground: boolean;
}

/** Functions come last: they are called when all variables are set. */
function* allNodes(commands: unknown): Generator<Found> {
  const functions: unknown[] = [];
  yield* nodesIn(commands, false, functions);
  // A function may have others in it.
  for (const body of functions) yield* nodesIn(body, false, functions);
}

/** Commands beneath a part of a parsed text, as they stand in it. */
function* nodesIn(
  part: unknown,
  isInBackground: boolean,
  functions: unknown[],
): Generator<Found> {
  if (Array.isArray(part)) {
    for (const each of part) yield* nodesIn(each, isInBackground, functions);
    return;
  }
  if (typeof part !== "object" || part === null) return;
  const node = part as { type?: string; background?: boolean };
  if (node.type === "Word") return; // nothing is run in it
  if (node.type === "Function") {
    functions.push((part as { body: unknown }).body);
    return;
  }
  const isBehind = isInBackground || node.background === true;
  if (node.type === "Command") {
    yield { node: part as Node, isInBackground: isBehind };
    return;
  }
  const inside = Object.values(part).filter((each) => typeof each === "object");
  for (const each of inside) yield* nodesIn(each, isBehind, functions);
}
